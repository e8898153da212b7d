"""SQLite alone: what its loose types could hide, and how it fails."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects import registry  # noqa: TID253
from sqlalchemy.dialects.sqlite.base import SQLiteDialect  # noqa: TID253

from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import DateRangeRule
from promo_reports.errors import DataRefused, PromoReportsError, SourceRefused, SourceUnavailable, SqlTemplateError
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.export import Previous
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import (
    DAY,
    HEADER,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    WINDOW,
    Move,
    Project,
    SqlitePromo,
    content,
    export,
    numbered,
)


def refusal(kind: type[PromoReportsError], project: Project, source: Source) -> str:
    with pytest.raises(PromoReportsError) as refused:
        project.make(source)
    assert type(refused.value) is kind, refused.value
    assert project.left == []
    return str(refused.value)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("note", "'a' || char(0) || 'b'", "Column 'note' holds a NUL character, which no CSV reader takes."),
        ("points", "'many'", "no number"),
        ("rate", "'1,000'", "Column 'rate' holds no number, and is declared decimal. Correct the data, or write CAST"),
        ("id", "'abc'", "Column 'id' holds no number, and is declared integer"),
        ("rate", "'=1+1'", "Column 'rate' holds no number, and is declared decimal"),
        ("points", "70368744177664.5", "Column 'points' holds a floating-point number that is too large for an exact"),
        ("points", "-1e300", "Column 'points' holds a floating-point number that is too large for an exact sum. Store"),
        ("rate", "CAST('5' AS blob)", "Column 'rate' holds no number, and is declared decimal"),
        ("rate", "9e999", "Column 'rate' holds NaN or Infinity"),
        ("day", "'1.3.2026'", "Column 'day' holds no date. Write it as YYYY-MM-DD."),
        ("day", "'2026-02-30'", "Column 'day' holds no date"),
        ("day", "'2026-03-01,\"'", "Column 'day' holds no date"),
        ("active", "'yes'", "Column 'active' holds no boolean. Write it as 1 or 0."),
        ("active", "2", "Column 'active' holds no boolean"),
        ("recorded_at", "'2026-03-01T12:00:00'", "Column 'recorded_at' holds no time. Write it in UTC as YYYY"),
        ("recorded_at", "'2026-03-01'", "Column 'recorded_at' holds no time"),
        ("recorded_at", "'2026-03-01 12:00'", "Column 'recorded_at' holds no time"),
        ("recorded_at", "'2026-03-01 12:00:00+05:30'", "Column 'recorded_at' holds no time"),
        ("recorded_at", "'2026-03-01 25:00:00'", "Column 'recorded_at' holds no time"),
        ("recorded_at", "1772366400", "Column 'recorded_at' holds no time"),
        ("recorded_at", "'soon'", "Column 'recorded_at' holds no time"),
    ],
)
def test_values_of_another_type_are_refused_without_quoting_them(
    column: str, value: str, words: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.load(Move(1), Move(2))
    on_sqlite.execute(f"UPDATE moves SET {column} = {value} WHERE id = 2")
    assert words in refusal(DataRefused, project, on_sqlite.source)


@pytest.mark.parametrize(
    ("column", "value", "cell"),
    [
        ("recorded_at", "'2026-03-01 12:00:00'", "2026-03-01 12:00:00+00"),
        ("recorded_at", "'2026-03-01 12:00:00.5'", "2026-03-01 12:00:00.5+00"),
        ("recorded_at", "'2026-03-01 12:00:00.000000'", "2026-03-01 12:00:00+00"),
        ("recorded_at", "'2026-03-01 12:00:00Z'", "2026-03-01 12:00:00+00"),
        ("recorded_at", "'2026-03-01 12:00:00.25+00:00'", "2026-03-01 12:00:00.25+00"),
        ("active", "'true'", "t"),
        ("active", "'F'", "f"),
        ("rate", "0.1", "0.1"),
        ("rate", "1e20", "100000000000000000000"),
        ("rate", "1e-7", "0.0000001"),
        ("rate", "-0.0", "0"),
        ("rate", "7", "7"),
        ("points", "0.1 + 0.2", "0.30"),
        ("points", "-0.001", "0.00"),
        ("points", "5", "5.00"),
        ("points", "70368744177663.99", "70368744177663.99"),
        ("points", "9223372036854775807", "9223372036854775807.00"),
        ("note", "x'00ff'", "\\x00ff"),
        ("note", "12", "12"),
        ("note", "1.5", "1.5"),
    ],
)
def test_loose_types_are_written_as_declared(
    column: str, value: str, cell: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.load(Move(1))
    on_sqlite.execute(f"UPDATE moves SET {column} = {value}")
    row = project.text(on_sqlite.source).rstrip("\n").split(",")
    assert row[HEADER.strip().split(",").index(column)] == cell


def test_times_with_and_without_a_fraction_are_in_the_same_windows(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(*(Move(n) for n in range(1, 9)))
    texts = ["00", "00.0", "00.000000", "01Z", "00.5", "00.25", "00+00:00", "00.999999"]
    for n, text in enumerate(texts, start=1):
        day = 1 if n < 7 else 2
        on_sqlite.execute(f"UPDATE moves SET moved_at = '2026-03-0{day} 00:00:{text}' WHERE id = {n}")
    ids = [row.partition(",")[0] for row in project.text(on_sqlite.source).splitlines()]
    assert sorted(ids) == ["1", "2", "3", "4", "5", "6"]


def test_whole_numbers_may_be_kept_as_floats(on_sqlite: SqlitePromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.id,", "m.id * 1.0 AS id,"))
    on_sqlite.load(Move(7))
    assert project.text(on_sqlite.source).startswith("7,2026")
    project.write((SELECT + WHERE + ORDER).replace("m.id,", "m.id + 0.5 AS id,"))
    assert "Column 'id' holds no whole number" in refusal(DataRefused, project, on_sqlite.source)


def test_text_that_is_no_utf8_is_refused_without_quoting_it(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1))
    on_sqlite.execute("UPDATE moves SET note = CAST(x'73656372657420ff' AS text)")
    message = refusal(DataRefused, project, on_sqlite.source)
    assert "a row holds bytes that are no UTF-8" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "statement", ["INSERT INTO shops VALUES ('a', 'b')", "CREATE TABLE a (b)", "DELETE FROM moves"]
)
def test_nothing_can_be_written(statement: str, on_sqlite: SqlitePromo) -> None:
    with (
        pytest.raises(SourceRefused, match="readonly database"),
        GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot,
    ):
        snapshot.fetch(BoundQuery(statement, {}))


def test_the_file_itself_is_opened_for_reading(on_sqlite: SqlitePromo) -> None:
    with GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot:
        snapshot._connection.exec_driver_sql("PRAGMA query_only = OFF")
        with pytest.raises(SourceRefused, match="readonly database"):
            snapshot.fetch(BoundQuery("DELETE FROM moves", {}))


@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite+pysqlite:///{}", "sqlite:///file:{}?mode=rw&uri=true"])
def test_forms_of_the_url(form: str, tmp_path: Path, project: Project) -> None:
    promo = SqlitePromo(tmp_path / "promo.sqlite")
    promo.load(Move(1))
    source = Source("promo_db", form.format(promo.path))
    assert source.dialect == "sqlite"
    assert project.text(source) == project.text(promo.source)


def test_a_relative_path(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    SqlitePromo(tmp_path / "promo.sqlite").load(Move(1))
    monkeypatch.chdir(tmp_path)
    assert project.make(Source("promo_db", "sqlite:///promo.sqlite")).manifest.rows == 1


@pytest.mark.parametrize("url", ["sqlite:///{}/none.sqlite", "sqlite://", "sqlite:///:memory:", "sqlite:///{}"])
def test_a_file_that_is_not_there_is_not_made(url: str, tmp_path: Path, project: Project) -> None:
    message = refusal(SourceRefused, project, Source("promo_db", url.format(tmp_path)))
    assert "Connection 'promo_db': there is no SQLite file" in message
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("host=127.0.0.1 password=hunter2", "its address is no valid URL"),
        ("oracle://a:hunter2@b/c", "no driver for 'oracle' is installed"),
        ("nosuchdb://a:hunter2@b/c", "no driver for 'nosuchdb' is installed"),
        ("mysql+nodriver://a:hunter2@b/c", "no driver for 'mysql' is installed"),
        ("mysql://a:hunter2@b:port/c", "its address is no valid URL"),
        ("", "its address is no valid URL"),
    ],
)
def test_addresses_that_lead_nowhere(url: str, words: str, project: Project) -> None:
    message = refusal(SourceRefused, project, Source("promo_db", url))
    assert "Connection 'promo_db'" in message
    assert words in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("size", "said", "fix"),
    [
        (50_000, "database disk image is malformed", "The file is damaged or not whole"),
        (0, "file is not a database", "The address names another kind of file"),
    ],
)
def test_a_damaged_file(size: int, said: str, fix: str, on_sqlite: SqlitePromo, project: Project) -> None:
    """No retry mends it."""
    on_sqlite.load(*numbered(2000))
    on_sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode = DELETE")
    whole = on_sqlite.path.read_bytes()
    on_sqlite.path.write_bytes(whole[:size] or b"no database".ljust(100) + whole[100:])
    message = refusal(SourceRefused, project, on_sqlite.source)
    assert said in message
    assert fix in message


def test_a_file_that_cannot_be_opened(tmp_path: Path, project: Project) -> None:
    """As one that the user may not read; SQLite opens no path of so many characters either."""
    path = tmp_path.joinpath(*["long" * 50] * 3, "promo.sqlite")
    path.parent.mkdir(parents=True)
    path.touch()
    message = refusal(SourceRefused, project, Source("promo_db", f"sqlite:///{path}"))
    assert "unable to open database file. Let the user that runs exports read the file" in message


def test_a_file_that_is_no_database(tmp_path: Path, project: Project) -> None:
    (tmp_path / "promo.sqlite").write_bytes(b"something else, long enough to be looked at" * 99)
    message = refusal(SourceRefused, project, Source("promo_db", f"sqlite:///{tmp_path / 'promo.sqlite'}"))
    assert "file is not a database" in message


def test_a_database_that_somebody_has_locked_is_tried_again(
    on_sqlite: SqlitePromo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0}))
    on_sqlite.execute("PRAGMA journal_mode = DELETE")
    with contextlib.closing(connect(on_sqlite.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "database is locked" in refusal(SourceUnavailable, project, on_sqlite.source)


def test_the_snapshot_begins_when_it_is_entered(on_sqlite: SqlitePromo) -> None:
    with GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot:
        on_sqlite.load(Move(1))
        assert snapshot.fetch(BoundQuery("SELECT count(*) FROM moves", {})) == [(0,)]
    with GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as later:
        assert later.fetch(BoundQuery("SELECT count(*) FROM moves", {})) == [(1,)]
        assert later.taken_at >= snapshot.taken_at


def test_a_sink_that_fails_ends_the_copy(on_sqlite: SqlitePromo) -> None:
    class Boom(Exception):
        pass

    def sink(record: bytes) -> None:
        raise Boom

    on_sqlite.load(Move(1))
    query = BoundQuery("SELECT 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL", {})
    with GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot, pytest.raises(Boom):
        snapshot.copy(query, MOVES, sink, transform=UNCHANGED)


def test_more_rows_than_are_read_at_a_time(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(*(Move(n, moved_at=DAY + timedelta(seconds=n)) for n in range(4_500)))
    staged = project.make(on_sqlite.source, export())
    assert content(staged).count(b"\n") == 4_501


NO_TIMES = {
    "ISO 8601": "'2026-03-01T12:00:00Z'",
    "an offset": "'2026-03-01 12:00:00+02:00'",
    "a Unix epoch": "1772366400",
    "a julian day": "2461101.0",
    "bytes": "CAST('2026-03-01 12:00:00' AS blob)",
    "the end of a day": "'2026-02-28 24:00:00'",
    "a date alone": "'2026-03-01'",
    "no day of the calendar": "'2026-02-30 12:00:00'",
    "a year beyond 9999": "'12026-03-01 12:00:00'",
    "nanoseconds": "'2026-03-01 12:00:00.123456789'",
    "a blank behind": "'2026-03-01 12:00:00 '",
    "another language": "'1.3.2026 12:00'",
}
SUMMARY = replace(
    MOVES,
    date_range=DateRangeRule.OPTIONAL,
    window_column=None,
    recorded_column=None,
    totals_by=None,
    max_months=None,
    filters=(),
    order=("kind",),
    columns=(MOVES.column("kind"), MOVES.column("points"), MOVES.column("recorded_at")),
)


def summary(
    source: Source, project: Project, condition: str, table: str = "moves", recorded: str = "MIN(m.recorded_at)"
) -> str:
    """The rows of a summary of the moves for which a condition holds, as a window or a snapshot."""
    instant = "as_of" in condition
    project.write(
        f"SELECT m.kind, SUM(m.points) AS points, {recorded} AS recorded_at FROM {table} m "
        f"WHERE {condition} GROUP BY m.kind ORDER BY m.kind"
    )
    report_type = replace(SUMMARY, date_range=DateRangeRule.NONE if instant else DateRangeRule.REQUIRED)
    report = export(report_type=report_type, filters={}, window=None if instant else WINDOW)
    return content(project.make(source, report)).decode().partition("\n")[2]


INSIDE = "m.moved_at >= {{ window.start }} AND m.moved_at < {{ window.end }}"


@pytest.mark.parametrize(
    ("condition", "kind", "written"),
    [
        *((INSIDE, ("timestamptz", "text", "blob")[n % 3], each) for n, each in enumerate(NO_TIMES.values())),
        ("{{ window.end }} > m.moved_at AND {{ window.start }} <= m.moved_at", "timestamptz", "1772366400"),
        ("CASE WHEN m.moved_at < {{ as_of }} THEN 1 ELSE 0 END = 1", "text", "'2026-03-01T12:00:00Z'"),
        ("coalesce(m.moved_at, m.recorded_at) <= {{ as_of }}", "blob", "1772366400"),
    ],
)
def test_an_aggregate_or_snapshot_of_times_in_another_form_is_refused(
    condition: str, kind: str, written: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.load(Move(1), Move(2))
    on_sqlite.execute(
        f"CREATE TABLE t (kind text, points int, recorded_at {kind}, at {kind})",
        "INSERT INTO t SELECT kind, points, recorded_at, moved_at FROM moves",
        f"INSERT INTO t VALUES ('in', 5, NULL, {written})",
        "CREATE VIEW v AS SELECT kind, points, recorded_at, at AS moved_at FROM t",
    )
    with pytest.raises(DataRefused) as refused:
        summary(on_sqlite.source, project, condition, "v")
    what = "An expression" if "coalesce" in condition else "Column m.moved_at"
    assert f"{what} is compared with the window or the instant, and holds a value that is no time" in str(refused.value)
    assert "Write its times in UTC as YYYY-MM-DD HH:MM:SS.ffffff." in str(refused.value)


@pytest.mark.parametrize(
    ("condition", "points"),
    [
        ("m.moved_at < {{ as_of }}", "2.00"),
        ("m.moved_at <= {{ as_of }}", "30.00"),
        ("{{ as_of }} >= m.moved_at", "30.00"),
        ("m.moved_at = {{ as_of }}", "28.00"),
        ("NOT m.moved_at > {{ as_of }}", "30.00"),
        ("m.moved_at <> {{ as_of }}", "34.00"),
        (INSIDE, "60.00"),
        ("m.moved_at < {{ as_of }} OR m.moved_at IS NULL", "66.00"),
    ],
)
def test_times_with_fractions_of_any_length_are_compared_as_instants(
    condition: str, points: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    texts = ["'2026-02-28 23:59:59.9'", "'2026-03-01 00:00:00'", "'2026-03-01 00:00:00.000000'",
             "'2026-03-01 00:00:00Z'", "'2026-03-01 00:00:00.1'", "NULL"]  # fmt: skip
    for n, text in enumerate(texts, start=1):
        on_sqlite.load(Move(n, points=str(2**n)))
        on_sqlite.execute(f"UPDATE moves SET moved_at = {text} WHERE id = {n}")
    assert summary(on_sqlite.source, project, condition, recorded="NULL") == f"in,{points},\n"


def test_the_earliest_of_times_in_several_forms_is_refused(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1, recorded_at=DAY + timedelta(hours=12)), Move(2, note="2026-03-01T02:00:00Z"))
    assert summary(on_sqlite.source, project, INSIDE) == "in,2.00,2026-03-01 12:00:00+00\n"
    on_sqlite.execute("UPDATE moves SET recorded_at = '2026-03-01T02:00:00Z' WHERE id = 2")
    with pytest.raises(DataRefused, match="Column 'recorded_at' of table 'moves' holds times in several forms"):
        summary(on_sqlite.source, project, INSIDE)


@pytest.mark.parametrize(
    "condition",
    [
        "m.moved_at BETWEEN {{ window.start }} AND {{ window.end }}",
        "m.moved_at >= datetime({{ window.start }}) AND m.moved_at < {{ window.end }}",
        "m.moved_at IN ({{ as_of }})",
        "julianday(m.moved_at) < julianday({{ as_of }})",
    ],
)
def test_a_window_that_is_not_compared_is_refused(condition: str, on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1))
    with pytest.raises(SqlTemplateError, match=r"may only stand on one side of <, <=, >, >=, = or <>, not beside"):
        summary(on_sqlite.source, project, condition)


@pytest.mark.parametrize(
    "condition",
    [
        "m.moved_at >= {{ window.start }} + 1 AND m.moved_at < {{ window.end }}",
        "m.moved_at >= {{ window.start }} AND m.moved_at < {{ window.end }} - 1",
        "m.moved_at < {{ as_of }} || 'x'",
        "m.moved_at < {{ as_of }} < 5",
        "m.active IS {{ window.end }} > m.moved_at AND m.moved_at >= {{ window.start }}",
    ],
)
def test_a_window_that_is_calculated_with_is_refused(condition: str, on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1), Move(2, active=True))
    with pytest.raises(DataRefused, match="SQL calculates with the window or the instant, or with a comparison"):
        summary(on_sqlite.source, project, condition)


@pytest.mark.parametrize(("first", "second"), [("00Z", "00.5"), ("00Z", "00.5Z"), ("00.5Z", "00.55Z")])
def test_the_latest_of_times_that_z_puts_out_of_order_is_refused(
    first: str, second: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.load(Move(1), Move(2), Move(3))
    for n, text in enumerate((first, second, "01"), start=1):
        on_sqlite.execute(f"UPDATE moves SET recorded_at = '2026-03-01 12:00:{text}' WHERE id = {n}")
    on_sqlite.execute(
        "CREATE VIEW latest AS SELECT kind, points, moved_at, max(recorded_at) AS at FROM moves WHERE id < 3"
    )
    for recorded, table in (("MAX(m.recorded_at)", "moves"), ("m.at", "latest")):
        with pytest.raises(DataRefused, match="Column 'recorded_at' of table 'moves' holds times in several forms"):
            summary(on_sqlite.source, project, INSIDE, table, recorded)
    on_sqlite.execute("DELETE FROM moves WHERE id = 1")
    assert "in,2.00," in summary(on_sqlite.source, project, INSIDE, recorded="MAX(m.recorded_at)")


def test_a_sum_of_floats_loses_nothing_on_the_way(on_sqlite: SqlitePromo, project: Project) -> None:
    """SQLite's own sum is 9.77 here."""
    on_sqlite.load(Move(0, points="10000000000000.5"), *(Move(n, points="0.01") for n in range(1, 1_001)))
    on_sqlite.load(Move(2_000, points="-10000000000000.5"))
    assert summary(on_sqlite.source, project, INSIDE) == "in,10.00,\n"


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ("9223372036854775807", "A SUM in the report type's SQL adds values that are together larger than an integer"),
        ("'ten'", "A SUM in the report type's SQL adds values that are no numbers"),
        ("70368744177664.5", "Column 'points' holds a floating-point number that is too large for an exact sum"),
    ],
)
def test_a_sum_that_is_not_exact_is_refused(points: str, words: str, on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1, points="1"), Move(2))
    on_sqlite.execute(f"UPDATE moves SET points = {points} WHERE id = 2")
    with pytest.raises(DataRefused, match=words):
        summary(on_sqlite.source, project, INSIDE)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sum(points) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM moves",
        "SELECT sum(DISTINCT kind = 'in'), sum(points) FILTER (WHERE id > 99), sum(points * 0.5), sum(id) FROM moves",
        "SELECT SUM (m.id) FILTER (WHERE m.id < 5) OVER (ORDER BY m.id), 'sum(1)' AS \"sum\" FROM moves m",
    ],
)
def test_other_sums_are_those_of_sqlite(query: str, on_sqlite: SqlitePromo) -> None:
    on_sqlite.load(*(Move(n, points=str(n) if n % 3 else None) for n in range(1, 9)))
    with contextlib.closing(sqlite3.connect(on_sqlite.path)) as own:
        expected = own.execute(query).fetchall()
    with GenericSnapshot(on_sqlite.source, ZoneInfo("UTC"), TimeLimits(60)) as snapshot:
        assert snapshot.fetch(BoundQuery(query, {})) == expected


def test_a_quoted_name_of_no_column_is_not_a_text(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1))
    plain = (SELECT + WHERE + ORDER).replace("m.note,", '"note" AS "note",')
    project.write(plain)
    assert project.text(on_sqlite.source).startswith("1,2026-03-01 12:00:00+00,in,a,")
    project.write(plain.replace('"note" AS', '"remark" AS'))
    assert "no such column: remark" in refusal(SourceRefused, project, on_sqlite.source)


def test_late_rows_whose_record_time_is_in_another_form_are_refused(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1, moved_at=DAY - timedelta(hours=1)))
    on_sqlite.execute("UPDATE moves SET recorded_at = '2026-03-01T12:00:00+02:00'")
    before = Previous(Window(DAY - timedelta(days=1), DAY), DAY)
    with pytest.raises(DataRefused, match=r"Column report\.recorded_at is compared"):
        project.make(on_sqlite.source, export(previous=before))


def test_a_log_whose_order_is_not_that_of_its_times_is_refused(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(Move(1), Move(2))
    on_sqlite.execute("UPDATE moves SET moved_at = '2026-03-01 12:00:00Z' WHERE id = 1")
    assert project.text(on_sqlite.source).count("2026-03-01 12:00:00+00") == 2
    on_sqlite.execute("UPDATE moves SET moved_at = '2026-03-01 12:00:00.5' WHERE id = 2")
    assert "Column 'moved_at' holds times with and without 'Z'" in refusal(DataRefused, project, on_sqlite.source)


@pytest.mark.parametrize(
    "written",
    [*NO_TIMES.values(), "'2026-11-16T12:00:00'", "1763294400", "'16.11.2026 12:00'", "NULL"],
)
def test_rows_whose_time_is_written_in_another_way_are_counted(
    written: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.load(Move(1), Move(2))
    on_sqlite.execute(f"UPDATE moves SET moved_at = {written} WHERE id = 2")
    manifest = project.make(on_sqlite.source).manifest
    assert (manifest.rows, manifest.excluded_rows) == (1, 1)


def test_any_other_dialect_is_read_in_a_transaction_of_an_isolation_level_that_its_driver_knows(
    on_sqlite: SqlitePromo, project: Project
) -> None:
    """SQLite under another name stands for a dialect that nothing here knows."""
    registry.register("otherdb", "sqlalchemy.dialects.sqlite.pysqlite", "SQLiteDialect_pysqlite")
    on_sqlite.load(*(Move(number, note=note) for number, note in enumerate(["a:b", "100 %", "'", None, ""], start=1)))
    project.write((SELECT + WHERE + ORDER).replace("WHERE", "WHERE ':x' <> '%(y)s' AND", 1))
    other = Source("promo_db", on_sqlite.source.url.replace("sqlite:", "otherdb:", 1))
    assert project.text(other) == project.text(on_sqlite.source)


def test_a_dialect_without_a_snapshot_is_refused(
    on_sqlite: SqlitePromo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register("otherdb", "sqlalchemy.dialects.sqlite.pysqlite", "SQLiteDialect_pysqlite")
    monkeypatch.setattr(SQLiteDialect, "get_isolation_level_values", lambda *_: ["READ COMMITTED"])
    other = Source("promo_db", on_sqlite.source.url.replace("sqlite:", "otherdb:", 1))
    assert "no consistent snapshot is known for 'otherdb'" in refusal(SourceRefused, project, other)


def test_a_driver_that_cannot_set_the_levels_of_its_dialect_is_refused(
    on_sqlite: SqlitePromo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialect of DuckDB names the levels of PostgreSQL's, from which it was made."""
    registry.register("otherdb", "sqlalchemy.dialects.sqlite.pysqlite", "SQLiteDialect_pysqlite")
    monkeypatch.setattr(SQLiteDialect, "get_isolation_level_values", lambda *_: ["REPEATABLE READ"])
    monkeypatch.setattr(SQLiteDialect, "set_isolation_level", lambda _, raw, level: raw.set_isolation_level(level))
    other = Source("promo_db", on_sqlite.source.url.replace("sqlite:", "otherdb:", 1))
    assert refusal(SourceRefused, project, other) == (
        "Connection 'promo_db': no consistent snapshot is known for 'otherdb'. "
        "Its driver cannot set the isolation level REPEATABLE READ: AttributeError."
    )


# Sums, groups and order


@pytest.mark.parametrize(
    ("points", "total"),
    [
        (["7036874417766.25", "0.01", "0.01"], "7036874417766.27"),
        (["9223372036854775807", "9223372036854775807"], "18446744073709551614.00"),
        (["'12345678901234567890.12'", "'0.01'"], "12345678901234567890.13"),
        (["0.1"] * 30, "3.00"),
        (["NULL", "1.25"], "1.25"),
    ],
)
def test_totals_are_those_of_what_is_written(
    points: list[str], total: str, on_sqlite: SqlitePromo, project: Project
) -> None:
    on_sqlite.execute("CREATE TABLE amounts (id INTEGER, amount)")
    on_sqlite.load(*(Move(n) for n in range(len(points))))
    on_sqlite.execute(*(f"INSERT INTO amounts VALUES ({n}, {amount})" for n, amount in enumerate(points)))
    amount = "(SELECT a.amount FROM amounts a WHERE a.id = m.id) AS points,"
    project.write((SELECT + WHERE + ORDER).replace("m.points,", amount))
    assert project.make(on_sqlite.source).manifest.totals == {"points": total}


def test_groups_of_numbers_that_are_equal_and_written_differently(on_sqlite: SqlitePromo, project: Project) -> None:
    on_sqlite.load(*(Move(n) for n in range(4)))
    kinds = "CASE m.id WHEN 0 THEN 1 WHEN 1 THEN 1.0 WHEN 2 THEN '1' ELSE x'31' END AS kind,"
    project.write((SELECT + WHERE + ORDER).replace("m.kind,", kinds))
    groups = project.make(on_sqlite.source).manifest.totals_by
    assert groups
    assert {by: each["rows"] for by, each in groups["values"].items()} == {"1": 2, "1.0": 1, "\\x31": 1}


def test_texts_that_a_collation_calls_equal_come_in_the_order_of_their_bytes(
    on_sqlite: SqlitePromo, project: Project
) -> None:
    by_note = replace(MOVES, order=("moved_at", "note"))
    on_sqlite.load(Move(1, note="b"), Move(2, note="a"), Move(3, note="A"), Move(4, note="B"))
    folded = (SELECT + WHERE + "ORDER BY m.moved_at, m.note").replace("m.note,", "m.note COLLATE NOCASE AS note,", 1)
    project.write(folded)
    rows = project.text(on_sqlite.source, export(report_type=by_note)).splitlines()
    assert [row.split(",")[3] for row in rows] == ["A", "a", "B", "b"]
