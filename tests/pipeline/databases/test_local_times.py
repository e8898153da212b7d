"""Local times by the minute: what the timezone itself says of each instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promo_reports.pipeline.databases.local_times import Kept, LocalTimes

ZONES = sorted(available_timezones() - {"localtime"})
CHANGES = {
    "America/New_York": ["1883-11-18 17:00:00", "2026-03-08 07:00:00", "2026-11-01 06:00:00"],
    "Australia/Lord_Howe": ["2026-04-04 15:00:00", "2026-10-03 15:30:00"],
    "Pacific/Apia": ["2011-12-30 10:00:00"],
    "Africa/Monrovia": ["1972-01-07 00:44:30"],
    "Africa/Freetown": ["1939-09-01 01:00:00", "1939-09-05 00:40:00"],
    "Asia/Kathmandu": ["1985-12-31 18:30:00"],
    "Europe/Dublin": ["1916-05-21 02:25:21", "1971-10-31 02:00:00"],
}


def asked(utc: datetime, zone: str) -> str:
    """The slow answer."""
    local = utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    offset = local.isoformat()[len(local.replace(tzinfo=None).isoformat()) :].removesuffix(":00")
    text = local.replace(tzinfo=None).isoformat(" ")
    return (text.rstrip("0") if local.microsecond else text) + offset


def kept(utc: datetime, times: LocalTimes) -> str:
    """The answer of whoever writes cells."""
    text = utc.isoformat(" ")
    found = times.minutes[text[: LocalTimes.MINUTE]]
    if found is None:
        return times.text(utc)
    rest = text[LocalTimes.MINUTE :]
    return found[0] + (rest.rstrip("0") if utc.microsecond else rest) + found[1]


@settings(max_examples=500, deadline=None)
@given(utc=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), zone=st.sampled_from(ZONES))  # noqa: DTZ001
@example(utc=datetime(1, 1, 2), zone="Pacific/Kiritimati")  # noqa: DTZ001
@example(utc=datetime(9999, 12, 30), zone="Pacific/Kiritimati")  # noqa: DTZ001
def test_any_time_in_any_timezone(utc: datetime, zone: str) -> None:
    assert kept(utc, LocalTimes(ZoneInfo(zone))) == asked(utc, zone)


@settings(max_examples=300, deadline=None)
@given(
    change=st.sampled_from([(zone, moment) for zone, moments in CHANGES.items() for moment in moments]),
    aside=st.lists(st.timedeltas(timedelta(hours=-50), timedelta(hours=50)), min_size=2, max_size=20),
)
def test_times_around_a_change_of_the_clocks(change: tuple[str, str], aside: list[timedelta]) -> None:
    zone, moment = change
    times = LocalTimes(ZoneInfo(zone))
    for each in [*aside, timedelta(), timedelta(microseconds=-1)]:
        utc = datetime.fromisoformat(moment) + each
        assert kept(utc, times) == asked(utc, zone)


@pytest.mark.parametrize("zone", CHANGES)
def test_these_are_changes(zone: str) -> None:
    for moment in CHANGES[zone]:
        after = datetime.fromisoformat(moment)
        before = after - timedelta(microseconds=1)
        assert asked(after, zone)[19:] != asked(before, zone)[26:]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "MOST", 10)
    times = LocalTimes(ZoneInfo("Asia/Kolkata"))
    for hours in range(300):
        utc = datetime(2026, 1, 1) + timedelta(hours=hours)  # noqa: DTZ001
        assert kept(utc, times) == asked(utc, "Asia/Kolkata")
        assert len(times.minutes) <= 10


@pytest.mark.parametrize("text", ["0000-00-00 00:00", "2026-02-30 00:00", "2026-02-00 00:00", "2026-01-01 24:01"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        LocalTimes(ZoneInfo("UTC")).minutes[text]
