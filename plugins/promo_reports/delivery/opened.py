"""A published file in a reader's hands: open in the download area, or for a moment readable at a URL of its bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import FileIO
from types import TracebackType
from urllib.parse import quote

from promo_reports.domain.manifest import ExportFile
from promo_reports.errors import Damaged

URL_SECONDS = 60
"""Seconds in which a download from a bucket must begin; it may take as long as it likes to end."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ ()-]")


@dataclass(frozen=True)
class OpenFile:
    """A file of the download area, opened: whoever replaces or removes it, `stream` gives all its bytes.

    Close it, or leave its `with` block; `web.downloads.response.file_response` does so when the response has ended.
    """

    file: ExportFile
    stream: FileIO

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self.stream.close()

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class PresignedFile:
    """A file of a bucket; whoever has `url` may download it for URL_SECONDS, so it is never shown or logged."""

    file: ExportFile
    url: str = field(repr=False)


def damaged(address: str, how: str) -> Damaged:
    """Return the error for what lies at an address and is not what its manifest says."""
    return Damaged(
        f"{address} is damaged: {how}.", "Clear the run in Airflow: it is exported again, and put in its place."
    )


def content_disposition(name: str) -> str:
    """The header that makes a browser save a file under any name; programs that know ASCII alone get one, too."""
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
