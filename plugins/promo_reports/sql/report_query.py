"""The queries of one export: its rows, the totals they must match, and the rows they exclude.

Each wraps the report type's template, so that the columns and their order are those the report type declares, and the
database counts exactly what it sends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from promo_reports.domain.dates.window import Window
from promo_reports.domain.filters import Filter
from promo_reports.domain.report_type import Column, DateRangeRule, ReportType
from promo_reports.errors import SqlTemplateError
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.cell_policies.masking import masking_of
from promo_reports.sql.cell_policies.transform import UNCHANGED, CellTransform
from promo_reports.sql.expressions import Expressions
from promo_reports.sql.lexer import without_comments
from promo_reports.sql.row_range import RowRange
from promo_reports.sql.statement import check_select, without_order
from promo_reports.sql.template import (
    FilterShapes,
    FilterValues,
    Parameters,
    Rendering,
    SqlTemplate,
    WindowPredicates,
    load_template,
)

_SAMPLE_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ReportQuery:
    """The SQL of a report type, checked when it is loaded; `predicates` and `expressions` are those of its database."""

    report_type: ReportType
    template: SqlTemplate
    predicates: WindowPredicates = field(default_factory=WindowPredicates)
    expressions: Expressions = field(default_factory=Expressions)

    @property
    def sha256(self) -> str:
        """Hash of the template file, for the manifest."""
        return self.template.sha256

    def rows(
        self,
        parameters: Parameters,
        transform: CellTransform = UNCHANGED,
        *,
        changed: Collection[str] | None = None,
        within: RowRange | None = None,
    ) -> BoundQuery:
        """Return every row of the export, or of a range of it, in its total order.

        Where the database writes the cells itself, they are those of `transform`. `changed` names the columns in which
        it has counted any to change: the others need no look at each cell.
        """
        columns = ",\n    ".join(self._cell(column, transform, changed) for column in self.report_type.columns)
        order = self._order()
        body = self._body(parameters)
        text, values = f"SELECT\n    {columns}\nFROM (\n{body.text}\n) AS report", body.values
        if within is not None:
            condition = within.condition(order)
            text, values = f"{text}\nWHERE {condition.text}", {**values, **condition.values}
        return BoundQuery(f"{text}\nORDER BY {', '.join(order)}", values)

    def places(self, parameters: Parameters, every: int, last: int) -> BoundQuery:
        """Return the ranks 1, 1 + `every`, 1 + 2 `every` ... and `last` of the total order, with the sort keys as text.

        A row has the place of those that equal it in the order, and none with a NULL in it: where such rows are, the
        answer's places are other ones.
        """
        names = [f"report.{name}" for name in self.report_type.order]
        columns = [self.report_type.column(name) for name in self.report_type.order]
        texts = ", ".join(self.expressions.text(column) for column in columns for _ in self.expressions.order(column))
        body = self._body(parameters)
        ranked = (
            f'SELECT\n    rank() OVER (ORDER BY {", ".join(self._order())}) AS "PLACE",\n    {", ".join(names)}\n'
            f"FROM (\n{body.text}\n) AS report\nWHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)}"
        )
        text = (
            f'SELECT\n    report."PLACE",\n    {texts}\n'
            f'FROM (\n{ranked}\n) AS report\nWHERE (report."PLACE" - 1) % {mark("every")} = 0 '
            f'OR report."PLACE" = {mark("last")}\nORDER BY report."PLACE"'
        )
        return BoundQuery(text, {**body.values, "every": every, "last": last})

    def totals(self, parameters: Parameters, transform: CellTransform = UNCHANGED) -> BoundQuery:
        """Return a row for each value of `totals_by` (one without it): value, rows, changed and masked cells, each sum.

        Cells to change are counted for each of `counted_columns`, cells to mask for each of `masked_columns`.
        """
        by = self.report_type.totals_by
        name, keys = self.expressions.group(self.report_type.column(by)) if by else ("NULL", ())
        cells = [
            name,
            "count(*)",
            *(
                f"count(*) FILTER (WHERE {transform.sql_is_changed(column, self.expressions)})"
                for column in self.counted_columns(transform)
            ),
            *(f"count(report.{column.name})" for column in self.masked_columns),
            *(self.expressions.total(column) for column in self.report_type.totals),
        ]
        group = f"\nGROUP BY {', '.join(keys)}" if keys else ""
        body = self._body(parameters)
        selected = ",\n    ".join(cells)
        return BoundQuery(f"SELECT\n    {selected}\nFROM (\n{body.text}\n) AS report{group}", body.values)

    def count(self, parameters: Parameters) -> BoundQuery:
        """Count every row of the export, and nothing else."""
        body = self._body(parameters)
        return BoundQuery(f"SELECT count(*)\nFROM (\n{body.text}\n) AS report", body.values)

    def counted_columns(self, transform: CellTransform) -> list[Column]:
        """Return the columns in which the database counts the cells to change: none where it does not write them."""
        return [column for column in self.report_type.columns if self._changes(column, transform)]

    @property
    def masked_columns(self) -> list[Column]:
        """Return the columns whose cells are masked, by the database or by the worker."""
        return [column for column in self.report_type.columns if column.mask is not None]

    def excluded(self, parameters: Parameters) -> BoundQuery | None:
        """Count rows that match the filters but whose time no window holds; None for aggregates and snapshots."""
        if self.report_type.window_column is None or parameters.window is None:
            return None
        body = self._body(parameters, self.predicates.timeless)
        return BoundQuery(f"SELECT count(*)\nFROM (\n{body.text}\n) AS report", body.values)

    def late(self, parameters: Parameters, since: datetime) -> BoundQuery | None:
        """Count rows of a window recorded at or after an instant; None where the type has no record time."""
        recorded = self.report_type.recorded_column
        if recorded is None or self.report_type.window_column is None:
            return None
        body = self._body(parameters)
        text = f"SELECT count(*)\nFROM (\n{body.text}\n) AS report\nWHERE report.{recorded} >= {mark('since')}"
        return BoundQuery(text, {**body.values, "since": since})

    def _order(self) -> list[str]:
        """Return the expressions of the ORDER BY clause."""
        columns = map(self.report_type.column, self.report_type.order)
        return list(chain.from_iterable(map(self.expressions.order, columns)))

    def _body(self, parameters: Parameters, covers: str | None = None) -> BoundQuery:
        parameters = replace(parameters, covers=covers or self.predicates.inside)
        query, rendering = self.template.render(parameters)
        words = check_select(rendering.sql)
        _check_used(self.report_type, self.template.path, parameters, rendering)
        text = without_order(rendering.sql, words, self.report_type.order)
        return BoundQuery(self._masked(without_comments(text)), query.values)

    def _masked(self, body: str) -> str:
        """Return the rows with the cells that the database masks, so that nothing around them sees a clear one."""
        masked = {
            column.name: masking_of(column.mask).sql(column, self.expressions)
            for column in self.report_type.columns
            if column.mask
        }
        if not any(masked.values()):
            return body
        columns = (
            f"{expression} AS {column.name}" if (expression := masked.get(column.name)) else f"report.{column.name}"
            for column in self.report_type.columns
        )
        selected = ",\n    ".join(columns)
        return f"SELECT\n    {selected}\nFROM (\n{body}\n) AS report"

    def _cell(self, column: Column, transform: CellTransform, changed: Collection[str] | None) -> str:
        if self._changes(column, transform) and (changed is None or column.name in changed):
            return f"{transform.sql(column, self.expressions)} AS {column.name}"
        return self.expressions.cell(column)

    def _changes(self, column: Column, transform: CellTransform) -> bool:
        return self.expressions.writes_cells and transform.changes(column)


def load_report_query(report_type: ReportType, root: Path) -> ReportQuery:
    """Load and check a report type's template: `SqlTemplateError` with file:line for the first rule it breaks."""
    template = load_template(root, report_type.id, FilterShapes.of(report_type.filters))
    for parameters in _samples(report_type):
        _, rendering = template.render(parameters)
        without_order(rendering.sql, check_select(rendering.sql), report_type.order)
        _check_used(report_type, template.path, parameters, rendering)
    return ReportQuery(report_type, template)


def load_options_query(root: Path, name: str, parent: str | None) -> SqlTemplate:
    """Load and check the query of a filter's choices, which may depend on the value of a `parent` filter."""
    template = load_template(root, f"options/{name}")
    _, rendering = template.render(Parameters({parent: ("sample",)} if parent else {}))
    check_select(rendering.sql)
    if parent and f"filters.{parent}" not in rendering.used:
        raise SqlTemplateError(
            f"{template.path}: does not use filters.{parent}",
            f"The filter depends on {parent!r}; a query that ignores it would offer the choices of other values.",
        )
    return template


def options_query(template: SqlTemplate, parent: FilterValues) -> BoundQuery:
    """Return the query of a filter's choices for the value of the filter that it depends on."""
    query, rendering = template.render(Parameters(parent))
    check_select(rendering.sql)
    return BoundQuery(without_comments(query.text), query.values)


def _check_used(report_type: ReportType, path: Path, parameters: Parameters, rendering: Rendering) -> None:
    expected = {
        called
        for each in report_type.filters
        if parameters.filters.get(each.name) is not None
        for called in _called(each)
    }
    if parameters.window is not None and "{start}" in parameters.covers:
        expected |= {"window.start", "window.end"}
    if report_type.date_range is DateRangeRule.NONE:
        expected |= {"as_of"}
    if missing := sorted(expected - rendering.used):
        raise SqlTemplateError(
            f"{path}: does not use {', '.join(missing)}",
            "A filter or a window that the query ignores would export other rows than the report says.",
        )
    if report_type.window_column is not None and parameters.window is not None and not rendering.covers:
        raise SqlTemplateError(
            f"{path}: does not call window.covers",
            "A report with a window column limits it by {{ window.covers('t.column') }}, which also finds the rows "
            "whose time no window holds.",
        )


def _called(each: Filter) -> list[str]:
    """Return the names that a template has for the values of a filter."""
    return [f"filters.{each.name}.{part}" for part in each.kind.parts] or [f"filters.{each.name}"]


def _samples(report_type: ReportType) -> Iterable[Parameters]:
    given = {each.name: each.sample for each in report_type.filters}
    with_all = {each.name: None if each.may_be_all else each.sample for each in report_type.filters}
    snapshot = report_type.date_range is DateRangeRule.NONE
    window = None if snapshot else Window(_SAMPLE_TIME, _SAMPLE_TIME + timedelta(days=1))
    as_of = _SAMPLE_TIME if snapshot else None
    yield Parameters(given, window, as_of)
    if with_all != given:
        yield Parameters(with_all, window, as_of)
    if report_type.date_range is DateRangeRule.OPTIONAL:
        yield Parameters(given, None, _SAMPLE_TIME)
