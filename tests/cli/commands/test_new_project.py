"""`promo-reports init`: the project it makes is valid and can be previewed, and nothing that is there is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from devstack.databases import PromoDatabase
from promo_reports.cli import project as cli_project
from promo_reports.cli.app import app
from tests.support.shell import NOW, PROJECT

Command = Callable[..., Result]
DEFINITION = Path("reports/wallet_transactions_past_week.yaml")
LEFT = "left as it is, and differs from what this version ships"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in an empty directory, with no setting in its environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_project, "_now", lambda: NOW)
    for name in [name for name in os.environ if name.startswith(("PROMO_REPORTS_", "AIRFLOW_CONN_"))]:
        monkeypatch.delenv(name)

    def run(*words: str | Path, **environment: str) -> Result:
        return CliRunner().invoke(app, [*map(str, words)], env=environment, prog_name="promo-reports")

    return run


def made(command: Command, directory: Path, *words: str) -> list[str]:
    result = command("init", directory, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.split("\n\n")[0].splitlines()


def files(directory: Path) -> set[Path]:
    return {each.relative_to(directory) for each in directory.rglob("*") if each.is_file()}


@pytest.mark.parametrize("name", ["promo", "a/new place", "./promo-reports", "\N{LATIN SMALL LETTER U WITH DIAERESIS}"])
def test_a_new_project_is_valid_and_is_previewed(
    command: Command, database: PromoDatabase, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = Path(name)
    assert {Path(line) for line in made(command, home)} == {home / each for each in files(home)}
    monkeypatch.chdir(home)
    validated = command("validate")
    assert (validated.exit_code, validated.stdout) == (0, "1 definition, 7 report types: all valid\n")
    assert command("validate", DEFINITION, "report_types", "include/account.yaml").exit_code == 0
    known = {"AIRFLOW_CONN_PROMO_DB": database.reader_url, "AIRFLOW_HOME": str(Path.cwd())}
    for arguments, environment in ((("--database", database.reader_url), {}), ((), known)):
        shown = command("preview", DEFINITION.stem, *arguments, **environment)
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert "Rows    4\n" in shown.stdout


def test_it_has_all_that_a_checkout_has_and_nothing_of_the_demo(command: Command) -> None:
    made(command, Path("promo"))
    for here, there in (("report_types", "report_types"), ("include/sql", "include/sql"), ("docs/schemas", "schemas")):
        shipped = files(PROJECT / here)
        assert shipped == files(Path("promo") / there)
        assert shipped
        for each in shipped:
            assert (PROJECT / here / each).read_bytes() == (Path("promo") / there / each).read_bytes()
    for name in (*files(Path("promo/include")), *files(Path("promo/reports"))):
        found = next(each for each in (Path("promo/include") / name, Path("promo/reports") / name) if each.exists())
        assert "bi-exports" not in found.read_text()


def test_what_the_comments_show_is_valid(command: Command) -> None:
    """The bucket of the account's comments, and the recurring report of the definition's."""
    made(command, Path("promo"))
    for path, begins in (
        (Path("promo/include/account.yaml"), "partner_exports:"),
        (Path("promo") / DEFINITION, "frequency:"),
    ):
        live, _, comments = path.read_text().partition(f"# {begins}")
        shown = "".join(line.removeprefix("# ") for line in f"# {begins}{comments}".splitlines(keepends=True))
        if path.name == DEFINITION.name:
            live = live.partition("frequency:")[0]
        path.write_text(live + shown)
    validated = command("--home", "promo", "validate")
    assert (validated.exit_code, validated.stderr) == (0, "")
    assert command("--home", "promo", "list", "--json").stdout.count('"frequency": "daily"') == 1


def test_a_directory_that_is_not_empty_is_left_alone(command: Command) -> None:
    Path("promo").mkdir()
    (Path("promo") / "README.md").write_text("mine")
    refused = command("init", "promo")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "error: DIR: promo is not empty; with --add, the files that it lacks are added" in refused.stderr
    assert files(Path("promo")) == {Path("README.md")}


def test_a_new_repository_counts_as_empty(command: Command) -> None:
    Path(".git").mkdir()
    result = command("init", ".")
    assert result.exit_code == 0
    assert "cd " not in result.stdout
    assert command("validate").exit_code == 0


def test_an_upgrade_adds_what_is_new_and_names_what_differs(command: Command) -> None:
    home = Path("promo")
    made(command, home)
    before = {name: (home / name).read_bytes() for name in files(home)}
    changed, missing = Path("include/sql/wallet_summary.sql"), Path("report_types/user_errors.yaml")
    (home / changed).write_text("-- ours")
    (home / missing).unlink()
    (home / DEFINITION).rename(home / "reports" / "ours.yaml")
    assert made(command, home, "--add") == [
        f"{home / missing}",
        f"{home / changed}: {LEFT}",
    ]
    assert (home / missing).read_bytes() == before[missing]
    assert (home / changed).read_text() == "-- ours"
    assert not (home / DEFINITION).exists(), "no report is made that nobody asked for"
    assert made(command, home, "--add") == [f"{home / changed}: {LEFT}"]


@pytest.mark.parametrize("link", ["include", "dags", ".github"])
def test_nothing_is_written_through_a_link(command: Command, tmp_path: Path, link: str) -> None:
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "promo"
    elsewhere.mkdir()
    home.mkdir()
    (home / link).symlink_to(elsewhere)
    refused = command("init", home, "--add")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{home / link} is a symbolic link: nothing is written through it" in refused.stderr
    assert not list(elsewhere.iterdir())


def test_a_link_in_the_place_of_a_file_stays(command: Command, tmp_path: Path) -> None:
    home, target = tmp_path / "promo", tmp_path / "not made yet"
    home.mkdir()
    (home / "README.md").symlink_to(target)
    assert f"{home}/README.md: {LEFT}" in made(command, home, "--add")
    assert (home / "README.md").is_symlink()
    assert not target.exists()


@pytest.mark.parametrize(
    ("place", "directory", "message"),
    [
        ("promo", "promo", "promo is no directory"),
        ("promo", "promo/below", "promo/below: Not a directory"),
        ("promo/include", "promo", "promo/include is in the way: it must be a directory"),
    ],
)
def test_a_file_in_the_place_of_a_directory(command: Command, place: str, directory: str, message: str) -> None:
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).write_text("in the way")
    refused = command("init", directory, "--add")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"error: DIR: {message}" in refused.stderr
    assert Path(place).read_text() == "in the way"


def test_a_full_disk_is_told_and_gone_on_from(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", **more: object) -> object:
        if path.name == "wallet_summary.sql" and mode == "xb":
            raise OSError(28, "No space left on device", str(path))
        return opened(path, mode, **more)  # type: ignore[call-overload]

    with monkeypatch.context() as disk:
        disk.setattr(Path, "open", full)
        refused = command("init", "promo")
    assert refused.exit_code == 1
    assert (
        "promo/include/sql/wallet_summary.sql: No space left on device. Run it again with --add to go on"
        in refused.stderr
    )
    made(command, Path("promo"), "--add")
    assert command("--home", "promo", "validate").exit_code == 0


def test_it_keeps_to_the_umask(command: Command) -> None:
    before = os.umask(0o077)
    try:
        made(command, Path("promo"))
    finally:
        os.umask(before)
    assert {each.stat().st_mode & 0o077 for each in Path("promo").rglob("*")} == {0}
    assert command("--home", "promo", "validate").exit_code == 0
