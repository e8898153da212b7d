"""All timezones, and the instants at which their clocks change: found by looking, not by our code."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from promo_reports.domain.dates.timezones import load_timezone, timezone_names

FROM, TO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
STEP = timedelta(days=15)  # shorter than the time between any two changes

ZONES = sorted(timezone_names())


def offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The first instants of new offsets, to the second."""
    zone = load_timezone(name)
    found = []
    moment, before = FROM, offset(FROM, zone)
    while moment < TO:
        after = moment + STEP
        if offset(after, zone) != before:
            low, high = moment, after
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) // 2).replace(microsecond=0)
                low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
            found.append(high)
            before = offset(after, zone)
        moment = after
    return tuple(found)


@cache
def distinct_zones() -> tuple[str, ...]:
    """One name of each set of zones whose clocks agree over the whole span."""
    by_behaviour: dict[tuple[object, ...], str] = {}
    for name in ZONES:
        behaviour = (
            offset(FROM, load_timezone(name)),
            *((at, offset(at, load_timezone(name))) for at in changes(name)),
        )
        by_behaviour.setdefault(behaviour, name)
    return tuple(by_behaviour.values())


def first_reading(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first second at which the local clock shows a time or later, found by walking the clock itself."""
    wanted = datetime.combine(day, at)
    moment = (wanted - timedelta(hours=30)).replace(tzinfo=UTC)
    for step in (timedelta(minutes=30), timedelta(seconds=30), timedelta(seconds=1)):
        while (moment + step).astimezone(zone).replace(tzinfo=None) < wanted:
            moment += step
    return moment + timedelta(seconds=1)


def days_around(moment: datetime, zone: ZoneInfo, reach: int = 3) -> list[date]:
    middle = moment.astimezone(zone).date()
    return [middle + timedelta(days=each) for each in range(-reach, reach + 1)]


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """Any zone with any day, every second time one beside a change of its clock."""
    name = draw(st.sampled_from(ZONES))
    near = changes(name)
    if near and bool(draw(st.booleans())):
        return name, draw(st.sampled_from(days_around(draw(st.sampled_from(near)), load_timezone(name))))
    return name, draw(st.dates(FROM.date(), TO.date()))
