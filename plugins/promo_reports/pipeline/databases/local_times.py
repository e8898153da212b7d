"""Times of UTC as PostgreSQL writes them in a timezone: `2026-11-16 06:00:00.25-05`, offsets without `:00`.

Converting with zoneinfo costs more than all else of a row, so the result is cached by the minute: within a minute,
seconds and fraction are the same in every timezone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_SAME_CALENDAR = 400  # years after which weekdays, leap years and therefore clock changes repeat
_MINUTE = timedelta(minutes=1)


class Kept(dict[Key, Value]):
    """Memo cache of at most 100,000 keys (about 25 MB)."""

    MOST = 100_000

    def __init__(self, make: Callable[[Key], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Value:
        if len(self) >= self.MOST:
            self.clear()
        self[key] = made = self._make(key)
        return made


class LocalTimes:
    """The local texts of one timezone; `minutes` keeps what `minute` says."""

    MINUTE = 16  # characters of `2026-11-16 11:00`

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days = Kept(self._day)
        self.minutes = Kept(self.minute)

    def minute(self, utc: str) -> tuple[str, str] | None:
        """Return the local minute and its offset, for the first `MINUTE` characters of a time of UTC.

        None where the clocks change within the day, where the offset has seconds, and at both ends of the calendar:
        `text` then says what the time is. Raises `ValueError` for what is no time.
        """
        moment = datetime.fromisoformat(utc)
        offset = self._days[moment.toordinal()]
        return None if offset is None else ((moment + offset[0]).isoformat(" ")[: self.MINUTE], offset[1])

    def text(self, utc: datetime) -> str:
        """Return the local text of a naive time of UTC; `OverflowError` for one before the year 1."""
        year = ""
        moment = utc.replace(tzinfo=UTC)
        try:
            local = moment.astimezone(self._zone)
        except OverflowError:  # 9999-12-31, "never", is in the year 10000 east of Greenwich
            if utc.year == 1:
                raise
            local = moment.replace(year=utc.year - _SAME_CALENDAR).astimezone(self._zone)
            year = str(local.year + _SAME_CALENDAR)
        text = local.replace(tzinfo=None).isoformat(" ")
        if local.microsecond:
            text = text.rstrip("0")
        return (year + text[4:] if year else text) + _written(local.utcoffset() or timedelta())

    def _day(self, day: int) -> tuple[timedelta, str] | None:
        """Return the offset of a day of UTC; None where it changes. No timezone changes twice in three days."""
        offset = self._offset(day)
        return None if offset is None else (offset, _written(offset))

    def _offset(self, day: int) -> timedelta | None:
        begin = datetime.fromordinal(day).replace(tzinfo=UTC)
        try:
            first, last = (each.astimezone(self._zone).utcoffset() for each in (begin, begin + timedelta(days=1)))
        except OverflowError:
            return None
        return first if first is not None and first == last and not first % _MINUTE else None


def _written(offset: timedelta) -> str:
    seconds = offset // timedelta(seconds=1)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = f"{sign}{hours:02d}"
    if minutes or seconds:
        text += f":{minutes:02d}"
    return text + (f":{seconds:02d}" if seconds else "")
