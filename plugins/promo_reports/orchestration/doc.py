"""A DAG's `doc_md`: the report's configuration in the product's words, for whoever opens the DAG."""

from __future__ import annotations

from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule, ReportType
from promo_reports.domain.window import DateRange, DayRange, Preset


def definition_doc(definition: Definition) -> str:
    """What a definition exports, when and where to."""
    report_type = definition.report_type
    values = [(each.title, definition.filters.get(each.name)) for each in report_type.filters]
    rows = [
        ("Status", f"Stopped since {definition.stopped_since.isoformat()}" if definition.stopped_since else ""),
        ("Report type", f"{report_type.title} ({report_type.promotion_type.label})"),
        *((title, ", ".join(chosen) if chosen else "all") for title, chosen in values),
        ("Date range", _date_range_text(definition.date_range) if definition.date_range else ""),
        ("Frequency", definition.schedule.in_words if definition.schedule else "One time"),
        ("Timezone", definition.timezone),
        ("Delivery", ", ".join(str(destination) for destination in definition.destinations)),
        ("Owner", definition.owner),
        ("Definition", f"`{definition.source}` ({definition.sha256[:12]})"),
    ]
    return _table(definition.name, report_type.description, rows)


def type_doc(report_type: ReportType) -> str:
    """What a report type exports, and what a run's conf may say."""
    rows = [
        ("Date range", report_type.date_range.value),
        ("Longest window", f"{report_type.max_months} months" if report_type.max_months else "no limit"),
    ]
    if report_type.date_range is DateRangeRule.NONE:
        rows = [("Date range", "none: a snapshot as of the moment of the run")]
    rows += [(f"Filter `{each.name}`", f"{each.description} ({each.select.value})") for each in report_type.filters]
    rows += [(f"Column `{column.name}`", column.description) for column in report_type.columns]
    return _table(report_type.title, report_type.description, rows)


def _table(title: str, text: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows if value]
    return "\n".join([f"### {_cell(title)}", "", text, "", "| | |", "|---|---|", *lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _date_range_text(chosen: DateRange) -> str:
    if isinstance(chosen, Preset):
        return chosen.value.replace("_", " ")
    if isinstance(chosen, DayRange):
        return f"{chosen.first} to {chosen.last}, both included"
    return f"{chosen.start.isoformat()} up to {chosen.end.isoformat()}"
