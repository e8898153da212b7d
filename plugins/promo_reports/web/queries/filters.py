"""Filters, sort order and paging of both lists. A text with a NUL character matches nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.domain.report_type import PromotionType


@dataclass(frozen=True)
class Readable:
    """The DAGs that the caller may read: all DAGs of the product (`dag_ids` None), or a set of them."""

    dag_ids: Collection[str] | None = None


EVERYTHING = Readable()


class Order(StrEnum):
    """The direction of a sort; both break ties by the row's id in the same direction."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class ExportSort(StrEnum):
    """Sort keys of the list of exports."""

    NAME = "name"
    PROMOTION_TYPE = "promotion_type"
    STATUS = "status"
    CREATED_BY = "created_by"
    CREATED_AT = "created_at"


class ReportSort(StrEnum):
    """Sort keys of the list of recurring reports."""

    NAME = "name"
    PROMOTION_TYPE = "promotion_type"
    STATUS = "status"
    CREATED_BY = "created_by"
    CREATED_AT = "created_at"
    FREQUENCY = "frequency"


@dataclass(frozen=True)
class ExportQuery:
    """A request for one page of exports. An empty filter matches everything; `dag_id` is one report's DAG.

    `search` is contained in the name, case-insensitively and without wildcards. `limit` counts rows, `cursor` is that
    of another page of the same query.
    """

    search: str = ""
    statuses: frozenset[ExportStatus] = frozenset()
    promotion_types: frozenset[PromotionType] = frozenset()
    created_by: frozenset[str] = frozenset()
    dag_id: str | None = None
    sort: ExportSort = ExportSort.CREATED_AT
    order: Order = Order.DESCENDING
    limit: int = 25
    cursor: str | None = None


@dataclass(frozen=True)
class ReportQuery:
    """A request for one page of recurring reports; as `ExportQuery`."""

    search: str = ""
    statuses: frozenset[ReportStatus] = frozenset()
    promotion_types: frozenset[PromotionType] = frozenset()
    created_by: frozenset[str] = frozenset()
    frequencies: frozenset[Interval] = frozenset()
    sort: ReportSort = ReportSort.CREATED_AT
    order: Order = Order.DESCENDING
    limit: int = 25
    cursor: str | None = None
