"""Whether the server's timezone database says of a timezone what ours says.

Windows are computed here, cells are written there: where the two differ, the rows of a local day would be those of
another one. PostgreSQL does not show the release of its timezone data, so the offsets themselves are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.timezones import timezone_release
from promo_reports.errors import SourceRefused
from promo_reports.pipeline.databases.postgres.literals import literals
from promo_reports.sql.bound import BoundQuery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALL_TIMES = (_EPOCH, datetime(2100, 1, 1, tzinfo=UTC))
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)  # shorter than the time between two changes of any clock
_INSTANT, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)

# In the session's timezone, as the cells of COPY.
_DIFFERS = "CAST({at} AS timestamp) <> {at} AT TIME ZONE 'UTC' + step.utc_offset"
_SECONDS = "EXTRACT(EPOCH FROM CAST({at} AS timestamp) - {at} AT TIME ZONE 'UTC')"
_STEPS = "unnest(%(begins)s, %(ends)s, %(offsets)s) WITH ORDINALITY AS step (begins_at, ends_at, utc_offset, place)"
_DIFFERENCES = f"""
SELECT DISTINCT ON (step.place) step.place, clock.at, {_SECONDS.format(at="clock.at")}
FROM {_STEPS},
    LATERAL (
        SELECT generate_series(step.begins_at, step.ends_at, %(every)s) UNION ALL SELECT step.ends_at
    ) AS clock (at)
WHERE {_DIFFERS.format(at="clock.at")}
ORDER BY step.place, clock.at
"""  # noqa: S608 - no value is in it


@dataclass(frozen=True)
class _Step:
    """A time from one change of the clock to the next; `last` is the last microsecond of it."""

    first: datetime
    last: datetime
    offset: timedelta


@dataclass(frozen=True)
class _Difference:
    """A step in which the server's clock shows another time, the first instant where it was seen, its offset there."""

    step: _Step
    at: datetime
    there: timedelta


def check_timezone_data(cursor: Any, connection: str, zone: ZoneInfo, rows: BoundQuery, times: Sequence[str]) -> None:
    """Raise `SourceRefused` where the server's clock differs from ours in the window, or at a time that a row shows.

    The window is compared whether it has rows or not. Times outside of it, such as those of an expiry, are looked at
    only if the two databases differ in any year from 1970 to 2099. `times` are the columns of instants.
    """
    bounds = [value for value in rows.values.values() if isinstance(value, datetime)]
    if bounds:
        window = _steps(zone, min(bounds), max(min(bounds), max(bounds) - _INSTANT))
        if found := _differences(cursor, window, every=_DAY):
            raise _refused(cursor, connection, zone, found[0].at, found[0].there)
    differing = [each.step for each in _differences(cursor, _steps(zone, *_ALL_TIMES), every=_WEEK)]
    for column in times if differing else ():
        shown = _first_shown(cursor, column, rows, differing)
        if shown is not None:
            raise _refused(cursor, connection, zone, *shown, where=f", which column {column!r} shows")


@contextmanager
def known_timezone(connection: str, zone: ZoneInfo) -> Iterator[None]:
    """Raise `SourceRefused` where the server refuses to set a session's timezone, because it has none of that name."""
    import psycopg2

    try:
        yield
    except psycopg2.errors.InvalidParameterValue as error:
        if '"TimeZone"' not in str(error):  # the setting's name is in no language
            raise
        raise SourceRefused(
            f"Connection {connection!r}: PostgreSQL does not know the timezone {zone.key}, which {timezone_release()} "
            "has.",
            _FIX,
        ) from None


_FIX = (
    "Bring both to the same release: update the timezone data of the database server (its system's tzdata package, or "
    "PostgreSQL itself where it brings its own) and restart it, or pin the tzdata package of Airflow's hosts to the "
    "server's release (docs/deploy.md, Timezones)."
)


@lru_cache(maxsize=64)
def _steps(zone: ZoneInfo, first: datetime, last: datetime) -> tuple[_Step, ...]:
    """Return the steps of a timezone's clock that lie between two instants, both included."""
    found: list[_Step] = []
    begin = first.astimezone(UTC)
    for end in (*_changes(zone, begin, last.astimezone(UTC)), last.astimezone(UTC) + _INSTANT):
        found.append(_Step(begin, end - _INSTANT, _offset(begin, zone)))
        begin = end
    return tuple(found)


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the instants after the first, up to the last, from which the clock has another offset: whole seconds."""

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, zone).utcoffset()

    at, end = ((each - _EPOCH) // _SECOND for each in (first, last))
    before, week = offset(at), _WEEK // _SECOND
    while at < end:
        following = min(at + week, end)
        after = offset(following)
        if after != before:
            low, high = at, following
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            yield datetime.fromtimestamp(high, UTC)
        at, before = following, after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _differences(cursor: Any, steps: Sequence[_Step], *, every: timedelta) -> list[_Difference]:
    """The steps that differ at their ends, or at an instant of a grid from their beginning on, in the order of time."""
    cursor.execute(_DIFFERENCES, {**_arrays(steps), "every": every})
    return [
        _Difference(steps[place - 1], at, timedelta(seconds=float(seconds))) for place, at, seconds in cursor.fetchall()
    ]


def _first_shown(
    cursor: Any, column: str, rows: BoundQuery, steps: Sequence[_Step]
) -> tuple[datetime, timedelta] | None:
    """Return the first time in a column of which the two databases say different offsets, and the server's."""
    at = f"report.{column}"
    cursor.execute(
        f"SELECT {at}, {_SECONDS.format(at=at)}\n"
        f"FROM (\n{rows.pyformat()}\n) AS report\n"
        f"JOIN {_STEPS} ON {at} BETWEEN step.begins_at AND step.ends_at AND {_DIFFERS.format(at=at)}\n"
        f"ORDER BY {at} LIMIT 1",
        {**literals(rows.values), **_arrays(steps)},
    )
    found = cursor.fetchone()
    return None if found is None else (found[0], timedelta(seconds=float(found[1])))


def _arrays(steps: Sequence[_Step]) -> dict[str, object]:
    return {
        "begins": [step.first for step in steps],
        "ends": [step.last for step in steps],
        "offsets": [step.offset for step in steps],
    }


def _refused(
    cursor: Any, connection: str, zone: ZoneInfo, at: datetime, there: timedelta, *, where: str = ""
) -> SourceRefused:
    cursor.execute("SELECT current_setting('server_version')")
    ((version,),) = cursor.fetchall()
    moment = at.astimezone(UTC)
    clocks = [(moment + offset).strftime("%Y-%m-%d %H:%M:%S") for offset in (there, _offset(moment, zone))]
    return SourceRefused(
        f"Connection {connection!r}: the timezone data of PostgreSQL {version}, which does not tell its release, and "
        f"{timezone_release()} of this host differ for {zone.key}: at {moment:%Y-%m-%d %H:%M:%S} UTC{where}, the clock "
        f"shows {clocks[0]} there and {clocks[1]} here.",
        _FIX,
    )
