"""Request and response models of recurring reports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from promo_reports.definitions.inputs.fields import FIRST_YEAR, LAST_YEAR
from promo_reports.domain.dates.schedule import Frequency
from promo_reports.domain.export_status import ExportStatus, ReportStatus
from promo_reports.web.exports.models import AirflowLinks
from promo_reports.web.models import Answer, DeliveryShown, Named, Row, WindowShown


class StoppedBy(StrEnum):
    """Why a report is Stopped."""

    STOPPED = "stopped"
    DELETED = "deleted"
    PAUSED = "paused"
    REMOVED = "removed"
    BROKEN = "broken"


class ReportOrigin(StrEnum):
    """Where the definition of a report is stored."""

    GIT = "git"
    PAGE = "page"


class ReportAction(StrEnum):
    """An action on a recurring report."""

    STOP = "stop"
    RESUME = "resume"
    DELETE = "delete"
    BACKFILL = "backfill"
    DUPLICATE = "duplicate"


class ReportChange(StrEnum):
    """A change of a recurring report."""

    STOPPED = "stopped"
    RESUMED = "resumed"
    DELETED = "deleted"


class Stopped(Answer):
    """Why a report is not delivered any more."""

    how: StoppedBy = Field(description="paused: in Airflow; removed: from git")
    since: datetime | None
    by: str | None
    reason: str


class LastExport(Answer):
    """The newest export of a report."""

    id: int
    status: ExportStatus


class ReportRow(Answer):
    """One report in the list."""

    id: str
    name: str
    origin: ReportOrigin
    report_type: Named
    promotion_type: Named
    status: ReportStatus
    stopped: Stopped | None
    pending: bool = Field(description="registered, but Airflow does not have its DAG yet, or no more")
    pending_reason: str | None = Field(description="why Airflow does not have its DAG, and when it will")
    created_by: str
    created_at: datetime
    frequency: Frequency
    schedule: str
    next_delivery: datetime | None
    last_export: LastExport | None
    actions: list[ReportAction] = Field(description="what the caller may do now")


class Mark(Answer):
    """One change of a report."""

    at: datetime
    by: str
    what: ReportChange


class ReportDetail(ReportRow):
    """The details of one report."""

    configuration: list[Row]
    definition: dict[str, Any] | None = Field(description="null where it is gone or broken")
    history: list[Mark]
    upcoming: list[DeliveryShown] = Field(description="the next deliveries, as the scheduler goes on from the last")
    uncovered: list[WindowShown] = Field(
        description="times between the latest deliveries, and up to the next one, that no window covers"
    )
    airflow: AirflowLinks | None


Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]


class Days(BaseModel):
    """Local days, first and last both included, in which windows start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Day
    last: Day


class Backfill(Days):
    """A backfill; `again` includes windows that were exported before."""

    again: StrictBool = False


class PastWindow(DeliveryShown):
    """A window, its newest export, and whether a backfill exports it, without and with `again`."""

    export: LastExport | None
    makes: bool
    makes_again: bool


class PastWindows(Answer):
    """The windows of some days that have ended, oldest first, and how many have not."""

    windows: list[PastWindow]
    unfinished: int


class BackfillStarted(Answer):
    """How many windows are being exported."""

    message: str
    windows: int


class Creators(Answer):
    """The creators of what is listed."""

    creators: list[str]
