"""Response models of exports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from promo_reports.domain.dates.schedule import Frequency
from promo_reports.domain.export_status import ExportStatus
from promo_reports.web.models import Answer, Failure, Named, Row, WindowShown


class ExportOrigin(StrEnum):
    """Where the definition of an export came from."""

    GIT = "git"
    PAGE = "page"
    API = "api"


class ExportAction(StrEnum):
    """An action on an export."""

    RETRY = "retry"
    CANCEL = "cancel"
    DUPLICATE = "duplicate"


class ExportStep(StrEnum):
    """The current step of an open export."""

    WAITING = "waiting"
    EXTRACT = "extract"
    DELIVER = "deliver"


class ExportTrigger(StrEnum):
    """What started an export."""

    SCHEDULE = "schedule"
    BACKFILL = "backfill"
    PAGE = "page"
    MANUAL = "manual"


class RegisteredReport(Answer):
    """The report that an export belongs to."""

    id: str
    frequency: Frequency


class ProgressShown(Answer):
    """Rows written of rows counted by the database."""

    written: int
    counted: int


class DownloadShown(Answer):
    """A file in the download area; `url` is relative to Airflow's base URL."""

    url: str
    name: str
    bytes: int


class ExportRow(Answer):
    """One export in a list."""

    id: int
    name: str
    report: RegisteredReport | None = Field(description="null for an export on demand")
    origin: ExportOrigin
    report_type: Named
    promotion_type: Named
    status: ExportStatus
    waiting: str | None = Field(description="why nothing moves, where that is known")
    created_by: str
    created_at: datetime
    window: WindowShown | None
    as_of: datetime | None
    rows: int | None
    bytes: int | None
    started_at: datetime | None
    seconds: float | None = Field(description="from its first task's start to its end; null while it is open")
    progress: ProgressShown | None
    failure: Failure | None
    download: DownloadShown | None
    earlier: bool = Field(
        description="rows, bytes, as_of, files and download are those of an earlier attempt, which are still there: "
        "the newest attempt is being made, failed or was cancelled"
    )
    actions: list[ExportAction] = Field(description="what the caller may do now")


class MemberShown(Answer):
    """A CSV in a ZIP."""

    name: str
    rows: int
    bytes: int
    first: str | None
    last: str | None


class FileShown(MemberShown):
    """A delivered file."""

    sha256: str
    members: list[MemberShown]


class DestinationShown(Answer):
    """One destination of an export, and whether it was delivered there."""

    title: str
    delivered: bool
    manifest: str | None = Field(description="address of the manifest at the destination")
    failure: Failure | None


class AirflowLinks(Answer):
    """Paths of Airflow's own pages, relative to its base URL."""

    run: str | None = None
    dag: str


class ExportDetail(ExportRow):
    """The details of one export."""

    configuration: list[Row]
    definition: dict[str, Any] | None = Field(
        description="what a new report like it is created from; null where it is gone or broken"
    )
    ended_at: datetime | None
    attempt: int
    step: ExportStep | None = Field(description="null once it has ended")
    trigger: ExportTrigger
    destinations: list[DestinationShown]
    files: list[FileShown]
    facts: list[Row]
    manifest: str | None
    airflow: AirflowLinks | None
