"""What an export would hold, without making it: all of it counted, and its first rows as COPY writes them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import TypeVar

from promo_reports.domain.report_type import ReportType
from promo_reports.errors import QueryTooSlow, SourceRefused
from promo_reports.pipeline.count import Counted, count
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.extract import open_snapshot
from promo_reports.pipeline.filters import check_exist
from promo_reports.pipeline.source import RecordSink, Snapshot, Source
from promo_reports.settings import Settings
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.report_query import load_report_query

Answer = TypeVar("Answer")

_CELL = re.compile(r'"([^"]*(?:""[^"]*)*)"|([^,]*)')


class UnknownValue(SourceRefused):
    """A value of `filter`, by its name, that the promo database does not know: a mistake of whoever asks."""

    def __init__(self, filter_name: str, reason: str, fix: str = "") -> None:
        super().__init__(reason, fix)
        self.filter = filter_name


class PreviewTooSlow(SourceRefused):
    """What is asked for takes longer than a preview may."""


@dataclass(frozen=True)
class Preview:
    """What the database counted, and the first records as COPY writes them, `\\n` ended."""

    export: Export
    counted: Counted
    records: tuple[bytes, ...]

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.export.definition.report_type.columns]

    @property
    def rows(self) -> list[list[str | None]]:
        """The records' cells as text; None is NULL."""
        return [cells(record) for record in self.records]

    def lines(self) -> Iterator[bytes]:
        """The beginning of the file."""
        yield (",".join(self.header) + "\n").encode()
        yield from self.records


def preview(export: Export, source: Source, settings: Settings, rows: int, *, seconds: float | None = None) -> Preview:
    """Count all and read the first rows, in one snapshot.

    Of all queries together, one that has not begun or, in PostgreSQL, not ended `seconds` from now raises
    `PreviewTooSlow`; connecting counts, but has a limit of its own. Without `seconds`, each query has the statement
    timeout of exports. `UnknownValue` is of a filter, any other `SourceRefused` of the database.
    """
    report_type = export.definition.report_type
    query = load_report_query(report_type, settings.sql)
    records: list[bytes] = []
    ends = None if seconds is None else time.monotonic() + seconds
    minutes = None if seconds is None else seconds / 60
    try:
        opened = open_snapshot(source, export.zone, settings, statement_timeout_minutes=minutes)
        with _Limited(opened, ends, dialect=source.dialect) as snapshot:
            _check_exist(snapshot, export, settings)
            found = count(snapshot, query, export)
            whole = query.rows(export.parameters, snapshot.formula_test if export.spreadsheet else None)
            first = BoundQuery(f"{whole.text}\nLIMIT {mark('first_rows')}", {**whole.values, "first_rows": rows})
            snapshot.copy(first, report_type, records.append, spreadsheet=export.spreadsheet)
    except QueryTooSlow:
        if seconds is None:
            raise
        raise PreviewTooSlow(
            f"The preview took longer than {seconds:g} seconds.",
            "Choose a shorter date range, or export without a preview.",
        ) from None
    return Preview(export, found, tuple(records))


def cells(record: bytes) -> list[str | None]:
    """The cells of one record of COPY's CSV: nothing is NULL, `""` the empty text, which `csv` cannot tell apart."""
    text = record.decode().removesuffix("\n")
    found: list[str | None] = []
    end = -1
    while end < len(text):
        cell = _CELL.match(text, end + 1)
        assert cell is not None  # noqa: S101 - it matches nothing, too
        quoted, bare = cell.groups()
        found.append((bare or None) if quoted is None else quoted.replace('""', '"'))
        end = cell.end()
    return found


class _Limited:
    """A snapshot whose queries end at one time (of `time.monotonic`, or never), and that knows which of them failed."""

    def __init__(self, snapshot: Snapshot, ends: float | None, *, dialect: str) -> None:
        self._snapshot, self._ends = snapshot, ends
        self._stops_queries = dialect == "postgresql"
        self.formula_test, self.timeless = snapshot.formula_test, snapshot.timeless
        self.taken_at: datetime
        self.failed: SourceRefused | None = None

    def __enter__(self) -> _Limited:
        self._snapshot.__enter__()
        self.taken_at = self._snapshot.taken_at
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._snapshot.__exit__(kind, error, trace)

    def fetch(self, query: BoundQuery) -> list[Sequence[object]]:
        return self._asked(lambda: self._snapshot.fetch(query))

    def copy(self, query: BoundQuery, report_type: ReportType, sink: RecordSink, *, spreadsheet: bool) -> int:
        return self._asked(lambda: self._snapshot.copy(query, report_type, sink, spreadsheet=spreadsheet))

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        try:
            if self._ends is not None:
                self._limit(self._ends - time.monotonic())
            return question()
        except SourceRefused as error:
            self.failed = error
            raise

    def _limit(self, seconds: float) -> None:
        if seconds <= 0:
            raise QueryTooSlow("No time is left.")
        if self._stops_queries:
            left = f"{max(1, round(seconds * 1000))}ms"  # 0 would be no limit
            self._snapshot.fetch(
                BoundQuery(f"SELECT set_config('statement_timeout', {mark('left')}, true)", {"left": left})
            )


def _check_exist(snapshot: _Limited, export: Export, settings: Settings) -> None:
    """Check one filter after the other, to tell whose value is unknown."""
    definition = export.definition
    for each in definition.report_type.filters:
        alone = replace(definition, report_type=replace(definition.report_type, filters=(each,)))
        try:
            check_exist(snapshot, alone, settings.sql)
        except SourceRefused as error:
            if error is snapshot.failed:
                raise
            raise UnknownValue(each.name, error.reason, error.fix) from None
