"""Windows in words, and windows given by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from promo_reports.cli.windows import in_words, local, moment, short
from promo_reports.domain.dates.window import Window
from promo_reports.errors import InvalidInput

NEW_YORK = ZoneInfo("America/New_York")


def window(start: str, end: str, zone: ZoneInfo = NEW_YORK) -> Window:
    return Window(moment("--start", start, zone), moment("--end", end, zone))


@pytest.mark.parametrize(
    ("start", "end", "zone", "words"),
    [
        ("2026-11-22", "2026-11-23", "America/New_York", "Sunday 2026-11-22, America/New_York"),
        ("2026-11-16", "2026-11-23", "Asia/Kolkata", "Monday 2026-11-16 to Sunday 2026-11-22 (7 days), Asia/Kolkata"),
        ("2026-11-01", "2026-11-02", "America/New_York", "Sunday 2026-11-01 (25 hours), America/New_York"),
        ("2026-03-08", "2026-03-09", "America/New_York", "Sunday 2026-03-08 (23 hours), America/New_York"),
        (
            "2026-10-01",
            "2026-11-01",
            "Australia/Lord_Howe",
            "Thursday 2026-10-01 to Saturday 2026-10-31 (31 days, 743.5 hours), Australia/Lord_Howe",
        ),
        (
            "2026-11-22T05:00:00Z",
            "2026-11-23T05:00:00Z",
            "America/New_York",
            "Sunday 2026-11-22, America/New_York",
        ),
        (
            "2026-11-23",
            "2026-11-23T07:30:15.5-05:00",
            "America/New_York",
            "2026-11-23 00:00-05:00 up to 2026-11-23 07:30:15.500000-05:00, America/New_York",
        ),
        (  # 30 December never was
            "2011-12-26",
            "2012-01-02",
            "Pacific/Apia",
            "Monday 2011-12-26 to Sunday 2012-01-01 (6 days), Pacific/Apia",
        ),
        ("2026-03-08", "2026-03-09", "America/Havana", "Sunday 2026-03-08 (23 hours), America/Havana"),
    ],
)
def test_in_words(start: str, end: str, zone: str, words: str) -> None:
    assert in_words(window(start, end, ZoneInfo(zone)), None, ZoneInfo(zone)) == words


def test_a_snapshot_in_words() -> None:
    at = moment("--as-of", "2026-11-23T12:00:05Z", NEW_YORK)
    assert in_words(None, at, NEW_YORK) == "as of 2026-11-23 07:00:05-05:00, America/New_York"
    assert local(at, NEW_YORK) == "2026-11-23 07:00:05-05:00"


def test_short() -> None:
    assert short(window("2026-11-22", "2026-11-23"), NEW_YORK) == "2026-11-22"
    assert short(window("2026-11-16", "2026-11-23"), NEW_YORK) == "2026-11-16 to 2026-11-22"


def test_a_day_starts_where_its_midnight_is_skipped() -> None:
    havana = ZoneInfo("America/Havana")
    assert moment("--start", "2026-03-08", havana) == datetime(2026, 3, 8, 1, tzinfo=havana)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "must be a date like 2026-01-31, not 'yesterday', or a time with offset"),
        ("2026-02-30", "2026-02-30 is not in the calendar"),
        ("2026-11-22T05:00:00", "must be a time with offset like"),
        ("2026-11-22 25:00:00Z", "must be a time with offset like"),
        ("0001-01-01", "is not between the years"),
        ("", "must be a date like"),
    ],
)
def test_what_is_no_moment(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        moment("--start", text, NEW_YORK)
    assert refused.value.problems[0].path == "--start"
