"""Sending a published file: all of it or one range, from the descriptor that was opened when it was authorised.

Starlette's FileResponse does the work. It gets the descriptor's own path, so that it opens the very same file again
even if its name is gone or belongs to another one; Linux and macOS both have `/dev/fd`.
"""

from __future__ import annotations

import hashlib
import os
import re

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from promo_reports.delivery import OpenFile, PresignedFile, PublishedExport
from promo_reports.delivery.opened import content_disposition
from promo_reports.domain.manifest import ExportFile

_KEEP_NOTHING = {"Cache-Control": "private, no-store"}
_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-\d{1,19})", re.ASCII)
_MEDIA_TYPES = {".csv": "text/csv; charset=utf-8", ".zip": "application/zip"}


def file_response(request: Request, opened: OpenFile | PresignedFile) -> Response:
    """The answer to GET and HEAD: the file itself, or 303 to its bucket; takes the file over and closes it.

    One range (RFC 9110) gives 206 or 416; several ranges, other units and malformed ones are ignored: 200 with all of
    it. The ETag is the file's sha256: `If-None-Match` gives 304, `If-Range` the whole file if it is another one by now.
    """
    file = opened.file
    if _is_known(request.headers.get("if-none-match", ""), file.sha256):
        if isinstance(opened, OpenFile):
            opened.close()
        return Response(status_code=304, headers={"ETag": _etag(file.sha256), **_KEEP_NOTHING})
    if isinstance(opened, OpenFile):
        return _Descriptor(opened)
    if request.method == "HEAD":
        # The URL is signed for GET alone.
        return Response(headers={**_headers(file), "Content-Length": str(file.bytes)}, media_type=_media_type(file))
    return RedirectResponse(opened.url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def manifest_response(request: Request, export: PublishedExport) -> Response:
    """The bytes of `manifest.json`, for reading in the browser."""
    sha256 = hashlib.sha256(export.content).hexdigest()
    headers = {"ETag": _etag(sha256), "X-Content-Type-Options": "nosniff", **_KEEP_NOTHING}
    if _is_known(request.headers.get("if-none-match", ""), sha256):
        return Response(status_code=304, headers=headers)
    return Response(export.content, headers={**headers, "Content-Encoding": "identity"}, media_type="application/json")


class _Descriptor(FileResponse):
    """A file that is open already; it is closed when the response ends, or the client goes away."""

    chunk_size = 256 * 1024

    def __init__(self, opened: OpenFile) -> None:
        descriptor = opened.stream.fileno()
        super().__init__(
            f"/dev/fd/{descriptor}",
            headers=_headers(opened.file),
            media_type=_media_type(opened.file),
            stat_result=os.fstat(descriptor),
        )
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close it whatever happens."""
        with self._opened:
            await super().__call__(_with_a_plain_range(scope), receive, send)


def _headers(file: ExportFile) -> dict[str, str]:
    return {
        "Content-Disposition": content_disposition(file.name),
        # Airflow's gzip middleware would compress a CSV on the fly, without a length, unless it has an encoding.
        "Content-Encoding": "identity",
        "ETag": _etag(file.sha256),
        "X-Content-Type-Options": "nosniff",
        **_KEEP_NOTHING,
    }


def _media_type(file: ExportFile) -> str:
    return _MEDIA_TYPES[os.path.splitext(file.name)[1]]  # noqa: PTH122 - a name, not a path


def _etag(sha256: str) -> str:
    return f'"{sha256}"'


def _is_known(if_none_match: str, sha256: str) -> bool:
    """Whether the client has it already; the comparison is weak, as RFC 9110 wants it here."""
    return any(each.strip().removeprefix("W/") in ("*", _etag(sha256)) for each in if_none_match.split(","))


def _with_a_plain_range(scope: Scope) -> Scope:
    """The request without a Range that is not one range of a GET: FileResponse would refuse it, or send several."""
    ranges = [value.decode("latin-1") for name, value in scope["headers"] if name == b"range"]
    found = _ONE_RANGE.fullmatch(ranges[0].strip().lower()) if len(ranges) == 1 and scope["method"] == "GET" else None
    first, last = found.groups() if found else (None, None)
    if found and not (first and last and int(first) > int(last)):
        return scope
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
