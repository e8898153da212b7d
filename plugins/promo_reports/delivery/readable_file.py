"""A published file in a reader's hands: open in the download area, or for a moment readable at a URL of its bucket."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import FileIO
from types import TracebackType

from promo_reports.domain.manifest import ExportFile


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
    """A file of a bucket; whoever has `url` may download it for a moment, so it is never shown or logged."""

    file: ExportFile
    url: str = field(repr=False)
