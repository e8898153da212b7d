"""Read the staged artifact again while it is written (reliability, P8).

What is read is the file that will be delivered: decompressed, parsed, counted, summed and hashed, by readers that share
no code with the writers.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from promo_reports.domain.file_format import FileFormat
from promo_reports.domain.manifest import Part
from promo_reports.errors import ReconciliationError
from promo_reports.interruptible import GRACE
from promo_reports.pipeline.databases.source import GroupTotals
from promo_reports.pipeline.decimals import exact_sum
from promo_reports.pipeline.formats.checksummed_span import ChecksummedSpan
from promo_reports.pipeline.formats.file_code import Unreadable, code_of
from promo_reports.pipeline.formats.growing_file import GrowingFile
from promo_reports.pipeline.formats.heading import Heading
from promo_reports.pipeline.formats.tally import Tally

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Reading:
    """What the second reading found; `cells_changed` are those of each column that the cell policy changed.

    `masked` are those of each masked column that have the form of a masked cell.
    `due` are, by the key of a policy, those that another policy would change (`Tally.others`).
    """

    rows: int
    sums: dict[str, Decimal]
    groups: dict[str, GroupTotals]
    parts: tuple[Part, ...]
    bytes: int
    sha256: str
    cells_changed: dict[str, int]
    masked: dict[str, int]
    due: dict[str, dict[str, int]]


class SecondReading:
    """Reads every cell of a file on a thread of its own, from the moment that the `with` block is entered.

    What it raises, if the file is wrong, `result` raises. Leaving the block ends it.
    """

    def __init__(self, file: GrowingFile, file_format: FileFormat, heading: Heading, tally: Tally) -> None:
        self._file, self._format, self._heading, self._tally = file, file_format, heading, tally
        self._parts: tuple[Part, ...] = ()
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="export-second-reading", daemon=True)

    def __enter__(self) -> SecondReading:
        try:
            self._thread.start()
        except BaseException:  # a signal's handler may raise while the thread has begun
            self._file.abandon()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.abandon()
        self._ended.wait(GRACE)

    def result(self, spans: Sequence[ChecksummedSpan]) -> Reading:
        """Wait for the end of the finished file; raise `ReconciliationError` where it is damaged.

        `spans` are the bytes as they were written. They are compared first, so that a bit which changed where no reader
        looks is found too, and a cell is only blamed for what the database sent.
        """
        sha256 = _compared(self._file.path, spans)
        self._ended.wait()
        if isinstance(self._error, Unreadable):
            raise ReconciliationError(
                f"The staged file {self._file.path.name} cannot be read again: {self._error}."
            ) from None
        if self._error is not None:
            raise self._error
        groups = self._tally.groups()
        totals = self._tally.report_type.totals
        return Reading(
            rows=sum(part.rows for part in self._parts),
            sums={c.name: exact_sum(group.sums[c.name] for group in groups.values()) for c in totals},
            groups=groups,
            parts=self._parts,
            bytes=sum(span.length for span in spans),
            sha256=sha256,
            cells_changed=self._tally.cells_changed,
            masked=self._tally.masked,
            due=self._tally.due,
        )

    def _run(self) -> None:
        try:
            with self._file as file:
                self._parts = code_of(self._format).read_back(file, self._heading, self._tally)
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()


def _compared(path: Path, spans: Sequence[ChecksummedSpan]) -> str:
    """Return the file's hash; raises `ReconciliationError` unless it is exactly the spans."""
    whole = hashlib.sha256()
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(1, thread_name_prefix="export-hash") as other:
        for span in spans:
            digest, left = hashlib.sha256(), span.length
            while left and (chunk := file.read(min(left, _CHUNK))):
                hashed = other.submit(whole.update, chunk)
                digest.update(chunk)
                hashed.result()
                left -= len(chunk)
            if left or digest.hexdigest() != span.sha256:
                raise ReconciliationError(
                    f"The staged file {path.name} is not what was written, before byte {file.tell()}."
                )
        if file.read(1):
            raise ReconciliationError(f"The staged file {path.name} is longer than what was written.")
    return whole.hexdigest()
