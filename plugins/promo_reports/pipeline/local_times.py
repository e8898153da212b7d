"""Times of UTC as PostgreSQL writes them in a timezone: `2026-11-16 06:00:00.25-05`, offsets without `:00`.

Asking a timezone costs more than all else of a row, so what it says is kept for each minute: within one, seconds and
fraction are the same everywhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_SAME_CALENDAR = 400  # years after which weekdays, leap years and therefore clock changes repeat
_MINUTE = timedelta(minutes=1)


class LocalTimes:
    """The local texts of one timezone.

    The first `MINUTE` characters of a UTC time (`2026-11-16 11:00`) are the key of `minutes`, which gives the local
    minute and its offset. It gives None where the clocks change within the day, where the offset has seconds, and at
    both ends of the calendar; `text` then says what the time is. A key that is no time raises `ValueError`.
    """

    MINUTE = 16
    KEPT = 20_000  # minutes: some 5 MB

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.minutes = _Minutes(zone)

    def text(self, utc: datetime) -> str:
        """The local text of a naive time of UTC; `OverflowError` for one before the year 1."""
        year = ""
        moment = utc.replace(tzinfo=timezone.utc)
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


class _Minutes(dict[str, "tuple[str, str] | None"]):
    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._days = _Days(zone)

    def __missing__(self, minute: str) -> tuple[str, str] | None:
        if len(self) >= LocalTimes.KEPT:
            self.clear()
        utc = datetime.fromisoformat(minute)
        offset = self._days[utc.toordinal()]
        self[minute] = found = None if offset is None else ((utc + offset).isoformat(" ")[:16], _written(offset))
        return found


class _Days(dict[int, "timedelta | None"]):
    """The offset of each day of UTC, None where it is not one: no timezone has ever changed it twice in four days."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, day: int) -> timedelta | None:
        if len(self) >= LocalTimes.KEPT:
            self.clear()
        self[day] = offset = self._offset(day)
        return offset

    def _offset(self, day: int) -> timedelta | None:
        begin = datetime.fromordinal(day).replace(tzinfo=timezone.utc)
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
