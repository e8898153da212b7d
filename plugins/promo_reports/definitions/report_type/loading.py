"""Load report types: `report_types/<id>.yaml` to `ReportType`, with every problem located."""

from __future__ import annotations

from pathlib import Path

from promo_reports.definitions.inputs.forms import read_form, report_missing, sound
from promo_reports.definitions.inputs.messages import not_among
from promo_reports.definitions.inputs.validation_problems import Findings
from promo_reports.definitions.inputs.yaml_reader import read_yaml
from promo_reports.definitions.report_type.filters import check_filters
from promo_reports.definitions.report_type.form import REQUIRED, ColumnForm, ReportTypeForm
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, ReportType

DEFAULT_CONNECTION = "promo_db"
MAX_SCALE = 38
MAX_MONTHS = 120


def load_report_type(path: Path, *, options: Path | None = None) -> ReportType:
    """Read one report type; `InvalidInput` with all its problems.

    `options` is the directory of the filters' queries, by default `include/sql/options` of the project that the file's
    directory lies in. The SQL of the report itself is checked where templates are loaded.
    """
    document = read_yaml(path)
    findings = document.findings
    form = read_form(ReportTypeForm, document.mapping(), findings)
    report_missing(form, REQUIRED, findings)
    if form.id is not None and form.id != path.stem:
        findings.add(("id",), f"must be the file's name, {path.stem!r}, not {form.id!r}")
    check_filters(form, options or path.resolve().parent.parent / "include" / "sql" / "options", findings)
    _check_columns(form, findings)
    _check_window(form, findings)
    findings.raise_any()
    return _report_type(form)


def _check_columns(form: ReportTypeForm, findings: Findings) -> None:
    columns = sound(form.columns)
    if form.columns == [] and not findings.touches("columns"):
        findings.add(("columns",), "is empty; name at least one column")
    seen: set[str] = set()
    for index, column in columns:
        if column.name in seen:
            findings.add(("columns", index, "name"), f"{column.name!r} is a column already")
        seen.add(column.name)
        numeric = column.type in (ColumnType.DECIMAL, ColumnType.INTEGER)
        if column.total and not numeric:
            findings.add(
                ("columns", index, "total"), f"only decimal and integer columns have totals, not {column.type.value}"
            )
        if column.scale is not None and column.type is not ColumnType.DECIMAL:
            findings.add(("columns", index, "scale"), f"only decimal columns have a scale, not {column.type.value}")
        if column.scale is not None and not 0 <= column.scale <= MAX_SCALE:
            findings.add(("columns", index, "scale"), f"must be from 0 to {MAX_SCALE}, not {column.scale}")
    if form.totals_by is None or not _exists(("totals_by",), form.totals_by, form, findings):
        return
    if not any(column.total for _, column in columns) and not findings.touches("columns"):
        findings.add(("totals_by",), "no column has `total: true`")


def _check_window(form: ReportTypeForm, findings: Findings) -> None:
    _check_order(form, findings)
    order = sound(form.order)
    first = order[0][1] if order and order[0][0] == 0 else None
    if form.window_column is not None:
        _is_timestamp("window_column", form.window_column, form, findings)
        if first is not None and first != form.window_column and not findings.touches("order", 0):
            findings.add(("order",), f"must start with the window column {form.window_column!r}, not {first!r}")
        if form.date_range is DateRangeRule.NONE:
            findings.add(
                ("window_column",), "a report type with `date_range: none` is a snapshot and has no window column"
            )
    elif first and form.date_range not in (None, DateRangeRule.NONE) and not findings.touches("window_column"):
        column = _columns(form).get(first)
        if column is not None and column.type is ColumnType.TIMESTAMP:
            findings.add(("window_column",), f"is required: the order starts with the timestamp {first!r}")
    if form.recorded_column is not None:
        _is_timestamp("recorded_column", form.recorded_column, form, findings)
        if form.window_column is None and not findings.touches("window_column"):
            findings.add(("recorded_column",), "needs a window_column: late rows are counted by window")
    if form.max_months is not None:
        if form.date_range is DateRangeRule.NONE:
            findings.add(("max_months",), "a report type with `date_range: none` has no window to limit")
        elif not 1 <= form.max_months <= MAX_MONTHS:
            findings.add(("max_months",), f"must be from 1 to {MAX_MONTHS}, not {form.max_months}")


def _check_order(form: ReportTypeForm, findings: Findings) -> None:
    if form.order == []:
        findings.add(("order",), "is empty; name the columns that make every row's place certain")
    order = sound(form.order)
    for place, (index, name) in enumerate(order):
        if name in (earlier for _, earlier in order[:place]):
            findings.add(("order", index), f"{name!r} is named already")
        else:
            _exists(("order", index), name, form, findings)


def _is_timestamp(key: str, name: str, form: ReportTypeForm, findings: Findings) -> None:
    if _exists((key,), name, form, findings):
        column = _columns(form)[name]
        if column.type is not ColumnType.TIMESTAMP:
            findings.add((key,), f"{name!r} must be a timestamp column, not {column.type.value}")


def _exists(path: tuple[str | int, ...], name: str, form: ReportTypeForm, findings: Findings) -> bool:
    columns = _columns(form)
    if name not in columns and not findings.touches("columns"):
        findings.add(path, not_among(name, columns, "a column"))
    return name in columns


def _columns(form: ReportTypeForm) -> dict[str, ColumnForm]:
    return {column.name: column for _, column in sound(form.columns)}


def _report_type(form: ReportTypeForm) -> ReportType:
    """Return the domain value of a form without problems."""
    assert form.id and form.title and form.promotion_type and form.description and form.date_range  # noqa: S101, PT018
    return ReportType(
        id=form.id,
        title=form.title,
        promotion_type=form.promotion_type,
        description=form.description,
        connection=form.connection or DEFAULT_CONNECTION,
        date_range=form.date_range,
        order=tuple(name for _, name in sound(form.order)),
        filters=tuple(each.made() for _, each in sound(form.filters)),
        columns=tuple(
            Column(each.name, each.type, each.description, each.unit, each.scale, each.pii, each.total)
            for _, each in sound(form.columns)
        ),
        window_column=form.window_column,
        recorded_column=form.recorded_column,
        max_months=form.max_months,
        totals_by=form.totals_by,
        allow_row_security=form.allow_row_security,
    )
