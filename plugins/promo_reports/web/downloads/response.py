"""Responses with a published file, whole or one range, read from the descriptor that was opened on authorization."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from email.utils import formatdate

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from promo_reports.delivery import OpenFile, PresignedFile, PublishedExport
from promo_reports.domain.file_format import media_type_of
from promo_reports.domain.manifest import ExportFile
from promo_reports.object_stores.signed_url import content_disposition
from promo_reports.web.downloads.connection import hang_up
from promo_reports.web.error_handlers import Refusal

CHUNK = 64 * 1024
"""Bytes of one ASGI message. For a client that does not read, about three are buffered: in the middlewares, and in the
server's write buffer of the same size."""

log = logging.getLogger(__name__)

_KEEP_NOTHING = {"Cache-Control": "private, no-store"}
_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))", re.ASCII)


def file_response(request: Request, opened: OpenFile | PresignedFile, *, stall_seconds: float) -> Response:
    """Return the answer to GET and HEAD: the file itself, or 303 to its bucket; it closes the file when it has ended.

    One range (RFC 9110) gives 206, or `Refusal` (416) behind the end of the file, which stays open then; several
    ranges, other units and malformed ones are ignored: 200 with all of it. The ETag is the file's sha256:
    `If-None-Match` gives 304, `If-Range` the whole file if it is another one by now. A client that takes less than
    CHUNK bytes in `stall_seconds` loses its connection.
    """
    file = opened.file
    if _is_known(request.headers.get("if-none-match", ""), file.sha256):
        if isinstance(opened, OpenFile):
            opened.close()
        return Response(status_code=304, headers={"ETag": _etag(file.sha256), **_KEEP_NOTHING})
    if isinstance(opened, OpenFile):
        return _FileResponse(request, opened, stall_seconds)
    if request.method == "HEAD":
        # The URL is signed for GET alone.
        return Response(
            headers={**_headers(file), "Content-Length": str(file.bytes)}, media_type=media_type_of(file.name)
        )
    return RedirectResponse(opened.url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def manifest_response(request: Request, export: PublishedExport) -> Response:
    """Return the bytes of `manifest.json`, for reading in the browser."""
    sha256 = hashlib.sha256(export.content).hexdigest()
    headers = {"ETag": _etag(sha256), "X-Content-Type-Options": "nosniff", **_KEEP_NOTHING}
    if _is_known(request.headers.get("if-none-match", ""), sha256):
        return Response(status_code=304, headers=headers)
    return Response(export.content, headers={**headers, "Content-Encoding": "identity"}, media_type="application/json")


class _FileResponse(Response):
    """An open file, read chunk by chunk as the client takes them.

    Starlette's own opens the file by a path once more: a second descriptor for as long as it lasts.
    """

    def __init__(self, request: Request, opened: OpenFile, stall_seconds: float) -> None:
        self._opened, self._stall_seconds = opened, stall_seconds
        modified = formatdate(os.fstat(opened.stream.fileno()).st_mtime, usegmt=True)
        size = opened.file.bytes
        asked = _range_of(request, (_etag(opened.file.sha256), modified))
        self._span = _span(asked, size) if asked else range(size)
        headers = {
            **_headers(opened.file),
            "Accept-Ranges": "bytes",
            "Last-Modified": modified,
            "Content-Length": str(len(self._span)),
        }
        if asked:
            headers["Content-Range"] = f"bytes {self._span.start}-{self._span.stop - 1}/{size}"
        super().__init__(None, 206 if asked else 200, headers=headers, media_type=media_type_of(opened.file.name))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file until it is complete, the client disconnects or stalls; close it in each case."""
        with self._opened:
            async with anyio.create_task_group() as until_either_ends:
                until_either_ends.start_soon(_disconnected, receive, until_either_ends.cancel_scope)
                await self._send(scope, send)
                until_either_ends.cancel_scope.cancel()

    async def _send(self, scope: Scope, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        position, end = self._span.start, self._span.stop
        if scope["method"] == "HEAD" or position == end:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        if not await self._is_taken(scope, send, start):
            return
        while position < end:
            chunk = await anyio.to_thread.run_sync(
                os.pread, self._opened.stream.fileno(), min(CHUNK, end - position), position
            )
            if not chunk:
                raise OSError(f"{self._opened.file.name} has become shorter while it was sent")
            position += len(chunk)
            message = {"type": "http.response.body", "body": chunk, "more_body": position < end}
            if not await self._is_taken(scope, send, message):
                return

    async def _is_taken(self, scope: Scope, send: Send, message: Message) -> bool:
        """Send a message once there is room for it; if there is none in time, end the connection and return False."""
        with anyio.move_on_after(self._stall_seconds) as waiting:
            await send(message)
        if waiting.cancelled_caught:
            log.warning(
                "The client of a download of %s took nothing for %g seconds; its connection is %s.",
                self._opened.file.name,
                self._stall_seconds,
                "ended" if hang_up(scope) else "left to the proxy before this server",
            )
        return not waiting.cancelled_caught


async def _disconnected(receive: Receive, sending: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    sending.cancel()


def _headers(file: ExportFile) -> dict[str, str]:
    return {
        "Content-Disposition": content_disposition(file.name),
        # Airflow's gzip middleware would compress a CSV on the fly, without a length, unless it has an encoding.
        "Content-Encoding": "identity",
        "ETag": _etag(file.sha256),
        "X-Content-Type-Options": "nosniff",
        **_KEEP_NOTHING,
    }


def _etag(sha256: str) -> str:
    return f'"{sha256}"'


def _is_known(if_none_match: str, sha256: str) -> bool:
    """Return whether the client has it already; the comparison is weak, as RFC 9110 wants it here."""
    return any(each.strip().removeprefix("W/") in ("*", _etag(sha256)) for each in if_none_match.split(","))


def _range_of(request: Request, validators: tuple[str, str]) -> re.Match[str] | None:
    """Return the one range that a GET asks for; None where it gets the whole file."""
    ranges = request.headers.getlist("range")
    found = _ONE_RANGE.fullmatch(ranges[0].strip().lower()) if len(ranges) == 1 and request.method == "GET" else None
    if found is None or request.headers.get("if-range", validators[0]) not in validators:
        return None
    first, last, _ = found.groups()
    return None if first and last and int(first) > int(last) else found


def _span(asked: re.Match[str], size: int) -> range:
    """Return the bytes of a file that a range asks for; `Refusal` (416) where it has none of them."""
    first, last, suffix = asked.groups()
    if suffix is not None:
        span = range(max(0, size - int(suffix)), size)
    else:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    if not span:
        raise Refusal(
            416,
            f"The file has {size:,} bytes: there are none in this range.",
            "Ask for the whole file.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return span
