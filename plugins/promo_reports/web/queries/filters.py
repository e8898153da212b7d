"""What the two lists can be asked. A text with a NUL character is in no database, so it matches nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from promo_reports.domain.dates.schedule import Interval
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.domain.report_type import PromotionType


@dataclass(frozen=True)
class Readable:
    """The DAGs that the asker may see: every one of ours (`dag_ids` None), or those of a set."""

    dag_ids: Collection[str] | None = None


EVERYTHING = Readable()


class Order(StrEnum):
    """The direction of a sort; both break ties by the row's id in the same direction."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class ExportSort(StrEnum):
    """What the list of exports can be sorted by."""

    NAME = "name"
    PROMOTION_TYPE = "promotion_type"
    STATUS = "status"
    CREATED_BY = "created_by"
    CREATED_AT = "created_at"


class ReportSort(StrEnum):
    """What the list of recurring reports can be sorted by."""

    NAME = "name"
    PROMOTION_TYPE = "promotion_type"
    STATUS = "status"
    CREATED_BY = "created_by"
    CREATED_AT = "created_at"
    FREQUENCY = "frequency"


@dataclass(frozen=True)
class ExportQuery:
    """One page of exports. An empty filter lets everything pass; `dag_id` is one report's DAG.

    `search` is contained in the name, in any case and with no wildcards. `limit` counts rows, `cursor` is what an
    earlier page of the same question gave.
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
    """One page of recurring reports; as `ExportQuery`."""

    search: str = ""
    statuses: frozenset[ReportStatus] = frozenset()
    promotion_types: frozenset[PromotionType] = frozenset()
    created_by: frozenset[str] = frozenset()
    frequencies: frozenset[Interval] = frozenset()
    sort: ReportSort = ReportSort.CREATED_AT
    order: Order = Order.DESCENDING
    limit: int = 25
    cursor: str | None = None
