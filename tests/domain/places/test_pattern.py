"""Patterns: what they may say, and that no two windows or reports get one place unless it is seen before."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promo_reports.domain.dates.calendar import start_of
from promo_reports.domain.dates.schedule import Interval, Schedule
from promo_reports.domain.dates.timezones import load_timezone
from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import REPORT_ID, words_of
from promo_reports.domain.places.export_place import ExportPlace, Placement
from promo_reports.domain.places.pattern import DIRECTIVES, Detail, Named, Pattern

EXPORT = Named(
    "weekly_wallets",
    "wallet_summary",
    "weekly_wallets_of_koln",
    "0123456789abcdef" * 2,
    datetime.fromisoformat("2026-03-02T00:00:00-05:00"),
    datetime.fromisoformat("2026-03-09T00:00:00-04:00"),
)
DEFAULT = ExportPlace(("weekly_wallets", "20260302T050000Z_20260309T040000Z"))
ZONES = [
    "UTC",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Africa/Cairo",
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dt={start:%Y-%m-%d}/", ["dt=2026-03-02"]),
        ("{report_id}/dt={start:%Y-%m-%d}", ["weekly_wallets", "dt=2026-03-02"]),
        ("{report_type}/{name}/{start}_{end}", [
            "wallet_summary", "weekly_wallets_of_koln", "20260302T050000Z_20260309T040000Z",
        ]),
        ("year={start:%Y}/month={start:%m}/day={start:%d}", ["year=2026", "month=03", "day=02"]),
        ("{start:%Y/%m/%d}", ["2026", "03", "02"]),
        ("{start:%G-W%V-%u}", ["2026-W10-1"]),
        ("{end:%Y.%j}", ["2026.068"]),
        ("{end:%Y%m%dT%H%M%S}", ["20260309T000000"]),
        ("on-demand/{export_id}", ["on-demand", "0123456789abcdef" * 2]),
    ],
)  # fmt: skip
def test_what_a_folder_is_called(text: str, names: list[str]) -> None:
    assert list(Pattern.of_folder(text).names(EXPORT)) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds an empty name"),
        ("/{export_id}", "starts with /"),
        ("a//{export_id}", "holds an empty name"),
        ("{export_id}//", "holds an empty name"),
        ("../{export_id}", "holds . or .. as a part"),
        ("{export_id}/..", "holds . or .. as a part"),
        ("./{export_id}", "holds . or .. as a part"),
        ("{start:../%Y-%m-%d}", "holds . or .. as a part"),
        (".hidden/{export_id}", "begins with ., which query engines skip"),
        ("_promo_reports/{export_id}", "begins with _, which query engines skip"),
        ("{report}/{export_id}", "{report} is no token; there are {report_id}, {report_type}, {name}, {export_id}"),
        ("{}/{export_id}", "{} is no token"),
        ("{0}/{export_id}", "{0} is no token"),
        ("{name.__class__}/{export_id}", "{name.__class__} is no token"),
        ("{start.tzinfo}/{export_id}", "{start.tzinfo} is no token"),
        ("{name[0]}/{export_id}", "{name[0]} is no token"),
        ("{name!r}/{export_id}", "{name!r} is no token"),
        ("{na\u202eme}/{export_id}", "{na\\u202eme} is no token"),
        ("{name:>9}/{export_id}", "{name} takes no format"),
        ("{start:}", "the format of {start} has none of %Y, %m"),
        ("{start:day}", "the format of {start} has none of %Y, %m"),
        ("{start:%B}", "'%B' has no place in the format of {start}; allowed are %Y, %m, %d"),
        ("{start:%Y-%m-%d %H}", "has no place in the format of {start}"),
        ("{start:%%Y}", "'%%' has no place"),
        ("{start:%Y%}", "'%' has no place"),
        ("{start:{name}}", "is no part of a pattern"),
        ("{{start}}", "is no part of a pattern"),
        ("{start", "is no part of a pattern"),
        ("start}", "is no part of a pattern"),
        ("a b/{export_id}", "' b' is no part of a pattern: letters, digits, _ . = - and /, and the tokens {report_id}"),
        ("a\n/{export_id}", "is no part of a pattern"),
        ("a\0/{export_id}", "is no part of a pattern"),
        ("ä/{export_id}", "is no part of a pattern"),
        ("a\\..\\{export_id}", "is no part of a pattern"),
        ("%Y-%m-%d", "is no part of a pattern"),
        ("{report_id}", "does not tell windows apart"),
        ("{report_id}/{start:%Y-%m}", "does not tell windows apart"),
        ("{report_id}/{start:%Y-%V}", "does not tell windows apart"),
        ("{report_id}/{start:%Y-%d}", "does not tell windows apart"),
        ("{report_id}/{start:%m-%d}", "does not tell windows apart"),
        ("{report_id}/{start:%Y}{end:%m-%d}", "does not tell windows apart"),
        ("{report_id}/{start:%H%M%S}", "does not tell windows apart"),
        ("{report_id}-{name}/{export_id}", "holds {report_id} and {name} in one name"),
        ("{export_id}" + "x" * 500, "is 511 characters long; at most 500 are allowed"),
    ],
)  # fmt: skip
def test_what_a_folder_may_not_say(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Pattern.of_folder(text)


def test_a_file_has_one_name() -> None:
    assert Pattern.of_file("{name}_{start:%Y-%m-%d}").names(EXPORT) == ("weekly_wallets_of_koln_2026-03-02",)
    assert Pattern.of_file("wallets").names(EXPORT) == ("wallets",)
    for text in ("{start:%Y/%m}", "a/b", "a/"):
        with pytest.raises(ValueError, match="holds"):
            Pattern.of_file(text)


LITERALS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.=-]{0,3}\Z")
FORMATS = st.lists(st.sampled_from([*(f"%{each}" for each in DIRECTIVES), "-", "W", "."]), max_size=6).map("".join)
TIMES = st.tuples(st.sampled_from(["start", "end"]), st.sampled_from(["%Y", "%d", "%j"]), FORMATS)
FIXED = st.one_of(
    LITERALS,
    TIMES.map(lambda three: f"{{{three[0]}:{three[1]}{three[2]}}}"),
    st.sampled_from(["{start}", "{end}", "{export_id}"]),
)
FREE = st.sampled_from(["", "", "{report_id}", "{report_type}", "{name}"])
PARTS = st.tuples(st.lists(FIXED, min_size=1, max_size=3), FREE, st.lists(FIXED, max_size=2)).map(
    lambda three: "".join([*three[0], three[1], *three[2]])
)
TELLING = st.sampled_from([
    "{start}", "{end}", "{export_id}", "{start:%Y-%m-%d}", "{end:%Y/%m/%d}", "{start:%G%V%u}", "{end:%Y.%j}",
    "{start:%G-W%V}", "{end:%G/%V}",
])  # fmt: skip
PATTERNS = st.tuples(st.lists(PARTS, max_size=3), TELLING, st.lists(PARTS, max_size=1)).map(
    lambda three: "/".join([*three[0], three[1], *three[2]])
)
ANYTHING = st.one_of(PATTERNS, st.text("{}:%/._=-aYmdstarend\0\n ", max_size=20), st.text(max_size=20))
NAMES = st.text(max_size=130).map(words_of)
IDS = st.from_regex(REPORT_ID, fullmatch=True)


@st.composite
def exports(draw: st.DrawFn) -> Named:
    start = datetime(1970, 1, 2, tzinfo=UTC) + draw(st.timedeltas(timedelta(0), timedelta(days=83_000)))
    end = start + draw(st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
    zone = load_timezone(draw(st.sampled_from(ZONES)))
    export_id = draw(st.text("0123456789abcdef", min_size=32, max_size=32))
    return Named(
        draw(IDS), draw(st.from_regex(r"\A[a-z][a-z0-9_]{0,40}\Z")), draw(NAMES), export_id,
        start.astimezone(zone), end.astimezone(zone),
    )  # fmt: skip


@given(ANYTHING, exports())
def test_no_pattern_leaves_the_folder_it_is_written_below(text: str, export: Named) -> None:
    try:
        pattern = Pattern.of_folder(text)
    except ValueError:
        return
    names = pattern.names(export)
    assume(all(len(each) <= 255 for each in names))
    place = Placement(pattern).place(export, DEFAULT)
    assert place.folder == names
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._=-]*", each) for each in names)
    assert ExportPlace.from_json(place.to_json()) == place


def scheduled(interval: Interval, zone: str, week: str, first: date, count: int) -> list[Window]:
    schedule = Schedule(interval, zone, week, "monday" if interval is Interval.WEEKLY else None)
    delivery = schedule.first_from(start_of(first, load_timezone(zone)))
    windows = []
    for _ in range(count):
        windows.append(delivery.window)
        delivery = schedule.after(delivery.window)
    return windows


@given(
    PATTERNS,
    st.sampled_from(Interval),
    st.sampled_from(ZONES),
    st.sampled_from(["monday", "sunday", "thursday"]),
    st.dates(date(1970, 1, 2), date(2190, 1, 1)),
    st.booleans(),
)
def test_windows_of_a_schedule_meet_only_where_it_is_told(
    text: str, interval: Interval, zone: str, week: str, first: date, snapshot: bool
) -> None:
    """Over DST changes, skipped midnights, the ends of years, and the day that Apia left out."""
    pattern = Pattern.of_folder(text)
    needed = Detail.DAY if interval is Interval.DAILY else Detail.WEEK
    assume(pattern.tells_windows >= needed)
    local = load_timezone(zone)
    names = []
    for window in scheduled(interval, zone, week, first, 40):
        start, end = window.end if snapshot else window.start, window.end
        names.append(pattern.names(replace(EXPORT, start=start.astimezone(local), end=end.astimezone(local))))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("interval", Interval)
def test_a_schedule_over_years(interval: Interval, zone: str) -> None:
    texts = ["{start:%Y-%m-%d}", "{end:%G%V%u}", "{start:%Y.%j}"] + ["{start:%G-W%V}"] * (interval is Interval.WEEKLY)
    for text in texts:
        pattern, local = Pattern.of_folder(text), load_timezone(zone)
        windows = scheduled(interval, zone, "sunday", date(2011, 10, 1), 70 if interval is Interval.WEEKLY else 400)
        names = {
            pattern.names(replace(EXPORT, start=each.start.astimezone(local), end=each.end.astimezone(local)))
            for each in windows
        }
        assert len(names) == len(windows)


@given(PATTERNS, exports(), exports())
def test_reports_meet_only_where_it_is_told(text: str, one: Named, other: Named) -> None:
    pattern = Pattern.of_folder(text)
    of_one, of_other = pattern.of_report(one), pattern.of_report(other)
    if pattern.has("report_id") and one.report_id != other.report_id:
        assert of_one != of_other
    if of_one != of_other or (pattern.has("export_id") and one.export_id != other.export_id):
        assert pattern.names(one) != pattern.names(other)
    else:
        same_time = replace(other, start=one.start, end=one.end)
        assert pattern.names(one) == pattern.names(replace(same_time, export_id=one.export_id))


@given(IDS, NAMES, IDS, NAMES)
def test_two_reports_of_one_window_lie_apart(id_1: str, name_1: str, id_2: str, name_2: str) -> None:
    """Whatever their ids and names are: `a-b` called `c`, and `a` called `b_c`."""
    assume(id_1 != id_2)
    for text in ("{report_id}/{name}/{start}", "x-{report_id}{start:%Y%m%d}", "{start:%Y%m%d}{report_id}"):
        pattern = Pattern.of_folder(text)
        one, other = (replace(EXPORT, report_id=i, name=n) for i, n in ((id_1, name_1), (id_2, name_2)))
        assert pattern.names(one) != pattern.names(other)


def test_what_leads_into_a_folder_of_an_export() -> None:
    pattern = Pattern.of_folder("{report_id}/dt={start:%Y-%m-%d}/{export_id}/{end}")
    inside = ["dt=2026-03-02", "0123456789abcdef" * 2, "20260309T040000Z", "20260309T040000.000001Z"]
    assert all(pattern.may_name(each) for each in inside)
    assert not any(pattern.may_name(each) for each in ["weekly_wallets", "dt=", "dt=2026-3-2", "20260309"])


@pytest.mark.parametrize(
    "values",
    [
        {"folder": [".."]}, {"folder": ["a", "../b"]}, {"folder": [""]}, {"folder": []}, {"folder": "ab"},
        {"folder": ["a/b"]}, {"folder": [1]}, {"folder": None}, {"stem": "../x"}, {"stem": ""}, {"stem": 3},
        {"manifest": "x/manifest.json"}, {"manifest": "data-0123abcd.csv"}, {"manifest": None},
        {"folder": ["a" * 256]}, {"format_version": 2}, {"folder": ["manifest.json"]},
    ],
)  # fmt: skip
def test_a_record_that_leads_elsewhere_is_none(values: dict[str, Any]) -> None:
    whole = json.loads(DEFAULT.to_json())
    with pytest.raises(ValueError, match=r"."):
        ExportPlace.from_json(json.dumps(whole | values).encode())
    for content in (b"", b"[]", b"{", b"\xff"):
        with pytest.raises(ValueError, match=r"."):
            ExportPlace.from_json(content)
