"""What every database owes: the same rows give the same bytes, and the same manifest."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from promo_reports.domain.dates.window import Window
from promo_reports.domain.manifest import event_key
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule
from promo_reports.errors import DataRefused, SourceRefused
from promo_reports.pipeline import extract as extract_module
from promo_reports.pipeline.export import Previous
from tests.support.databases.promo import (
    ALL,
    DAY,
    HEADER,
    MOVES,
    NOON,
    ORDER,
    SELECT,
    WHERE,
    WINDOW,
    Move,
    Project,
    Promo,
    content,
    days,
    export,
    numbered,
    total,
)

TEXTS = {
    "NULL": (None, ""),
    "empty": ("", '""'),
    "blank": (" ", " "),
    "blanks around": ("  a  ", "  a  "),
    "quote": ('a"b', '"a""b"'),
    "quotes": ('""', '""""""'),
    "comma": ("a,b", '"a,b"'),
    "newline": ("a\nb", '"a\nb"'),
    "carriage return": ("a\rb\r\n", '"a\rb\r\n"'),
    "end of data": ("\\.", "\\."),
    "backslashes": ("\\N \\n \\", "\\N \\n \\"),
    "byte order mark": ("\ufeffa", "\ufeffa"),
    "unicode": ("Größe 中文 עברית 🎁 e\u0301", "Größe 中文 עברית 🎁 e\u0301"),
    "line separators": ("a\u2028b\u0085c\x1cd\x0be", "a\u2028b\u0085c\x1cd\x0be"),
    "percent": ("%s %(a)s 100% :a", "%s %(a)s 100% :a"),
    "apostrophe": ("it's; DROP TABLE moves --", "it's; DROP TABLE moves --"),
    "tab": ("\t", "\t"),
    "formula": ("=1+1", "=1+1"),
}
FORMULAS = [
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@a", "'@a"),
    ("\ta", "'\ta"),
    ("\ra", '"\'\ra"'),
    ("＝1", "'＝1"),
    ("＠1", "'＠1"),
    (" =1", "' =1"),
    ("' =1", "'' =1"),
    ("'=1", "''=1"),
    ('=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'),
    ("'quoted'", "'quoted'"),
    ("\u00a0\u2009\u3000=1", "'\u00a0\u2009\u3000=1"),
    ("\ufeff\u0085\x1f-1", "'\ufeff\u0085\x1f-1"),
    ("\u200b=1", "\u200b=1"),
    ("1=1", "1=1"),
    ("", '""'),
    (None, ""),
]


def at(hour: int, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)


@pytest.mark.parametrize(("value", "cell"), TEXTS.values(), ids=TEXTS.keys())
def test_texts(value: str | None, cell: str, promo: Promo, project: Project) -> None:
    promo.load(Move(1, note=value), Move(2, note="b"))
    expected = f"1,2026-03-01 12:00:00+00,in,{cell},1.00,,,,\n2,2026-03-01 12:00:00+00,in,b,1.00,,,,\n"
    assert project.text(promo.source) == expected


def test_a_column_alone_keeps_null_empty_and_the_end_of_data_apart(promo: Promo, project: Project) -> None:
    project.write("SELECT m.note\n" + SELECT.partition("\n")[2] + WHERE + "ORDER BY m.note")
    alone = replace(
        MOVES,
        columns=(MOVES.column("note"),),
        order=("note",),
        window_column=None,
        recorded_column=None,
        totals_by=None,
        date_range=DateRangeRule.REQUIRED,
    )
    promo.load(*(Move(n, note=note) for n, note in enumerate(["", "\\.", "a", '"'])))
    assert content(project.make(promo.source, export(report_type=alone))) == b'note\n""\n""""\n"\\."\na\n'
    promo.execute("DELETE FROM moves WHERE id > 0", "UPDATE moves SET note = NULL")
    assert content(project.make(promo.source, export(report_type=alone))) == b"note\n\n"


@pytest.mark.parametrize("rows_per_file", [1, 100])
@pytest.mark.parametrize("number", ["7", "NULL"])
def test_an_order_that_leaves_open_which_row_comes_first(
    number: str, rows_per_file: int, promo: Promo, project: Project
) -> None:
    """The rows of a join that repeats them among them: the database may send equal rows in any order."""
    promo.load(*(replace(move, note="a" * n) for n, move in enumerate(numbered(3))), Move(8), Move(9, note="b"))
    project.write((SELECT + WHERE + ORDER).replace("m.id,", f"CASE WHEN m.id < 8 THEN m.id ELSE {number} END AS id,"))
    with pytest.raises(DataRefused, match=r"Row \d of .*equal to the row before it in moved_at, id, so that") as found:
        project.make(promo.source, rows_per_file=rows_per_file)
    assert not found.value.retryable
    assert project.left == []


@pytest.mark.parametrize(
    ("points", "cell"),
    [
        ("0.10", "0.10"),
        ("-0.01", "-0.01"),
        ("0.00", "0.00"),
        ("-1234567890123.45", "-1234567890123.45"),
        ("100001.00", "100001.00"),
        (None, ""),
    ],
)
def test_decimals(points: str | None, cell: str, promo: Promo, project: Project) -> None:
    promo.load(Move(1, points=points))
    staged = project.make(promo.source)
    assert content(staged).decode() == HEADER + f"1,2026-03-01 12:00:00+00,in,a,{cell},,,,\n"
    assert staged.manifest.totals == {"points": cell or "0"}


def test_dates_booleans_and_large_numbers(promo: Promo, project: Project) -> None:
    promo.load(
        Move(9_007_199_254_740_993, day="2026-02-28", active=True),
        Move(9_223_372_036_854_775_807, day="0044-03-15", active=False),
    )
    assert project.text(promo.source) == (
        "9007199254740993,2026-03-01 12:00:00+00,in,a,1.00,,2026-02-28,t,\n"
        "9223372036854775807,2026-03-01 12:00:00+00,in,a,1.00,,0044-03-15,f,\n"
    )


@pytest.mark.parametrize(
    ("moment", "zone", "cell"),
    [
        (at(12, 0, 0, 0), "UTC", "2026-03-01 12:00:00+00"),
        (at(12, 0, 0, 1), "UTC", "2026-03-01 12:00:00.000001+00"),
        (at(12, 0, 0, 250_000), "UTC", "2026-03-01 12:00:00.25+00"),
        (at(12, 0, 10, 0), "America/New_York", "2026-03-01 07:00:10-05"),
        (at(23), "Asia/Kolkata", "2026-03-02 04:30:00+05:30"),
        (at(1), "Asia/Kathmandu", "2026-03-01 06:45:00+05:45"),
        (at(1), "Pacific/Marquesas", "2026-02-28 15:30:00-09:30"),
        (at(11), "Pacific/Kiritimati", "2026-03-02 01:00:00+14"),
    ],
)
def test_timestamps_have_the_offset_of_the_reports_timezone(
    moment: datetime, zone: str, cell: str, promo: Promo, project: Project
) -> None:
    promo.load(Move(1, moved_at=moment))
    assert project.text(promo.source, export(timezone=zone)) == f"1,{cell},in,a,1.00,,,,\n"


@pytest.mark.parametrize(
    ("recorded", "zone", "cell"),
    [
        ("9999-12-31 23:59:59", "Asia/Kolkata", "10000-01-01 05:29:59+05:30"),
        ("9999-12-31 23:59:59", "America/New_York", "9999-12-31 18:59:59-05"),
        ("1883-01-01 00:00:00", "America/New_York", "1882-12-31 19:03:58-04:56:02"),
        ("0099-01-01 00:00:00", "UTC", "0099-01-01 00:00:00+00"),
    ],
)
def test_times_far_away(recorded: str, zone: str, cell: str, promo: Promo, project: Project) -> None:
    promo.load(Move(1))
    promo.execute(f"UPDATE moves SET recorded_at = '{recorded}'")
    noon = {"Asia/Kolkata": "17:30:00+05:30", "America/New_York": "07:00:00-05", "UTC": "12:00:00+00"}[zone]
    assert project.text(promo.source, export(timezone=zone)) == f"1,2026-03-01 {noon},in,a,1.00,,,,{cell}\n"


def test_the_hour_that_comes_twice_is_in_the_order_in_which_it_happened(promo: Promo, project: Project) -> None:
    fall_back = datetime(2026, 11, 1, 5, tzinfo=UTC)
    moments = [fall_back + timedelta(minutes=minutes) for minutes in (30, 90, 30, 59, 60)]
    promo.load(*(Move(n, moved_at=moment) for n, moment in enumerate(moments, start=1)))
    report = export(timezone="America/New_York", window=Window(fall_back, fall_back + timedelta(hours=2)))
    rows = list(csv.reader(io.StringIO(project.text(promo.source, report))))
    assert [(row[0], row[1]) for row in rows] == [
        ("1", "2026-11-01 01:30:00-04"),
        ("3", "2026-11-01 01:30:00-04"),
        ("4", "2026-11-01 01:59:00-04"),
        ("5", "2026-11-01 01:00:00-05"),
        ("2", "2026-11-01 01:30:00-05"),
    ]


def test_a_window_holds_its_start_and_not_its_end(promo: Promo, project: Project) -> None:
    microsecond = timedelta(microseconds=1)
    moments = [WINDOW.start - microsecond, WINDOW.start, WINDOW.end - microsecond, WINDOW.end]
    promo.load(*(Move(n, moved_at=moment) for n, moment in enumerate(moments)))
    assert [row[0] for row in project.text(promo.source).splitlines()] == ["1", "2"]


def test_a_window_may_end_within_a_second(promo: Promo, project: Project) -> None:
    end = at(12, 0, 0, 250_000)
    moments = [end - timedelta(microseconds=50_000), end - timedelta(microseconds=1), end, end + timedelta(seconds=1)]
    promo.load(*(Move(n, moved_at=moment) for n, moment in enumerate(moments)))
    first = project.text(promo.source, export(window=Window(DAY, end)))
    then = project.text(promo.source, export(window=Window(end, WINDOW.end)))
    assert [[row[0] for row in text.splitlines()] for text in (first, then)] == [["0", "1"], ["2", "3"]]


def test_no_rows_are_one_csv_with_a_header(promo: Promo, project: Project) -> None:
    staged = project.make(promo.source)
    (file,) = staged.manifest.files
    assert content(staged).decode() == HEADER
    assert (file.rows, file.first, file.last, file.members) == (0, None, None, ())
    assert (staged.manifest.rows, staged.manifest.totals) == (0, {"points": "0"})
    assert staged.manifest.totals_by == {"column": "kind", "values": {}}


def test_one_row_is_first_and_last(promo: Promo, project: Project) -> None:
    promo.load(Move(1))
    (file,) = project.make(promo.source).manifest.files
    assert (file.rows, file.first, file.last) == (1, "2026-03-01 12:00:00+00", "2026-03-01 12:00:00+00")


def test_totals_are_exact_and_by_group(promo: Promo, project: Project) -> None:
    moves = [Move(n, kind=kind, points=points) for n, (kind, points) in enumerate(
        [("in", "0.10"), ("in", "0.20"), ("out", "-7.05"), ("out", None), (None, "3.00"), ("", "4.00")]
    )]  # fmt: skip
    promo.load(*moves)
    manifest = project.make(promo.source).manifest
    assert manifest.totals == {"points": str(total(moves))}
    assert manifest.totals_by == {
        "column": "kind",
        "values": {
            "": {"rows": 2, "points": "7.00"},
            "in": {"rows": 2, "points": "0.30"},
            "out": {"rows": 2, "points": "-7.05"},
        },
    }


@pytest.mark.parametrize(
    ("column", "values", "names"),
    [
        ("active", [True, False, None], ["", "f", "t"]),
        ("day", ["2026-01-02", None], ["", "2026-01-02"]),
        ("moved_at", [NOON], ["2026-03-01 17:30:00+05:30"]),
        ("id", [1], ["1"]),
    ],
)
def test_groups_of_any_type_are_written_as_in_the_file(
    column: str, values: list[Any], names: list[str], promo: Promo, project: Project
) -> None:
    promo.load(*(replace(Move(n), **{column: value}) for n, value in enumerate(values, start=1)))
    report = export(report_type=replace(MOVES, totals_by=column), timezone="Asia/Kolkata")
    by = project.make(promo.source, report).manifest.totals_by
    assert by is not None
    assert list(by["values"]) == names


def test_groups_are_told_apart_by_their_bytes(promo: Promo, project: Project) -> None:
    """Whatever the collation of the column calls equal: letters of another case, blanks at the end."""
    kinds = ["in", "IN", "in ", "ín", "", None]
    promo.load(*(Move(n, kind=kind, points=f"{n}.00") for n, kind in enumerate(kinds)))
    folded = {"sqlite": "m.kind COLLATE NOCASE", "mysql": "m.kind COLLATE utf8mb4_general_ci"}
    kind = folded.get(promo.dialect, "m.kind")
    project.write((SELECT + WHERE + ORDER).replace("m.kind,", f"{kind} AS kind,"))
    every = {"shop": ("main",), "shelf": None, "kind": tuple(kind for kind in kinds if kind is not None)}
    staged = project.make(promo.source, export(filters=every))
    assert staged.manifest.totals_by
    assert {by: each["points"] for by, each in staged.manifest.totals_by["values"].items()} == {
        "in": "0.00", "IN": "1.00", "in ": "2.00", "ín": "3.00", "": "9.00",
    }  # fmt: skip


def test_formulas_are_made_safe_for_people_and_counted(promo: Promo, project: Project) -> None:
    promo.load(*(Move(n, note=note) for n, (note, _) in enumerate(FORMULAS)))
    staged = project.make(promo.source, export(spreadsheet=True))
    expected = "".join(f"{n},2026-03-01 12:00:00+00,in,{cell},1.00,,,,\n" for n, (_, cell) in enumerate(FORMULAS))
    assert content(staged).decode() == HEADER + expected
    assert (staged.manifest.csv_safety, staged.manifest.cells_changed) == ("spreadsheet", 14)
    raw = project.make(promo.source)
    assert (raw.manifest.csv_safety, raw.manifest.cells_changed) == ("raw", 0)


def test_groups_that_look_like_formulas_keep_their_names(promo: Promo, project: Project) -> None:
    promo.load(Move(1, kind="=x"), Move(2, kind="-x"), Move(3, kind="in"))
    for spreadsheet, changed in ((True, 2), (False, 0)):
        manifest = project.make(promo.source, export(spreadsheet=spreadsheet)).manifest
        assert manifest.totals_by is not None
        assert list(manifest.totals_by["values"]) == ["-x", "=x", "in"]
        assert manifest.cells_changed == changed


@pytest.mark.parametrize("spreadsheet", [True, False])
def test_a_cell_of_a_megabyte(spreadsheet: bool, promo: Promo, project: Project) -> None:
    note = 'é"\n,=x' * 200_000
    promo.load(Move(1, note=note), Move(2, note=note[1:]))
    text = project.text(promo.source, export(spreadsheet=spreadsheet))
    csv.field_size_limit(1 << 30)
    assert [row[3] for row in csv.reader(io.StringIO(text, newline=""))] == [note, note[1:]]


def test_filters_choose_rows(promo: Promo, project: Project) -> None:
    promo.load(
        Move(1, shelf="top", kind="in"),
        Move(2, shelf="bottom", kind="out"),
        Move(3, shelf="top", kind="out"),
        Move(4, shop="side", shelf="back", kind="in"),
    )

    def ids(**filters: tuple[str, ...] | None) -> list[str]:
        text = project.text(promo.source, export(filters={**ALL, **filters}))
        return [row.partition(",")[0] for row in text.splitlines()]

    assert ids() == ["1", "2", "3"]
    assert ids(kind=("out",)) == ["2", "3"]
    assert ids(shelf=("top",)) == ["1", "3"]
    assert ids(shelf=("top", "bottom"), kind=("in", "out")) == ["1", "2", "3"]
    assert ids(shop=("side",)) == ["4"]
    assert ids(shop=("side",), shelf=("back",), kind=("out",)) == []


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            {"shop": ("maine",)},
            "Report 'daily_moves': shop 'maine' is not in the promo database. Did you mean main?",
        ),
        ({"shop": ("zzz",)}, "shop 'zzz' is not in the promo database. There are 2 to choose from."),
        (
            {"shop": ("main",), "shelf": ("top", "botom")},
            "shelf 'botom' is not in the promo database for shop 'main'. Did",
        ),
        (
            {"shop": ("side",), "shelf": ("top",)},
            "shelf 'top' is not in the promo database for shop 'side'. There are 1",
        ),
        ({"shop": ("x",), "shelf": ("top",)}, "shop 'x' is not in the promo database."),
        ({"shop": ("' OR ''='",)}, "is not in the promo database."),
        ({"shop": ("main'; DROP TABLE moves; --",)}, "is not in the promo database."),
        ({"shop": ("main\x00",)}, "is not in the promo database."),
        ({"shop": ("\ud800",)}, "is not in the promo database."),
        ({"shop": ("main",), "kind": ("in\x00",)}, "kind 'in\\x00' is not in the promo database."),
        ({"shop": ("MAIN",)}, "is not in the promo database."),
        ({"shop": ("main ",)}, "is not in the promo database. Did you mean main?"),
    ],
)
def test_unknown_values_are_refused(
    filters: dict[str, tuple[str, ...]], message: str, promo: Promo, project: Project
) -> None:
    promo.load(Move(1))
    with pytest.raises(SourceRefused) as refused:
        project.make(promo.source, export(filters={**ALL, **filters}))
    assert message in str(refused.value)
    assert project.left == []


@pytest.mark.parametrize("hostile", ["'; DROP TABLE moves; --", "\\'; --", "%s %(x)s :x", '"', "＇", "\\", "$$"])
def test_filter_values_arrive_as_values(hostile: str, promo: Promo, project: Project) -> None:
    promo.load(Move(1, kind=hostile), Move(2, kind="in"))
    text = project.text(promo.source, export(filters={**ALL, "kind": (hostile, "' OR true --")}))
    assert [row.partition(",")[0] for row in text.splitlines()] == ["1"]


def test_rows_without_a_time_are_counted(promo: Promo, project: Project) -> None:
    promo.load(Move(1), Move(2, moved_at=None), Move(3, moved_at=None, kind="out"), Move(4, moved_at=None, shop="side"))
    manifest = project.make(promo.source).manifest
    assert (manifest.rows, manifest.excluded_rows) == (1, 2)


def test_late_rows_of_the_previous_window_are_counted(promo: Promo, project: Project) -> None:
    before = Window(days(-1), days(0))
    exported = days(0.5)
    promo.load(
        Move(1, moved_at=days(-0.5), recorded_at=days(-0.5)),
        Move(2, moved_at=days(-0.5), recorded_at=exported),
        Move(3, moved_at=days(-1), recorded_at=days(0.9)),
        Move(4, moved_at=days(0), recorded_at=days(0.9)),
        Move(5, moved_at=days(-0.5), recorded_at=days(0.9), kind="other"),
    )
    manifest = project.make(promo.source, export(previous=Previous(before, exported))).manifest
    assert manifest.late_rows == {
        "window_start": "2026-02-28T00:00:00+00:00",
        "window_end": "2026-03-01T00:00:00+00:00",
        "since": "2026-03-01T12:00:00+00:00",
        "rows": 2,
    }
    assert project.make(promo.source).manifest.late_rows is None


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO moves (id, moved_at, kind, shop, shelf) VALUES (9, '2026-03-01 13:00:00', 'in', 'main', 'top')",
        "UPDATE moves SET points = points + 1",
        "DELETE FROM moves WHERE id = 2",
    ],
)
def test_a_snapshot_does_not_change_between_count_and_copy(
    change: str, promo: Promo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    promo.load(*numbered(3))
    before = project.text(promo.source)
    count = extract_module.count  # type: ignore[attr-defined]

    def count_then_change(*arguments: Any) -> Any:
        counted = count(*arguments)
        promo.execute(change)
        return counted

    monkeypatch.setattr(extract_module, "count", count_then_change)
    assert project.text(promo.source) == before
    monkeypatch.undo()
    assert project.text(promo.source) != before


@pytest.mark.parametrize(("rows", "limit"), [(5, 5), (6, 5), (10, 5), (11, 5), (3, 1)])
def test_long_exports_are_a_zip_of_parts(rows: int, limit: int, promo: Promo, project: Project, tmp_path: Path) -> None:
    import zipfile

    promo.load(*numbered(rows))
    staged = project.make(promo.source, rows_per_file=limit)
    (file,) = staged.manifest.files
    if rows <= limit:
        assert file.name.endswith(".csv")
        return
    with zipfile.ZipFile(staged.directory / file.name) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist()]
        assert archive.namelist() == [member.name for member in file.members]
    assert all(text.startswith(HEADER) for text in texts)
    ids = [[int(line.partition(",")[0]) for line in text[len(HEADER) :].splitlines()] for text in texts]
    assert [number for part in ids for number in part] == list(range(1, rows + 1))
    assert [len(part) for part in ids[:-1]] == [limit] * (len(ids) - 1)
    assert [member.rows for member in file.members] == [len(part) for part in ids]
    assert 0 < len(ids[-1]) <= limit


def test_the_manifest_says_what_was_made(promo: Promo, project: Project) -> None:
    promo.load(Move(1, moved_at=at(1), points="2.50"), Move(2, moved_at=at(2), kind="out", points="-1.25"))
    staged = project.make(promo.source, export(timezone="Asia/Kolkata"))
    manifest = json.loads((staged.directory / "manifest.json").read_bytes())
    assert manifest == json.loads(staged.manifest.to_json())
    assert manifest["rows"] == manifest["source_rows"] == 2
    assert manifest["window"] == {
        "start": "2026-03-01T05:30:00+05:30",
        "end": "2026-03-02T05:30:00+05:30",
        "open": False,
    }
    assert manifest["filters"] == {"shop": ["main"], "shelf": None, "kind": ["in", "out", "", "=x", "-x"]}
    assert manifest["totals"] == {"points": "1.25"}
    assert [column["name"] for column in manifest["columns"]] == [column.name for column in MOVES.columns]
    assert [column.get("scale") for column in manifest["columns"]] == [column.scale for column in MOVES.columns]
    assert manifest["started_at"] == "2026-03-03T05:30:00+05:30"
    assert manifest["run_id"] == "run"
    assert manifest["window_key"] == "20260301T000000Z_20260302T000000Z"
    (file,) = manifest["files"]
    assert file["name"] == f"daily_moves_2026-03-01_to_2026-03-02-{file['sha256'][:8]}.csv"
    assert (file["first"], file["last"]) == ("2026-03-01 06:30:00+05:30", "2026-03-01 07:30:00+05:30")


def test_a_window_that_has_not_settled_is_open(promo: Promo, project: Project) -> None:
    recent = datetime.now(UTC).replace(microsecond=0)
    staged = project.make(promo.source, export(window=Window(recent - timedelta(hours=1), recent)))
    assert staged.manifest.window is not None
    assert staged.manifest.window["open"] is True


def test_a_snapshot_report_has_an_instant_instead_of_a_window(promo: Promo, project: Project) -> None:
    project.write(SELECT + WHERE.replace('{{ window.covers("m.moved_at") }}', "m.moved_at < {{ as_of }}") + ORDER)
    promo.load(Move(1, moved_at=days(-3)), Move(2, moved_at=days(0)))
    snapshot = replace(MOVES, date_range=DateRangeRule.NONE, window_column=None, recorded_column=None)
    staged = project.make(promo.source, export(report_type=snapshot, window=None, timezone="America/New_York"))
    assert content(staged).decode() == HEADER + "1,2026-02-25 19:00:00-05,in,a,1.00,,,,\n"
    assert (staged.manifest.window, staged.manifest.as_of) == (None, "2026-02-28T19:00:00-05:00")
    assert staged.manifest.files[0].name.startswith("daily_moves_as_of_2026-02-28-")


@pytest.mark.parametrize("limit", [1_000_000, 2])
def test_the_same_data_gives_the_same_bytes_and_event_key(limit: int, promo: Promo, project: Project) -> None:
    promo.load(*numbered(7))
    one = project.make(promo.source, rows_per_file=limit)
    first, name = content(one), one.manifest.files[0].name
    two = project.make(promo.source, now=days(5), rows_per_file=limit)
    assert (content(two), two.manifest.files[0].name) == (first, name)
    assert one.manifest.event_key == two.manifest.event_key == event_key(two.manifest)
    promo.load(Move(8))
    three = project.make(promo.source, rows_per_file=limit)
    assert three.manifest.event_key != one.manifest.event_key
    assert three.manifest.files[0].name != name


def test_progress_counts_up_to_the_databases_count(promo: Promo, project: Project) -> None:
    seen: list[tuple[int, int]] = []
    promo.load(*numbered(5))
    project.make(promo.source, progress=lambda rows, expected: seen.append((rows, expected)), rows_per_file=2)
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_progress_of_no_rows_is_told_too(promo: Promo, project: Project) -> None:
    seen: list[tuple[int, int]] = []
    project.make(promo.source, progress=lambda rows, expected: seen.append((rows, expected)))
    assert seen == [(0, 0)]


def test_a_missing_table_or_column_is_named(promo: Promo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("FROM moves", "FROM movements"))
    with pytest.raises(SourceRefused, match=r"Connection 'promo_db'.*movements") as refused:
        project.make(promo.source)
    project.write((SELECT + WHERE + ORDER).replace("m.note", "m.remark AS note"))
    with pytest.raises(SourceRefused, match=r"Connection 'promo_db'.*remark"):
        project.make(promo.source)
    assert not refused.value.retryable
    assert project.left == []


def test_a_column_that_the_template_does_not_select_is_named(promo: Promo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace(" m.rate,", ""))
    with pytest.raises(SourceRefused, match="rate"):
        project.make(promo.source)


def test_options_must_be_pairs(promo: Promo, project: Project) -> None:
    (project.sql / "options" / "shops.sql").write_text("SELECT s.shop FROM shops s")
    with pytest.raises(Exception, match=r"shops\.sql: answers 1 columns Select value and title\."):
        project.make(promo.source)


def test_exact_decimals_of_arithmetic(promo: Promo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.points,", "m.points * 3 AS points,"))
    promo.load(*(Move(n, points="0.10") for n in range(1, 8)))
    staged = project.make(promo.source)
    assert content(staged).decode().count(",0.30,") == 7
    assert staged.manifest.totals == {"points": "2.10"}


def test_columns_are_read_in_the_declared_order(promo: Promo, project: Project) -> None:
    promo.load(Move(1, note="n"))
    columns = (MOVES.column("note"), MOVES.column("id"), MOVES.column("moved_at"), Column("kind", ColumnType.TEXT, "K"))
    report = export(report_type=replace(MOVES, columns=columns, recorded_column=None, totals_by=None))
    assert content(project.make(promo.source, report)) == b"note,id,moved_at,kind\nn,1,2026-03-01 12:00:00+00,in\n"
