"""The queries of one export: its rows, what they must add up to, and what they leave out.

Each wraps the report type's template, so that the columns and their order are those the report type declares, and the
database counts exactly what it sends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, ReportType, Select
from promo_reports.domain.window import Window
from promo_reports.errors import SqlTemplateError
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.statement import check_select, without_order
from promo_reports.sql.template import Parameters, Rows, SqlTemplate, load_template

_SAMPLE_TIME = datetime(2026, 1, 1, tzinfo=timezone.utc)

# A cell that a spreadsheet runs as a formula; the apostrophes keep the escape reversible (reliability).
FORMULA_PATTERN = "^[ \\t\\r\\n\\f\\v]*'*[=+@\\t\\r\\n\uff1d\uff0b\uff0d\uff20-]"


@dataclass(frozen=True)
class ReportQuery:
    """The SQL of a report type, checked when it is loaded."""

    report_type: ReportType
    template: SqlTemplate

    @property
    def sha256(self) -> str:
        """Hash of the template file, for the manifest."""
        return self.template.sha256

    def rows(self, parameters: Parameters, formula_test: str | None = None) -> BoundQuery:
        """Every row of the export in its total order.

        `formula_test` is the dialect's regular expression operator; with it, text cells that a spreadsheet would run
        get one leading apostrophe.
        """
        columns = ",\n    ".join(self._cell(column, formula_test) for column in self.report_type.columns)
        order = ", ".join(f"report.{name}" for name in self.report_type.order)
        body = self._body(parameters)
        return BoundQuery(f"SELECT\n    {columns}\nFROM (\n{body.text}\n) AS report\nORDER BY {order}", body.values)

    def totals(self, parameters: Parameters, formula_test: str | None = None) -> BoundQuery:
        """One row for each value of `totals_by` (one row without it): value, rows, cells to change, then each sum."""
        by = self.report_type.totals_by
        text_columns = [column for column in self.report_type.columns if column.type is ColumnType.TEXT]
        changed = " + ".join(
            f"coalesce(sum(CASE WHEN {_is_formula(column, formula_test)} THEN 1 ELSE 0 END), 0)"
            for column in text_columns
            if formula_test
        )
        cells = [
            f"report.{by}" if by else "NULL",
            "count(*)",
            changed or "0",
            *(f"sum(report.{column.name})" for column in self.report_type.totals),
        ]
        group = f"\nGROUP BY report.{by}" if by else ""
        body = self._body(parameters)
        return BoundQuery(f"SELECT {', '.join(cells)}\nFROM (\n{body.text}\n) AS report{group}", body.values)

    def excluded(self, parameters: Parameters, rows: Rows) -> BoundQuery | None:
        """How many rows match the filters but have no time that any window holds; None for aggregates and snapshots."""
        if self.report_type.window_column is None:
            return None
        body = self._body(replace(parameters, rows=rows))
        return BoundQuery(f"SELECT count(*)\nFROM (\n{body.text}\n) AS report", body.values)

    def late(self, parameters: Parameters, since: datetime) -> BoundQuery | None:
        """How many rows of a window were recorded at or after an instant; None where the type has no record time."""
        recorded = self.report_type.recorded_column
        if recorded is None or self.report_type.window_column is None:
            return None
        body = self._body(parameters)
        text = f"SELECT count(*)\nFROM (\n{body.text}\n) AS report\nWHERE report.{recorded} >= {mark('since')}"
        return BoundQuery(text, {**body.values, "since": since})

    def _body(self, parameters: Parameters) -> BoundQuery:
        query, _ = self.template.render(parameters)
        return without_order(self.template.path, query, self.report_type.order)

    @staticmethod
    def _cell(column: Column, formula_test: str | None) -> str:
        cell = f"report.{column.name}"
        if column.type is not ColumnType.TEXT or formula_test is None:
            return cell
        return f"CASE WHEN {_is_formula(column, formula_test)} THEN '''' || {cell} ELSE {cell} END AS {column.name}"


def _is_formula(column: Column, formula_test: str | None) -> str:
    escaped = FORMULA_PATTERN.replace("\\", "\\\\").replace("'", "''")
    return f"report.{column.name} {formula_test} E'{escaped}'"


def load_report_query(report_type: ReportType, root: Path) -> ReportQuery:
    """Load and check a report type's template: `SqlTemplateError` with file:line for the first rule it breaks."""
    lists = frozenset(each.name for each in report_type.filters if each.select is not Select.ONE)
    template = load_template(root, report_type.id, lists)
    expected = {f"filter_{each.name}" for each in report_type.filters}
    expected |= {"as_of"} if report_type.date_range is DateRangeRule.NONE else {"window_start", "window_end"}
    for parameters in _samples(report_type):
        query, used = template.render(parameters)
        check_select(template.path, query.plain())
        without_order(template.path, query, report_type.order)
        ignorable = {"window_start", "window_end"} if parameters.window is None else set()
        if missing := sorted(expected - used - ignorable):
            raise SqlTemplateError(
                f"{template.path}: does not use {', '.join(missing)}",
                "A filter or a window that the query ignores would export other rows than the report says.",
            )
    return ReportQuery(report_type, template)


def load_options_query(root: Path, name: str, parent: str | None) -> SqlTemplate:
    """Load and check the query of a filter's choices, which may depend on the value of a `parent` filter."""
    template = load_template(root, f"options/{name}", frozenset())
    query, _ = template.render(Parameters({parent: ("sample",)} if parent else {}))
    check_select(template.path, query.plain())
    return template


def _samples(report_type: ReportType) -> Iterable[Parameters]:
    given: dict[str, tuple[str, ...] | None] = {
        each.name: ("sample",) if each.select is Select.ONE else ("sample", "other") for each in report_type.filters
    }
    with_all = {each.name: None if each.select is Select.ALL else given[each.name] for each in report_type.filters}
    snapshot = report_type.date_range is DateRangeRule.NONE
    window = None if snapshot else Window(_SAMPLE_TIME, _SAMPLE_TIME + timedelta(days=1))
    as_of = _SAMPLE_TIME if snapshot else None
    yield Parameters(given, window, as_of)
    if with_all != given:
        yield Parameters(with_all, window, as_of)
    if report_type.date_range is DateRangeRule.OPTIONAL:
        yield Parameters(given, None, _SAMPLE_TIME)
