"""The options that choose a window, and the export they mean; checked like a DAG run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from promo_reports.cli.failures import usage_error
from promo_reports.cli.windows import local, moment
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.run_export import Run, scheduled_export


@dataclass(frozen=True)
class WindowOptions:
    """The options as given; without any, the latest window of a recurring report or the dates of a one-time report."""

    start: str | None = None
    end: str | None = None
    as_of: str | None = None
    latest: bool = False


def export_for(definition: Definition, chosen: WindowOptions, now: datetime) -> Export:
    """Return the export of the options; `InvalidInput` for a window that is too long, has not ended or does not fit.

    It belongs to no Airflow run: the manifest has the report's id as DAG id and a run id that starts with `cli__`.
    """
    _check_combination(definition, chosen)
    zone = definition.zone
    run = Run(definition.id, f"cli__{now.isoformat()}__{secrets.token_hex(4)}", now)
    if chosen.as_of is not None:
        at = moment("--as-of", chosen.as_of, zone)
        if at > now:
            raise usage_error("--as-of", f"{local(at, zone)} is in the future")
        return Export(definition, None, at, run.dag_id, run.run_id)
    if chosen.start is None or chosen.end is None:
        return scheduled_export(definition, run)
    start, end = moment("--start", chosen.start, zone), moment("--end", chosen.end, zone)
    if start >= end:
        raise usage_error(
            "--end", f"{local(end, zone)} is not after --start, {local(start, zone)}; the end is excluded"
        )
    return scheduled_export(definition, replace(run, interval_start=start, interval_end=end))


def _check_combination(definition: Definition, chosen: WindowOptions) -> None:
    given = {"--start": chosen.start, "--end": chosen.end, "--as-of": chosen.as_of, "--window": chosen.latest or None}
    options = [name for name, value in given.items() if value is not None]
    rule, title = definition.report_type.date_range, definition.report_type.title
    if "--start" in options or "--end" in options:
        if missing := [name for name in ("--start", "--end") if name not in options]:
            raise usage_error(missing[0], "is missing: a window needs --start and --end")
        if rule is DateRangeRule.NONE:
            raise usage_error("--start", f"{title} is a snapshot and covers no window; give --as-of instead")
    if "--as-of" in options and rule is DateRangeRule.REQUIRED:
        raise usage_error("--as-of", f"{title} covers a window; give --start and --end instead")
    if len(set(options) - {"--end"}) > 1:
        raise usage_error(options[-1], f"cannot be given together with {options[0]}")
    if chosen.latest and definition.schedule is None:
        raise usage_error("--window", f"{definition.id!r} is a one-time report; leave the option out for its own dates")
