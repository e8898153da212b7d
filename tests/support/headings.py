"""What files of tests are told about their rows."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from promo_reports.domain.report_type import Column, ColumnType, ReportType
from promo_reports.pipeline.formats.heading import Heading

UTC = ZoneInfo("UTC")


def of_texts(*names: str) -> Heading:
    """Columns of text."""
    return Heading(tuple(Column(name, ColumnType.TEXT, "Text.") for name in names), UTC)


def of_types(columns: Mapping[str, str]) -> Heading:
    """Columns of types by their names; decimals have two digits after the point."""
    types = {name: ColumnType(kind) for name, kind in columns.items()}
    scales = {ColumnType.DECIMAL: 2}
    return Heading(tuple(Column(name, kind, "A column.", scale=scales.get(kind)) for name, kind in types.items()), UTC)


def of_type(report_type: ReportType, zone: str = "UTC") -> Heading:
    """The columns of a report type."""
    return Heading(report_type.columns, ZoneInfo(zone))
