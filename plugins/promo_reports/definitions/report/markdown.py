"""The `doc_md` of a DAG: the configuration of its report, for people who open the DAG.

Names, values and descriptions are rendered as text, never as Markdown.
"""

from __future__ import annotations

import re

from promo_reports.definitions.report.configuration import configuration
from promo_reports.domain.account import Account
from promo_reports.domain.definition import Definition
from promo_reports.domain.report_type import DateRangeRule, ReportType

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&!])")
_AT_THE_START = re.compile(r"^(\d*)([-+=.)])")
_LINK = re.compile(r"(https?:|ftp:|mailto:|www)(?=[/.\w])", re.IGNORECASE)


def definition_doc(definition: Definition, account: Account) -> str:
    """Return what a definition exports, when and where to."""
    rows = [
        ("Status", f"Stopped since {definition.stopped_since.isoformat()}" if definition.stopped_since else ""),
        *((row.label, row.value) for row in configuration(definition, account) if row.key != "name"),
        ("Definition", f"{definition.source} ({definition.sha256[:12]})"),
    ]
    return _table(definition.name, definition.report_type.description, rows)


def type_doc(report_type: ReportType) -> str:
    """Return what a report type exports, and the keys of a run's conf."""
    rows = [
        ("Date range", report_type.date_range.value),
        ("Longest window", f"{report_type.max_months} months" if report_type.max_months else "no limit"),
    ]
    if report_type.date_range is DateRangeRule.NONE:
        rows = [("Date range", "none: a snapshot as of the moment of the run")]
    rows += [(f"Filter {each.name}", f"{each.description} ({each.select.value})") for each in report_type.filters]
    rows += [(f"Column {column.name}", column.description) for column in report_type.columns]
    return _table(report_type.title, report_type.description, rows)


def _table(title: str, text: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {plain(name)} | {plain(value)} |" for name, value in rows if value]
    return "\n".join([f"### {plain(title)}", "", plain(text), "", "| | |", "|---|---|", *lines, ""])


def plain(text: str) -> str:
    """Return one line of Markdown that renders as the text itself, in a paragraph, a heading or a table cell.

    A zero-width character is put into web addresses, as GitHub's Markdown makes links of bare ones.
    """
    line = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    line = _AT_THE_START.sub(r"\1\\\2", line)
    return _LINK.sub("\\1\N{WORD JOINER}", line)
