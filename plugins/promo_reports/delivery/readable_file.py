"""A published file that is open for a reader, or readable at a presigned URL of its bucket."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import FileIO
from types import TracebackType

from promo_reports.domain.manifest import ExportFile


@dataclass(frozen=True)
class OpenFile:
    """An open file of the download area; `stream` reads all its bytes, even if the file is replaced or removed.

    Close it, or leave its `with` block; `web.downloads.response.file_response` does so when the response has ended.
    """

    file: ExportFile
    stream: FileIO

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self.stream.close()

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True)
class PresignedFile:
    """A file of a bucket at a short-lived URL, which grants access to whoever has it and is never shown or logged."""

    file: ExportFile
    url: str = field(repr=False)
