"""Windows: half-open `[start, end)` of instants, and the date ranges that people choose them by.

Source of the presets: product-spec, "Date Range"; their exact meaning: domain reference, "decided".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from promo_reports.domain.dates.calendar import (
    add_months,
    days_before,
    exists,
    last_instant,
    local_date,
    start_of,
    start_of_week,
)


@dataclass(frozen=True)
class Window:
    """Half-open `[start, end)`; both are aware instants and start < end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a window starts before it ends, not {self.start} .. {self.end}")

    def key(self) -> str:
        """Return a name for directories and objects, unique and the same in every timezone: `<start>_<end>`."""
        return f"{instant_key(self.start)}_{instant_key(self.end)}"

    def days(self, zone: ZoneInfo) -> tuple[date, date]:
        """Return the first and the last local day that the window touches, both inclusive."""
        return local_date(self.start, zone), local_date(self.end - timedelta(microseconds=1), zone)

    def count_days(self, zone: ZoneInfo) -> int:
        """Return how many local days the window touches; one that the calendar skipped is none of them."""
        first, last = self.days(zone)
        days = (first + timedelta(days=each) for each in range((last - first).days + 1))
        return sum(exists(day, zone) for day in days)

    def exceeds_months(self, months: int, zone: ZoneInfo) -> bool:
        """Return whether the window ends after the clock shows its start's time of day so many calendar months later.

        Where the clock shows that time twice the second one is the limit, where it skips it the end of the gap.
        """
        start = self.start.astimezone(zone)
        return self.end > last_instant(add_months(start.date(), months), start.time(), zone)


def instant_key(moment: datetime) -> str:
    """Return an instant as a part of a name, in UTC: `20260301T050000Z`, with microseconds where it has any."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S.%fZ}" if utc.microsecond else f"{utc:%Y%m%dT%H%M%SZ}"


class Preset(StrEnum):
    """The date ranges of the product spec, by their key in a definition."""

    YESTERDAY = "yesterday"
    TODAY = "today"
    PAST_7_DAYS = "past_7_days"
    PAST_WEEK = "past_week"
    PAST_2_WEEKS = "past_2_weeks"
    PAST_3_WEEKS = "past_3_weeks"
    PAST_MONTH = "past_month"
    PAST_2_MONTHS = "past_2_months"
    PAST_3_MONTHS = "past_3_months"

    @property
    def label(self) -> str:
        """The name that users know: `Past 7 days`."""
        return self.value.replace("_", " ").capitalize()

    @property
    def months(self) -> int:
        """Calendar months that it spans: 0 where it is shorter than any month."""
        return _MONTHS.get(self, 0)


_WEEKS = {Preset.PAST_WEEK: 1, Preset.PAST_2_WEEKS: 2, Preset.PAST_3_WEEKS: 3}
_MONTHS = {Preset.PAST_MONTH: 1, Preset.PAST_2_MONTHS: 2, Preset.PAST_3_MONTHS: 3}


@dataclass(frozen=True)
class DayRange:
    """A custom range of local days, first and last both included."""

    first: date
    last: date


DateRange = Preset | DayRange | Window


def date_range_values(chosen: DateRange, zone: ZoneInfo | None = None) -> str | dict[str, str]:
    """Return a date range as a definition writes it: a preset's key, `{first, last}`, or `{start, end}`.

    The instants of a window are ISO 8601, with the offset of `zone` where one is given and their own where none is.
    """
    if isinstance(chosen, Preset):
        return chosen.value
    if isinstance(chosen, DayRange):
        return {"first": chosen.first.isoformat(), "last": chosen.last.isoformat()}
    start, end = (each.astimezone(zone) if zone else each for each in (chosen.start, chosen.end))
    return {"start": start.isoformat(), "end": end.isoformat()}


def date_range_from(values: str | Mapping[str, str]) -> DateRange:
    """Return the date range that `date_range_values` wrote; raises ValueError or KeyError for anything else."""
    if isinstance(values, str):
        return Preset(values)
    if "first" in values:
        return DayRange(date.fromisoformat(values["first"]), date.fromisoformat(values["last"]))
    return Window(datetime.fromisoformat(values["start"]), datetime.fromisoformat(values["end"]))


def resolve(chosen: DateRange, at: datetime, zone: ZoneInfo, week_starts_on: str) -> Window | None:
    """Return the absolute window of a date range chosen at an instant; None where it holds none yet, or not all.

    Weeks and months are complete calendar ones before today; "today", and a custom range whose last day is today, end
    at the instant of choosing. A range that reaches further into the future has no window: cut short, it would promise
    days that it does not hold.
    """
    if isinstance(chosen, Window):
        return chosen if chosen.end <= at else None
    if isinstance(chosen, DayRange) and chosen.last > local_date(at, zone):
        return None
    first, last = _local_days(chosen, local_date(at, zone), zone, week_starts_on)
    start, end = start_of(first, zone), start_of(last + timedelta(days=1), zone)
    end = min(end, at)
    return Window(start, end) if start < end else None


def _local_days(chosen: Preset | DayRange, today: date, zone: ZoneInfo, week_starts_on: str) -> tuple[date, date]:
    yesterday = days_before(today, 1, zone)
    if isinstance(chosen, DayRange):
        return chosen.first, chosen.last
    if chosen is Preset.TODAY:
        return today, today
    if chosen is Preset.YESTERDAY:
        return yesterday, yesterday
    if chosen is Preset.PAST_7_DAYS:
        return days_before(today, 7, zone), yesterday
    if chosen in _WEEKS:
        monday = start_of_week(today, week_starts_on)
        return monday - timedelta(weeks=_WEEKS[chosen]), monday - timedelta(days=1)
    first_of_month = today.replace(day=1)
    return add_months(first_of_month, -_MONTHS[chosen]), first_of_month - timedelta(days=1)
