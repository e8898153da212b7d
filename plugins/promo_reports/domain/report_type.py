"""A report type: what can be reported, by which filters, in which columns. Its SQL lies beside it under the same id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from promo_reports.domain.filters import Filter
from promo_reports.domain.mask import CLEAR, DROPPED, Mask


class PromotionType(StrEnum):
    """The modules of the product, by their key."""

    LOYALTY_WALLET = "loyalty_wallet"
    PARTNER_VOUCHERS = "partner_vouchers"
    PROMO_CAMPAIGNS = "promo_campaigns"

    @property
    def label(self) -> str:
        """The name that users know: `Loyalty Wallet`."""
        return self.value.replace("_", " ").title()


class DateRangeRule(StrEnum):
    """Whether a report covers a window (`required`, `optional`) or is a snapshot (`none`)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class ColumnType(StrEnum):
    """How a column's cells are written and read again."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    TIMESTAMP = "timestamp"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """A column of the file. `total` columns are summed by the database and again from the staged file.

    `mask` is what its cells become, None where they are delivered as they are; only that of a definition has one.
    """

    name: str
    type: ColumnType
    description: str
    unit: str | None = None
    scale: int | None = None
    pii: bool = False
    total: bool = False
    mask: Mask | None = None


@dataclass(frozen=True)
class ReportType:
    """One report type, as its YAML file says.

    `order` names the columns of the total order, window column first; `totals_by` an optional column whose values get
    totals of their own; `max_months` the longest window in calendar months. With `allow_row_security` a report may hold
    the rows alone that PostgreSQL's row-level security shows to the role of the connection.
    """

    id: str
    title: str
    promotion_type: PromotionType
    description: str
    connection: str
    date_range: DateRangeRule
    order: tuple[str, ...]
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    window_column: str | None = None
    recorded_column: str | None = None
    max_months: int | None = None
    totals_by: str | None = None
    allow_row_security: bool = False

    @property
    def totals(self) -> tuple[Column, ...]:
        """The columns that are reconciled by sum."""
        return tuple(column for column in self.columns if column.total)

    def masked(self, masks: Mapping[str, Mask]) -> ReportType:
        """Return the report type with masks, by the names of their columns; what is dropped has no column."""
        columns = ((column, masks.get(column.name, column.mask or CLEAR)) for column in self.columns)
        kept = (
            replace(column, mask=None if mask is CLEAR else mask) for column, mask in columns if mask is not DROPPED
        )
        return replace(self, columns=tuple(kept))

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]

    def filter(self, name: str) -> Filter:
        """Return the filter of that name; KeyError where there is none."""
        return {choice.name: choice for choice in self.filters}[name]
