"""Exports as the page shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from promo_reports.web.models.shared import Answer, Failure, Named, Row, WindowShown


class RegisteredReport(Answer):
    """The definition that an export was made for."""

    id: str
    frequency: str


class ProgressShown(Answer):
    """Rows written of rows counted by the database."""

    written: int
    counted: int


class DownloadShown(Answer):
    """A file that waits in the download area; `url` is relative to Airflow's address."""

    url: str
    name: str
    bytes: int


class ExportRow(Answer):
    """One export in a list."""

    id: int
    name: str
    report: RegisteredReport | None = Field(description="null for an export on demand")
    origin: str = Field(description="git, page or api: where its definition came from")
    report_type: Named
    promotion_type: Named
    status: str = Field(description="creating, created, failed or cancelled")
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
    actions: list[str] = Field(description="what the caller may do now: retry, cancel, duplicate")


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
    """One place where an export goes, and whether it is there."""

    title: str
    delivered: bool
    manifest: str | None = Field(description="address of the manifest at the destination")
    failure: Failure | None


class AirflowLinks(Answer):
    """Airflow's own pages, relative to its address."""

    run: str | None = None
    dag: str


class ExportDetail(ExportRow):
    """One export with everything that is known of it."""

    configuration: list[Row]
    definition: dict[str, Any] | None = Field(
        description="what a new report like it is created from; null where it is gone or broken"
    )
    ended_at: datetime | None
    attempt: int
    step: str | None = Field(description="waiting, extract or deliver; null once it has ended")
    trigger: str = Field(description="schedule, backfill, page or manual")
    destinations: list[DestinationShown]
    files: list[FileShown]
    facts: list[Row]
    manifest: str | None
    airflow: AirflowLinks | None
