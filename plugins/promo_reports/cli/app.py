"""The commands and their options; `commands/` has one module for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promo_reports.cli import options
from promo_reports.cli.console import notes, results, spinner
from promo_reports.cli.failures import Commands, usage_error

if TYPE_CHECKING:
    from promo_reports.cli.project import Project
    from promo_reports.cli.window_options import WindowOptions
    from promo_reports.pipeline.databases.source import Source
    from promo_reports.pipeline.export import Export

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: [bold]promo-reports init DIR[/], then [bold]promo-reports validate[/] in it. More: docs/cli.md",
)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    home: options.Home = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Check, try out and export promotion reports, without a running Airflow.

    Exit status: 0 done, 1 a mistake to correct, 2 a fault that may pass.
    """
    context.obj = home
    if version:
        from importlib.metadata import version as installed

        results().print(f"promo-reports {installed('promo-reports')}")
    elif context.invoked_subcommand is None:
        results().print(context.get_help())


@app.command(epilog="Example: [bold]promo-reports init promo[/]")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The project to be; made if it is missing.")],
    *,
    add: Annotated[
        bool, typer.Option("--add", help="Add what a directory that is not empty lacks; no file is replaced.")
    ] = False,
) -> None:
    """Make a project: report types, SQL, an account, one definition, a check for CI, the DAG files.

    With --add, a project gets the report types of a newer version.
    """
    from promo_reports.cli.commands.new_project import make_project, print_made

    print_made(directory, make_project(directory, add=add), results())


@app.command(epilog="Example: [bold]promo-reports validate reports/wallet_summary_weekly.yaml[/]")
def validate(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...", help="Definitions, report types, SQL templates, or directories; everything if absent."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION", help="Name the days that no window covers, of each schedule changed since in git."
        ),
    ] = None,
) -> None:
    """Check report types, their SQL, the account and all definitions; name every mistake with its line."""
    from promo_reports.cli.commands.schedule_changes import schedule_changes
    from promo_reports.cli.commands.validation import Validation

    project = _project(context)
    validation = Validation(project)
    if paths:
        validation.files(paths)
    else:
        validation.project()
    if not validation.problems:
        results().print(f"{validation.checked}: all valid")
        for change in schedule_changes(project, since) if since is not None else ():
            results().print(change)
        return
    console = notes()
    for problem in validation.problems:
        console.print(problem)
    count = len(validation.problems)
    console.print(f"\n{count} problem{'s' if count > 1 else ''} in {validation.checked}", style="bold red")
    raise typer.Exit(1)


@app.command(epilog="Example: [bold]promo-reports doctor --database postgresql://promo_exports:...@db:5432/promo[/]")
def doctor(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Argument(metavar="[URL]", help="The promo database, where no Airflow connection says it."),
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Check the promo database alone: tables, privileges, types, indexes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list, for scripts.")] = False,
) -> None:
    """Check that this installation can make and deliver reports; each thing that is missing is one sentence.

    Nothing is changed. Exit status: 0 nothing is wrong, 1 there are problems.
    """
    from promo_reports.cli.check_results import print_json, print_table
    from promo_reports.cli.commands.doctor import results_of

    found = results_of(context.obj, url, only_database=database)
    if not (print_json if as_json else print_table)(found, results()):
        raise typer.Exit(1)


@app.command("check-destination", epilog="Example: [bold]promo-reports check-destination amazon_s3:bi-exports[/]")
def check_destination(
    context: typer.Context,
    destination_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="download, or partner:bucket, or a bucket's name; all are listed if it is absent."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list, for scripts.")] = False,
) -> None:
    """Write, read, replace, list and delete a probe at a destination, as this host sees it.

    What is wrong is one sentence; what was written is deleted again. Exit status: 0 nothing is wrong, 1 something is.
    """
    from promo_reports.cli.check_results import print_json, print_table
    from promo_reports.cli.commands.check_destination import check_of, print_destinations, run

    project = _project(context)
    if destination_id is None:
        print_destinations(project, results())
        return
    check, passed = check_of(project, destination_id), False
    try:
        run(check)
    finally:  # what is known of an interrupted check is told, too
        passed = (print_json if as_json else print_table)(check.results, results())
    if not passed:
        raise typer.Exit(1)


@app.command(epilog="Example: [bold]promo-reports verify s3://bi-exports/promo-reports --connection bi_exports_s3[/]")
def verify(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A manifest, the folder of an export, or a prefix of several.")
    ],
    connection: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The Airflow connection of the bucket; its library's own credentials if absent."
        ),
    ] = None,
) -> None:
    """Compare what was delivered with its manifests; each difference is one sentence.

    Every file is read, and compared by size and hash. Exit status: 0 no difference, 1 some, 2 it could not be read now.
    """
    from promo_reports.cli.commands.verify import print_verified, verified

    if not print_verified(verified(address, connection), results()):
        raise typer.Exit(1)


@app.command("list", epilog="Example: [bold]promo-reports list --json | jq '.[].id'[/]")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list, for scripts.")] = False,
) -> None:
    """List what is registered, its status and its next delivery."""
    from promo_reports.cli.commands.listing import listed, print_json, print_table

    (print_json if as_json else print_table)(listed(_project(context)), results())


@app.command(epilog="Example: [bold]promo-reports preview wallet_summary_weekly --start 2026-11-02 --end 2026-11-09[/]")
def preview(
    context: typer.Context,
    *,
    report: options.Report,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="How many rows to show.")] = 20,
    start: options.Start = None,
    end: options.End = None,
    as_of: options.AsOf = None,
    csv: Annotated[bool, typer.Option("--csv", help="The first lines of the file, as an export writes them.")] = False,
    database: options.Database = None,
) -> None:
    """Show the first rows of a report, its row count, the file that it becomes, and its totals.

    Without dates, a recurring report shows its latest window and a one-time report its own dates.
    """
    import sys

    from promo_reports.cli.commands.preview import print_facts, print_rows
    from promo_reports.cli.past_exports import past_exports
    from promo_reports.cli.window_options import WindowOptions
    from promo_reports.domain.estimate import estimate
    from promo_reports.pipeline.preview import preview as take

    project = _project(context)
    export, source = _export(project, report, WindowOptions(start, end, as_of), database)
    with spinner("Counting"):
        taken = take(export, source, project.settings, rows)
    past = past_exports(project.settings.downloads, export.definition.report_type)
    expected = estimate(
        [each.format for each in export.definition.shapes],
        taken.counted.totals.rows,
        project.settings.rows_per_file,
        past,
    )
    print_facts(taken, expected, notes() if csv else results())
    if csv:
        sys.stdout.buffer.writelines(taken.lines())
        sys.stdout.flush()
    else:
        print_rows(taken, results())


@app.command(epilog="Example: [bold]promo-reports export wallet_summary_weekly --to /tmp/exports[/]")
def export(
    context: typer.Context,
    *,
    report: options.Report,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Laid out as the download area is; made if it is missing.")],
    start: options.Start = None,
    end: options.End = None,
    as_of: options.AsOf = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="LATEST", help="LATEST: the last window of a recurring report that is due, the default."),
    ] = None,
    database: options.Database = None,
) -> None:
    """Make, verify and publish an export into a directory, as a run would.

    Without dates, a recurring report exports its latest window and a one-time report its own dates.
    """
    from promo_reports.cli.commands.export import export_to, print_exported
    from promo_reports.cli.window_options import WindowOptions

    if window is not None and window.upper() != "LATEST":
        raise usage_error("--window", f"must be LATEST, not {window!r}; other windows are given by --start and --end")
    project = _project(context)
    made, source = _export(project, report, WindowOptions(start, end, as_of, latest=window is not None), database)
    print_exported(export_to(to, made, source, project.settings), results())


@app.command(
    "backfill-plan",
    epilog="Example: [bold]promo-reports backfill-plan wallet_summary_weekly --from 2026-10-01 --to 2026-10-31[/]",
)
def backfill_plan(
    context: typer.Context,
    report_id: options.ReportId,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first window starts on or after this day.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last window starts on or before this day.")],
) -> None:
    """Show the windows that Airflow's backfill would make, and the command to run."""
    from promo_reports.cli.commands.backfill import plan, print_plan

    project = _project(context)
    print_plan(plan(project.registered(report_id), first, last, project.now), results())


@app.command(epilog="Example: [bold]promo-reports stop wallet_summary_weekly --by growth@example.com[/]")
def stop(context: typer.Context, report_id: options.ReportId, by: options.By = None) -> None:
    """Stop a recurring report: no further run starts, open runs finish, history stays."""
    from promo_reports.cli.commands import lifecycle

    lifecycle.stop(_project(context), report_id, lifecycle.acting_user(by), results())


@app.command(epilog="Example: [bold]promo-reports resume wallet_summary_weekly[/]")
def resume(context: typer.Context, report_id: options.ReportId, by: options.By = None) -> None:
    """Deliver a stopped report again, from now on."""
    from promo_reports.cli.commands import lifecycle

    lifecycle.resume(_project(context), report_id, lifecycle.acting_user(by), results())


@app.command(epilog="Example: [bold]promo-reports delete daily_cashback-1a2b3c4d[/]")
def delete(context: typer.Context, report_id: options.ReportId, by: options.By = None) -> None:
    """Delete a report of the store of created reports: stopped for ever, its exports stay."""
    from promo_reports.cli.commands import lifecycle

    lifecycle.delete(_project(context), report_id, lifecycle.acting_user(by), results())


@app.command(epilog="Example: [bold]PROMO_REPORTS_DATA_DIR=/var/lib/promo-reports promo-reports prepare[/]")
def prepare(context: typer.Context) -> None:
    """Make the store, the staging area and the download area: a step of deployment."""
    from promo_reports.cli.commands.deployment import prepare as prepare_areas
    from promo_reports.cli.project import settings_of

    prepare_areas(settings_of(context.obj), results())


@app.command(epilog="Example: [bold]promo-reports schema --to docs/schemas[/]")
def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="definition (where absent) or report_type."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write all schemas into a directory instead."),
    ] = None,
) -> None:
    """Print the JSON Schema of definitions or report types, for editors."""
    from promo_reports.cli.commands.deployment import schemas

    schemas(name, to, results())


def _project(context: typer.Context) -> Project:
    from promo_reports.cli.project import open_project

    return open_project(context.obj)


def _export(project: Project, report: str, chosen: WindowOptions, database: str | None) -> tuple[Export, Source]:
    from promo_reports.cli.database import keyed, source_for
    from promo_reports.cli.window_options import export_for

    export = keyed(export_for(project.definition(report), chosen, project.now))
    return export, source_for(export.definition.report_type.connection, database)
