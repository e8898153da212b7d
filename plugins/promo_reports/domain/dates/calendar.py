"""Local calendar days as instants, right on DST days, at skipped midnights and across skipped dates.

All instants are UTC; the local date and timezone decide them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant at which the local clock shows `day at`, or has skipped it."""
    local = datetime.combine(day, at, tzinfo=zone).replace(fold=0)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return utc
    return _end_of_gap(local)


def last_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the last instant at which the local clock shows `day at`, or has passed it because it was put forward."""
    second = datetime.combine(day, at, tzinfo=zone).replace(fold=1).astimezone(UTC)
    return max(second, instant(day, at, zone))


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day; where midnight is skipped, the instant of the transition."""
    return instant(day, time(0), zone)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the local calendar date of an instant."""
    return moment.astimezone(zone).date()


def exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether a local day was not skipped, as 30 December 2011 was in Apia when it crossed the date line."""
    return start_of(day, zone) < start_of(day + timedelta(days=1), zone)


def days_before(day: date, count: int, zone: ZoneInfo) -> date:
    """Return the local day so many days before another, not counting those that the calendar skipped."""
    while count:
        day -= timedelta(days=1)
        count -= exists(day, zone)
    return day


def start_of_week(day: date, week_starts_on: str) -> date:
    """Return the first day of the calendar week that `day` is in."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_starts_on)) % 7)


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day (31 January + 1 month = 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))


def _end_of_gap(local: datetime) -> datetime:
    """Return the instant of the transition that skips a local time."""
    zone = local.tzinfo
    low = local.replace(fold=1).astimezone(UTC) - timedelta(days=1)
    high = local.replace(fold=0).astimezone(UTC) + timedelta(days=1)
    wanted = local.replace(tzinfo=None, fold=0)
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).replace(tzinfo=None, fold=0) < wanted:
            low = middle
        else:
            high = middle
    return high
