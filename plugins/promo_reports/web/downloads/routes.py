"""Routes for the files of exports in the download area; each request is authorized."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from promo_reports.definitions.report.loading import conf_id
from promo_reports.delivery import OpenFile, Wanted, open_published, published
from promo_reports.domain.dag_ids import report_id_of
from promo_reports.domain.delivery import DOWNLOAD, Download
from promo_reports.domain.export_folder import ExportFolder
from promo_reports.orchestration.airflow_internals import metadata_session
from promo_reports.orchestration.project import registry
from promo_reports.web.airflow.access import Caller, SignedIn
from promo_reports.web.airflow.audit import write_down
from promo_reports.web.downloads.open_downloads import OpenDownloads
from promo_reports.web.downloads.response import file_response, manifest_response
from promo_reports.web.error_handlers import Refusal
from promo_reports.web.exports.authorized_lookup import authorized_export
from promo_reports.web.exports.earlier_attempt import earlier_export, earlier_manifest, manifest_in
from promo_reports.web.exports.rows import delivered_to
from promo_reports.web.models import ErrorAnswer, ErrorCode
from promo_reports.web.queries.records import ExportRecord
from promo_reports.web.queries.task_facts import facts_of_export
from promo_reports.web.query_params import ExportId

router = APIRouter(tags=["downloads"])


async def _until_sent() -> AsyncIterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


UntilSent = Annotated[ExitStack, Depends(_until_sent)]
"""Closed when the response has been sent or has failed."""


_BYTES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("text/csv", "application/zip")}
_NOT_MODIFIED: dict[str, Any] = {"description": "What the client has is the same", "content": {}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file", "content": _BYTES},
    206: {"description": "One range of it", "content": _BYTES},
    303: {"description": "The file is in a bucket", "content": {}},
    304: _NOT_MODIFIED,
    416: {"model": ErrorAnswer, "description": "The range begins behind the end of the file"},
}
_MANIFEST: dict[int | str, dict[str, Any]] = {
    200: {"description": "manifest.json", "content": {"application/json": {"schema": {"type": "object"}}}},
    304: _NOT_MODIFIED,
}


@router.head("/exports/{export_id}/download", include_in_schema=False)
@router.get("/exports/{export_id}/download", response_class=Response, responses=_FILE)
def download(request: Request, caller: SignedIn, until_sent: UntilSent, export_id: ExportId) -> Response:
    """The export's file: whole, or one range of it; 303 to a short-lived URL where downloads are kept in a bucket."""
    record, wanted = _wanted(caller, export_id)
    settings = registry().settings
    opened = open_published(Download(), registry().account, settings, wanted, delivered=True)
    if isinstance(opened, OpenFile):
        until_sent.enter_context(opened)
    answer = file_response(request, opened, stall_seconds=settings.download_stall_seconds)
    if request.method == "GET" and answer.status_code != 304:
        if isinstance(opened, OpenFile):
            until_sent.enter_context(_open_downloads().one(caller.id))
        sent = answer.headers.get("content-range")
        write_down("download", caller, record.dag_id, record.run_id, file=opened.file.name, range=sent)
    return answer


@router.get("/exports/{export_id}/manifest", response_class=Response, responses=_MANIFEST)
def manifest(request: Request, caller: SignedIn, export_id: ExportId) -> Response:
    """The export's manifest.json, byte for byte as it was published."""
    _, wanted = _wanted(caller, export_id)
    return manifest_response(
        request, published(Download(), registry().account, registry().settings, wanted, delivered=True)
    )


@cache
def _open_downloads() -> OpenDownloads:
    settings = registry().settings
    return OpenDownloads(per_process=settings.downloads_per_process, per_person=settings.downloads_per_person)


def _wanted(caller: Caller, export_id: int) -> tuple[ExportRecord, Wanted]:
    """Return an export that can be downloaded, and its folder with the SHA-256 of the file that its attempt delivered.

    It is the file of an earlier attempt unless the newest has replaced it. The session is closed on return: a download
    may last for hours.
    """
    with metadata_session() as session:
        record = authorized_export(session, caller, export_id)
        facts = facts_of_export(session, record.id)
    earlier = earlier_export(record)
    is_earlier = earlier is not None and earlier.is_downloadable
    left = earlier_manifest(earlier, facts) if earlier else manifest_in(facts.extract.get("manifest"))
    if not (is_earlier or record.status.can_download) or left is None:
        raise Refusal(409, "This export is not Created, so it cannot be downloaded.", code=ErrorCode.NOT_READY)
    if not is_earlier and DOWNLOAD not in delivered_to(record):
        raise Refusal(
            409,
            "This export was not delivered to Device Storage.",
            "It is in its bucket; create it with Device Storage to download it here.",
            code=ErrorCode.NOT_READY,
        )
    # Task state is writable through Airflow's API, so the folder is derived from the run alone.
    folder = ExportFolder(record.dag_id, record.run_id, _report_id(record), left.window_key)
    return record, Wanted(folder, left.files[0].sha256)


def _report_id(record: ExportRecord) -> str:
    report_id = report_id_of(record.dag_id)
    if report_id is not None:
        return report_id
    given = {key: value for key, value in record.conf.items() if value is not None}
    return conf_id(given.get("id", given.get("name")), record.run_id)
