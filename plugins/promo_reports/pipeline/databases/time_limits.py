"""Time limits of a promo database, kept by the client whatever the server does (reliability, P16)."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from promo_reports.errors import PromoReportsError, QueryTooSlow, SourceUnavailable
from promo_reports.interruptible import LimitReached, interruptible
from promo_reports.pipeline.databases.database_socket import DatabaseSocket
from promo_reports.pipeline.databases.source import RecordSink, Source
from promo_reports.settings import Settings

Opened = TypeVar("Opened")

_SECONDS_TO_CLOSE = 1.0


@dataclass(frozen=True)
class TimeLimits:
    """Limits in seconds: of connecting, of one query, of its way, of silence within an answer, and of all together.

    A query may run for `query` seconds in the database, and its answer begins at most `network` seconds later. Once it
    has begun, it may pause for `silence` seconds. All is over at `ends`, a time of `time.monotonic`.
    """

    query: float
    silence: float = 300.0
    network: float = 60.0
    connect: float = 30.0
    ends: float = math.inf

    @classmethod
    def of(cls, settings: Settings, *, seconds: float | None = None) -> TimeLimits:
        """Return the limits of an export, or of all that is asked within `seconds` from now."""
        query = settings.statement_timeout_minutes * 60.0
        if seconds is None:
            return cls(query, float(settings.read_timeout_seconds))
        ends = time.monotonic() + seconds
        return cls(min(query, seconds), float(settings.read_timeout_seconds), connect=min(seconds, 30.0), ends=ends)

    @property
    def left(self) -> float:
        """Seconds until all must be over; QueryTooSlow where none are left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise QueryTooSlow("No time is left for another query.")
        return left


def open_in_time(
    source: Source, limits: TimeLimits, connect: Callable[[], Opened], discard: Callable[[Opened], object]
) -> Opened:
    """Return the session that `connect` opens; one that comes too late goes to `discard`.

    SourceUnavailable where none is opened within the limit of connecting, QueryTooSlow where no time is left at all.
    """
    limit = min(limits.connect, limits.left)
    try:
        return interruptible(connect, remaining=_until(limit), discard=discard, grace=0.0)
    except LimitReached:
        raise SourceUnavailable(
            f"Connection {source.connection!r}: no session was opened within {limit:.3g} s.", SourceUnavailable.AGAIN
        ) from None


def close_in_time(close: Callable[[], object], shut: Callable[[], None]) -> None:
    """Close a session as its driver does; where that waits for the server, `shut` its socket and leave it."""
    with contextlib.suppress(LimitReached):
        interruptible(close, end=shut, remaining=_until(_SECONDS_TO_CLOSE), grace=0.5)


def _until(seconds: float) -> Callable[[], float]:
    """Return a function that tells how many of so many seconds from now are left."""
    ends = time.monotonic() + seconds
    return lambda: ends - time.monotonic()


class Waiting:
    """The wait for the answer to one query, which begins now.

    `socket` tells when something arrives; without one the whole answer has the time of its first byte. `query` is the
    time that the query may take in the database, `ends_itself` whether the database keeps that limit.
    """

    def __init__(
        self, limits: TimeLimits, socket: DatabaseSocket | None, *, query: float, ends_itself: bool = True
    ) -> None:
        self._limits, self._socket = limits, socket
        self._query, self._ends_itself = query, ends_itself
        self._first_byte = query + (limits.network if ends_itself else 0.0)
        self._begun = time.monotonic()
        self._heard_at: float | None = None
        self._records = self._records_seen = 0
        if socket is not None:
            socket.heard()

    @property
    def over(self) -> bool:
        """Whether the query has used up its time in the database."""
        return time.monotonic() >= min(self._begun + self._query, self._limits.ends)

    def sink(self, write: RecordSink) -> RecordSink:
        """Return `write`, which counts as a sign of life where the socket does not tell what it receives."""
        if self._socket is not None and self._socket.received() is not None:
            return write

        def noted(record: bytes) -> None:
            self._records += 1
            write(record)

        return noted

    def remaining(self) -> float:
        """Return seconds that are left, by what has been received."""
        now = time.monotonic()
        if (self._socket is not None and self._socket.heard()) or self._records != self._records_seen:
            self._heard_at, self._records_seen = now, self._records
        ends = self._begun + self._first_byte if self._heard_at is None else self._heard_at + self._limits.silence
        return min(ends, self._limits.ends) - now

    def failure(self, source: Source) -> PromoReportsError:
        """Say which limit was reached."""
        where = f"Connection {source.connection!r}"
        if time.monotonic() >= self._limits.ends:
            return QueryTooSlow(f"{where}: the answer has not come in time.")
        if self._heard_at is not None:
            return SourceUnavailable(
                f"{where}: nothing was received for {self._limits.silence:g} s in the middle of an answer.",
                "If the database needs so long between two rows, raise PROMO_REPORTS_READ_TIMEOUT_SECONDS. "
                + SourceUnavailable.AGAIN,
            )
        if not self._ends_itself:
            return too_slow(f"{where}: the query was ended", self._query)
        return SourceUnavailable(
            f"{where}: no answer within {self._first_byte:g} s: the server, or a pooler or proxy before it, hangs.",
            SourceUnavailable.AGAIN,
        )


def too_slow(message: str, seconds: float) -> QueryTooSlow:
    """Return the error of a query that reached the statement timeout."""
    return QueryTooSlow(
        f"{message} (limit {seconds / 60:g} min).",
        "Raise PROMO_REPORTS_STATEMENT_TIMEOUT_MINUTES, or ask for a shorter window.",
    )
