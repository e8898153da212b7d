"""The form of a report type's file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from promo_reports.definitions.filter_kinds.kind import AnyFilterForm
from promo_reports.definitions.inputs.fields import (
    Connection,
    Flag,
    Line,
    Paragraph,
    SnakeCase,
    Text,
    Title,
    Whole,
    nothing_as_none,
    one_of,
)
from promo_reports.definitions.inputs.forms import Form, Listed
from promo_reports.domain.report_type import ColumnType, DateRangeRule, PromotionType

REQUIRED = ("id", "title", "promotion_type", "description", "date_range", "order", "columns")
MAY_BE_NULL = ("window_column", "recorded_column", "max_months", "totals_by")

_OR_NULL = BeforeValidator(nothing_as_none)


class ColumnForm(Form):
    """A column of the file."""

    name: SnakeCase = Field(description="name in the header and in the SQL")
    type: Annotated[ColumnType, one_of(ColumnType)] = Field(description="how cells are written and read again")
    description: Paragraph = Field(description="what a cell says")
    unit: Line | None = Field(None, description="unit of a number, such as points or USD")
    scale: Whole | None = Field(None, description="digits after the decimal point")
    pii: Flag = Field(False, description="whether a cell may identify a person")
    total: Flag = Field(False, description="whether the column is summed and reconciled")


class ReportTypeForm(Form):
    """A report type: one file `report_types/<id>.yaml`, beside `include/sql/<id>.sql`."""

    id: SnakeCase | None = Field(None, description="the file's name without .yaml", examples=["wallet_transactions"])
    title: Title | None = Field(
        None, description="what people see in lists and forms", examples=["Wallet Transactions"]
    )
    promotion_type: Annotated[PromotionType, one_of(PromotionType)] | None = Field(None, description="the module")
    description: Paragraph | None = Field(None, description="what the report shows and what it is for")
    connection: Connection | None = Field(
        None, description="Airflow connection of the promo database; promo_db where absent", examples=["promo_db"]
    )
    date_range: Annotated[DateRangeRule, one_of(DateRangeRule)] | None = Field(
        None, description="whether a one-time report must, may or cannot choose dates"
    )
    window_column: Annotated[SnakeCase | None, _OR_NULL] = Field(
        None, description="timestamp column that the window limits, first of `order`; none for aggregates and snapshots"
    )
    recorded_column: Annotated[SnakeCase | None, _OR_NULL] = Field(
        None, description="timestamp column of when a row was written, by which late rows are counted"
    )
    max_months: Annotated[Whole | None, _OR_NULL] = Field(
        None, description="longest window in calendar months; no limit where absent", examples=[3]
    )
    order: Listed[Text] | None = Field(None, description="columns of the total order", examples=[["occurred_at", "id"]])
    totals_by: Annotated[SnakeCase | None, _OR_NULL] = Field(
        None, description="text column whose values get totals of their own"
    )
    allow_row_security: Flag = Field(
        False,
        description="whether row-level security of PostgreSQL may leave out rows; without it the database refuses",
    )
    filters: Listed[AnyFilterForm] | None = Field(None, description="the filters, in the order of the page")
    columns: Listed[ColumnForm] | None = Field(None, description="the columns, in the order of the file")
