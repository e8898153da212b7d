"""Windows as text: local days, or instants with an offset."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from promo_reports.cli.failures import usage_error
from promo_reports.definitions.inputs.fields import Day, Instant
from promo_reports.domain.dates.calendar import WEEKDAYS, local_date, start_of
from promo_reports.domain.dates.window import Window

_DAY: TypeAdapter[date] = TypeAdapter(Day)
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Parse a local day (its first instant) or an instant with offset; `InvalidInput` names the option."""
    is_day = ":" not in text
    try:
        return start_of(_DAY.validate_python(text), zone) if is_day else _INSTANT.validate_python(text)
    except ValidationError as invalid:
        other = ", or a time with offset like 2026-01-31T06:00:00-05:00" if is_day else ""
        raise usage_error(option, invalid.errors()[0]["msg"] + other) from None


def in_words(window: Window | None, as_of: datetime | None, zone: ZoneInfo) -> str:
    """`Monday 2026-11-16 to Sunday 2026-11-22 (7 days), America/New_York`; the hours where they are not 24 a day."""
    if window is None:
        return f"as of {local(as_of, zone)}, {zone.key}" if as_of is not None else "none"
    first, last = window.days(zone)
    if not _whole_days(window, zone):
        return f"{local(window.start, zone)} up to {local(window.end, zone)}, {zone.key}"
    days = window.count_days(zone)
    hours = (window.end - window.start).total_seconds() / 3600
    length = [f"{days} days"] if days > 1 else []
    length += [f"{hours:g} hours"] if hours != 24 * days else []
    more = f" ({', '.join(length)})" if length else ""
    return f"{_day(first)}{f' to {_day(last)}' if days > 1 else ''}{more}, {zone.key}"


def short(window: Window, zone: ZoneInfo) -> str:
    """Return the first and last local day of a window."""
    first, last = window.days(zone)
    return f"{first}" if first == last else f"{first} to {last}"


def local(instant: datetime, zone: ZoneInfo) -> str:
    """`2026-11-16 06:00-05:00`, with seconds where there are any."""
    here = instant.astimezone(zone)
    return here.isoformat(sep=" ", timespec="auto" if here.microsecond else "seconds" if here.second else "minutes")


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """`Mon 2026-11-16 06:00`."""
    here = instant.astimezone(zone)
    return f"{WEEKDAYS[here.weekday()][:3].title()} {here:%Y-%m-%d %H:%M}"


def _whole_days(window: Window, zone: ZoneInfo) -> bool:
    return all(each == start_of(local_date(each, zone), zone) for each in (window.start, window.end))


def _day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()].title()} {day}"
