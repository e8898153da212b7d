"""MariaDB alone: its types, its ways of reading a text, and how it fails. `make test-mariadb` runs these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devstack.mariadb import PASSWORD, READER
from promo_reports.domain.dates.window import Window
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, ReportType
from promo_reports.errors import DataRefused, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.generic import GenericSnapshot
from promo_reports.pipeline.databases.mysql.session_settings import SETTINGS
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery, mark
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import (
    DAY,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    MariaDbPromo,
    Move,
    Project,
    content,
    export,
    numbered,
    refusal,
)

UTC = ZoneInfo("UTC")


def one_column(kind: ColumnType, scale: int | None = None) -> ReportType:
    column = Column("cell", kind, "A cell.", scale=scale)
    return replace(MOVES, columns=(column, replace(column, name="again")), order=("cell",), totals_by=None)


def sent(source: Source, sql: str, report_type: ReportType, zone: ZoneInfo = UTC, **values: object) -> bytes:
    """What a copy of `SELECT` sends."""
    records: list[bytes] = []
    with GenericSnapshot(source, zone, TimeLimits(60)) as snapshot:
        snapshot.copy(BoundQuery(f"SELECT {sql}", values), report_type, records.append, transform=UNCHANGED)
    return b"".join(records)


@pytest.mark.parametrize(
    ("sql_type", "value", "kind", "scale", "cell"),
    [
        ("tinyint(1)", "1", ColumnType.BOOLEAN, None, "t"),
        ("boolean", "false", ColumnType.BOOLEAN, None, "f"),
        ("bit(1)", "b'1'", ColumnType.BOOLEAN, None, "t"),
        ("bit(1)", "b'0'", ColumnType.BOOLEAN, None, "f"),
        ("tinyint", "-128", ColumnType.INTEGER, None, "-128"),
        ("bigint unsigned", "18446744073709551615", ColumnType.INTEGER, None, "18446744073709551615"),
        ("int(6) zerofill", "42", ColumnType.INTEGER, None, "42"),
        ("year", "2026", ColumnType.INTEGER, None, "2026"),
        ("bit(12)", "b'101000000001'", ColumnType.INTEGER, None, "2561"),
        ("decimal(20,0)", "12", ColumnType.INTEGER, None, "12"),
        ("decimal(18,2)", "-0.50", ColumnType.DECIMAL, 2, "-0.50"),
        ("decimal(18,2)", "7", ColumnType.DECIMAL, 2, "7.00"),
        ("decimal(18,2)", "7", ColumnType.DECIMAL, 4, "7.0000"),
        ("decimal(8,2) zerofill", "4.5", ColumnType.DECIMAL, 2, "4.50"),
        ("double", "0.125", ColumnType.DECIMAL, 2, "0.13"),
        ("decimal(18,4)", "7.1", ColumnType.DECIMAL, 2, "7.1000"),
        ("decimal(18,4)", "7.1", ColumnType.DECIMAL, None, "7.1000"),
        ("decimal(65,30)", "-12345678901234567890.123456789012345678", ColumnType.DECIMAL, 18,
         "-12345678901234567890.123456789012345678000000000000"),
        ("decimal(18,0)", "7", ColumnType.DECIMAL, None, "7"),
        ("decimal(18,0)", "7", ColumnType.DECIMAL, 2, "7.00"),
        ("int", "7", ColumnType.DECIMAL, 2, "7.00"),
        ("double", "0.1 + 0.2", ColumnType.DECIMAL, 2, "0.30"),
        ("double", "1e22", ColumnType.DECIMAL, 2, "10000000000000000000000.00"),
        ("double", "-0.0", ColumnType.DECIMAL, 2, "0.00"),
        ("datetime(6)", "'2026-03-01 12:00:00.250000'", ColumnType.TIMESTAMP, None, "2026-03-01 12:00:00.25+00"),
        ("datetime(6)", "'2026-03-01 12:00:20'", ColumnType.TIMESTAMP, None, "2026-03-01 12:00:20+00"),
        ("datetime", "'2026-03-01 12:00:20'", ColumnType.TIMESTAMP, None, "2026-03-01 12:00:20+00"),
        ("datetime(3)", "'2026-03-01 12:00:20.100'", ColumnType.TIMESTAMP, None, "2026-03-01 12:00:20.1+00"),
        ("timestamp(6) NULL", "'2026-03-01 12:00:00.000001'", ColumnType.TIMESTAMP, None,
         "2026-03-01 12:00:00.000001+00"),
        ("varchar(40)", "'2026-03-01 12:00:00'", ColumnType.TIMESTAMP, None, "2026-03-01 12:00:00+00"),
        ("date", "'2026-03-01'", ColumnType.DATE, None, "2026-03-01"),
        ("datetime", "'2026-03-01 12:00:20'", ColumnType.TEXT, None, "2026-03-01 12:00:20"),
        ("int", "12", ColumnType.TEXT, None, "12"),
        ("enum('a,b', 'c')", "'a,b'", ColumnType.TEXT, None, '"a,b"'),
        ("json", """'{"a": 1}'""", ColumnType.TEXT, None, '"{""a"": 1}"'),
        ("uuid", "'123e4567-e89b-12d3-a456-426655440000'", ColumnType.TEXT, None,
         "123e4567-e89b-12d3-a456-426655440000"),
        ("varbinary(9)", "x'00ff2c'", ColumnType.TEXT, None, "\\x00ff2c"),
        ("blob", "''", ColumnType.TEXT, None, "\\x"),
        ("varchar(9) CHARACTER SET latin1", "'Größe'", ColumnType.TEXT, None, "Größe"),
        ("char(9)", "'a'", ColumnType.TEXT, None, "a"),
    ],
)  # fmt: skip
def test_types(sql_type: str, value: str, kind: ColumnType, scale: int | None, cell: str, table: MariaDbPromo) -> None:
    table.execute(f"CREATE TABLE t (cell {sql_type})", f"INSERT INTO t VALUES ({value})")
    assert sent(table.source, "cell, cell FROM t", one_column(kind, scale)).decode() == f"{cell},{cell}\n"
    table.execute(f"ALTER TABLE t MODIFY cell {sql_type.removesuffix(' NULL')} NULL", "UPDATE t SET cell = NULL")
    assert sent(table.source, "cell, cell FROM t", one_column(kind, scale)) == b",\n"


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("'a\\0b'", ColumnType.TEXT, "Column 'cell' holds a NUL character"),
        ("'many'", ColumnType.DECIMAL, "Column 'cell' is text, and declared decimal"),
        ("1.5", ColumnType.INTEGER, "Column 'cell' holds no whole number"),
        ("2", ColumnType.BOOLEAN, "Column 'cell' holds no boolean"),
        ("CAST('0000-00-00 00:00:00' AS datetime)", ColumnType.TIMESTAMP, "Column 'cell' holds no time"),
        ("CAST('2026-02-00 00:00:00' AS datetime(6))", ColumnType.TIMESTAMP, "Column 'cell' holds no time"),
        ("CAST('0000-00-00' AS date)", ColumnType.DATE, "Column 'cell' holds no date"),
        ("CAST('2026-03-01' AS date)", ColumnType.TIMESTAMP, "Column 'cell' holds no time"),
        ("CAST('12:00:00' AS time)", ColumnType.TIMESTAMP, "Column 'cell' holds no time"),
    ],
)
def test_what_is_not_of_its_type_is_refused(sql: str, kind: ColumnType, words: str, on_mariadb: MariaDbPromo) -> None:
    with pytest.raises(DataRefused, match=words):
        sent(on_mariadb.source, f"{sql}, {sql}", one_column(kind))


@pytest.mark.parametrize(
    ("sql_type", "kind", "scale", "words"),
    [
        ("float", ColumnType.DECIMAL, 2, "'cell' is FLOAT, of which the server sends six digits. In the report type's "
         "SQL, write CAST(... AS DECIMAL(38, 2)) AS cell."),
        ("float", ColumnType.DECIMAL, None, "write CAST(... AS DECIMAL(38, 10)) AS cell."),
        ("float(9,2)", ColumnType.TEXT, None, "write CAST(... AS DOUBLE) AS cell."),
        ("double", ColumnType.INTEGER, None, "'cell' is DOUBLE, and declared integer"),
        ("double", ColumnType.DECIMAL, None, "'cell' is DOUBLE, whose digits are not exact. Declare its scale, or "
         "cast it. In the report type's SQL, write CAST(... AS DECIMAL(38, 10)) AS cell."),
        ("float", ColumnType.INTEGER, None, "write CAST(... AS SIGNED) AS cell."),
        ("varchar(9)", ColumnType.DECIMAL, 2, "'cell' is text, and declared decimal. In the report type's SQL, write "
         "CAST(... AS DECIMAL(38, 2)) AS cell."),
        ("longtext", ColumnType.INTEGER, None, "'cell' is text, and declared integer"),
        ("enum('1')", ColumnType.INTEGER, None, "'cell' is text, and declared integer"),
        ("json", ColumnType.DECIMAL, 2, "'cell' is text, and declared decimal"),
        ("blob", ColumnType.DECIMAL, 2, "'cell' is text, and declared decimal"),
        ("date", ColumnType.INTEGER, None, "'cell' is a date or time, and declared integer"),
        ("datetime(6)", ColumnType.DECIMAL, 2, "'cell' is a date or time, and declared decimal"),
        ("time", ColumnType.INTEGER, None, "'cell' is a date or time, and declared integer"),
    ],
)  # fmt: skip
def test_a_column_of_a_type_that_cannot_be_what_is_declared_is_refused_without_a_row(
    sql_type: str, kind: ColumnType, scale: int | None, words: str, table: MariaDbPromo
) -> None:
    table.execute(f"CREATE TABLE t (cell {sql_type})", "CREATE OR REPLACE VIEW v AS SELECT cell FROM t")
    with pytest.raises(DataRefused) as refused:
        sent(table.source, "cell, cell FROM v", one_column(kind, scale))
    assert words in str(refused.value)


def test_a_total_of_doubles_is_refused_with_its_cast(on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1, points="0.10"), Move(2, points="0.20"))
    doubles = SELECT.replace("m.points,", "CAST(m.points AS DOUBLE) AS points,")
    project.write(doubles + WHERE + ORDER)
    words = (
        "Column 'points' holds binary floating-point numbers, whose sums are not exact. "
        "In the report type's SQL, write CAST(... AS DECIMAL"
    )
    assert words in str(refusal(project, on_mariadb.source))
    decimals = doubles.replace("CAST(m.points AS DOUBLE)", "CAST(CAST(m.points AS DOUBLE) AS DECIMAL(38, 2))")
    project.write(decimals + WHERE + ORDER)
    assert project.make(on_mariadb.source).manifest.totals == {"points": "0.30"}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("m.note + 1", "the server warns of its answer, with 1292: Truncated incorrect DOUBLE value. A text or"),
        ("CAST(m.note AS DECIMAL(9,2))", "with 1292: Truncated incorrect DECIMAL value."),
        ("CASE WHEN m.note = 0 THEN 1 END", "with 1292: Truncated incorrect DECIMAL value."),
        ("CAST('300' AS DECIMAL(2,0))", "with 1264: Out of range value for column. Change the report type's SQL"),
        ("length(repeat(m.note, 70000000))", "with 1301: Result of repeat() was larger than max_allowed_packet"),
    ],
)  # fmt: skip
def test_an_answer_that_the_server_warns_of_is_refused(
    sql: str, words: str, on_mariadb: MariaDbPromo, project: Project
) -> None:
    on_mariadb.load(Move(1, note="secret"))
    project.write((SELECT + WHERE + ORDER).replace("m.points,", f"CAST({sql} AS DECIMAL(38, 2)) AS points,"))
    refused = refusal(project, on_mariadb.source)
    assert type(refused) is DataRefused
    assert words in str(refused)
    assert "secret" not in str(refused)


def test_a_cut_that_only_the_copy_makes_is_refused(
    on_mariadb: MariaDbPromo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server can make a text of 1 GiB here: a lower limit stands for it."""
    on_mariadb.load(*numbered(300))
    notes = "(SELECT GROUP_CONCAT(o.id ORDER BY o.id) FROM moves o)"
    project.write((SELECT + WHERE + ORDER).replace("m.note,", f"{notes} AS note,"))
    whole = ",".join(str(number) for number in range(1, 301))
    assert project.text(on_mariadb.source).count(f'"{whole}"') == 300
    monkeypatch.setitem(SETTINGS, "group_concat_max_len", "1024")
    refused = refusal(project, on_mariadb.source)
    assert type(refused) is DataRefused
    assert "was cut by GROUP_CONCAT(). GROUP_CONCAT makes a longer text than the server can hold" in str(refused)


HOSTILE_SETTINGS = {
    "sql_mode": "'NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH,EMPTY_STRING_IS_NULL'",
    "time_zone": "'-11:00'",
    "sql_select_limit": "1",
    "group_concat_max_len": "4",
    "max_sort_length": "64",
    "sort_buffer_size": "1024",
    "max_recursive_iterations": "2",
    "max_error_count": "0",
    "max_join_size": "1",  # and so `sql_big_selects` is off
    "sql_notes": "OFF",
    "div_precision_increment": "0",
    "default_week_format": "3",
    "lc_time_names": "'fr_FR'",
    "default_regex_flags": "'EXTENDED'",
    "sql_auto_is_null": "ON",
    "old_mode": "'ZERO_DATE_TIME_CAST'",
    "system_versioning_asof": "'2000-01-01 00:00:00'",
    "completion_type": "'CHAIN'",
    "collation_connection": "'utf8mb4_general_ci'",
    "character_set_results": "'latin1'",
}
_ASKED = """concat_ws('|', 1 / 3, week(date'2026-01-01'), date_format(date'2026-05-01', '%M'), 'a b' REGEXP 'a b',
    NOT 1 BETWEEN -5 AND 5, '' || 'x', 'A' = 'a', cast(date'2026-05-01' AS datetime), unix_timestamp() > 1000000,
    from_unixtime(0), (SELECT count(*) FROM kept), (SELECT GROUP_CONCAT(o.id ORDER BY o.id) FROM moves o),
    (WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT count(*) FROM n),
    (SELECT count(*) FROM kept k WHERE k.id IS NULL), cast(time'10:00:00' AS datetime) > date'2020-01-01',
    (SELECT GROUP_CONCAT(s.title) FROM shops s WHERE s.title = 'Größe' OR s.shop = 'main'), database(), 'É')"""


def test_no_setting_of_the_server_changes_the_file(on_mariadb: MariaDbPromo, project: Project) -> None:
    """A server whose every setting is another one, and a role that is set up by `init_connect`."""
    long = "x" * 900
    on_mariadb.execute("CREATE OR REPLACE TABLE kept (id int AUTO_INCREMENT PRIMARY KEY) WITH SYSTEM VERSIONING",
                       "INSERT INTO kept VALUES (7)")  # fmt: skip
    on_mariadb.load(*(Move(n, note=f"{long}{9 - n}") for n in range(1, 9)))
    asked = SELECT.replace("m.note,", f"{_ASKED} AS note,").replace("m.kind,", "m.note AS kind,")
    project.write(asked + WHERE + "ORDER BY m.kind, m.id\n")
    report_type = replace(MOVES, order=("kind", "id"), window_column=None, recorded_column=None, totals_by=None)
    expected = content(project.make(on_mariadb.source, export(report_type=report_type)))
    before = {}
    with on_mariadb.server.session() as cursor:
        for name in HOSTILE_SETTINGS:
            cursor.execute(f"SELECT @@global.{name}")
            before[name] = cursor.fetchone()[0]
    session = ", ".join(f"SESSION {name} = {value}" for name, value in HOSTILE_SETTINGS.items())
    try:
        on_mariadb.server.execute(
            *(f"SET GLOBAL {name} = {value}" for name, value in HOSTILE_SETTINGS.items()),
            f'SET GLOBAL init_connect = "SET {session}, SESSION timestamp = 7; USE mysql"',
        )
        assert content(project.make(on_mariadb.source, export(report_type=report_type))) == expected
    finally:
        on_mariadb.server.execute(
            "SET GLOBAL init_connect = ''",
            *(
                f"SET GLOBAL {name} = " + ("DEFAULT" if "versioning" in name else repr(value))
                for name, value in before.items()
            ),
        )


@pytest.mark.parametrize(
    ("sql_type", "written"),
    [
        ("varchar(40)", "'2026-03-01T12:00:00Z'"),
        ("varchar(40)", "'2026-03-01 12:00:00+02:00'"),
        ("varchar(40)", "'2026-02-28 24:00:00'"),
        ("longtext", "'soon'"),
        ("varchar(40)", "''"),
        ("bigint", "1772366400"),
        ("bigint unsigned", "1772366400000"),
        ("decimal(20,3)", "1772366400.5"),
        ("double", "1772366400"),
    ],
)
@pytest.mark.parametrize(
    "condition",
    [
        "m.moved_at >= {{ window.start }} AND m.moved_at < {{ window.end }}",
        "CASE WHEN {{ window.end }} > coalesce(m.moved_at, NULL) AND m.moved_at >= {{ window.start }} THEN 1 END = 1",
    ],
)
def test_times_that_are_none_are_not_compared_with_a_window(
    condition: str, sql_type: str, written: str, table: MariaDbPromo, project: Project
) -> None:
    table.execute(
        f"CREATE TABLE t (id bigint, moved_at {sql_type}, points decimal(18,2))",
        f"INSERT INTO t VALUES (1, {written}, 5)",
        "CREATE OR REPLACE VIEW v AS SELECT id, moved_at, points FROM t",
    )
    project.write(f"SELECT 1 AS id, SUM(m.points) AS points FROM v m WHERE {condition} ORDER BY id")
    columns = (MOVES.column("id"), MOVES.column("points"))
    summary = replace(
        MOVES, columns=columns, filters=(), order=("id",), window_column=None, recorded_column=None, totals_by=None
    )
    with pytest.raises(DataRefused, match=r"with 1292: .* Times are columns of type DATETIME\(6\) or TIMESTAMP\(6\)"):
        project.make(table.source, export(report_type=summary, filters={}))


def test_times_of_a_text_column_are_compared_as_instants(table: MariaDbPromo, project: Project) -> None:
    table.execute(
        "CREATE TABLE t (id bigint, moved_at varchar(40), points decimal(18,2))",
        "INSERT INTO t VALUES (1, '2026-03-01 00:00:00.000000', 1), (2, '2026-03-01 23:59:59.9', 2),"
        " (3, '2026-03-02', 4), (4, '2026-2-28 7:00:00', 8), (5, NULL, 16), (6, '2026-03-01 00:00:00', 32)",
    )
    project.write(
        "SELECT 1 AS id, SUM(m.points) AS points FROM t m WHERE m.moved_at >= {{ window.start }} "
        "AND m.moved_at < {{ window.end }} ORDER BY id"
    )
    columns = (MOVES.column("id"), MOVES.column("points"))
    summary = replace(
        MOVES, columns=columns, filters=(), order=("id",), window_column=None, recorded_column=None, totals_by=None
    )
    assert content(project.make(table.source, export(report_type=summary, filters={}))) == b"id,points\n1,35.00\n"


@pytest.mark.parametrize("condition", [
    "m.moved_at >= {{ window.start }} AND m.moved_at < {{ window.end }}",
    "{{ window.covers('m.moved_at') }}",
    "NOT {{ window.start }} > m.moved_at AND {{ window.end }} > m.moved_at",
    "CASE WHEN moved_at < {{ window.end }} AND {{ window.start }} <= moved_at THEN 1 END = 1",
])  # fmt: skip
@pytest.mark.parametrize("sql_type", ["datetime(6)", "date"])
def test_a_day_that_no_calendar_has_is_not_counted_in_any_month(
    sql_type: str, condition: str, table: MariaDbPromo, project: Project
) -> None:
    table.execute(f"CREATE TABLE t (id bigint, moved_at {sql_type}, points decimal(18,2), KEY (moved_at))")
    with table.server.session(table.name) as cursor:
        cursor.execute("SET sql_mode = 'ALLOW_INVALID_DATES'")
        cursor.execute("INSERT INTO t VALUES (1, '2026-02-28', 1), (2, '2026-02-31', 2), (3, '2026-03-31', 4)")
    project.write(f"SELECT 1 AS id, SUM(m.points) AS points FROM t m WHERE {condition} ORDER BY id")
    columns = (MOVES.column("id"), MOVES.column("points"))
    summary = replace(
        MOVES, columns=columns, filters=(), order=("id",), window_column=None, recorded_column=None, totals_by=None
    )
    february = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    with pytest.raises(DataRefused, match=r"with 1292: Incorrect datetime value.*days that a calendar has"):
        project.make(table.source, export(report_type=summary, filters={}, window=february))
    table.execute("DELETE FROM t WHERE id = 2")
    made = project.make(table.source, export(report_type=summary, filters={}, window=february))
    assert content(made) == b"id,points\n1,1.00\n"


def test_a_negative_zero_is_zero(on_mariadb: MariaDbPromo) -> None:
    for zero in ("round(-0.001, 2)", "-0.00", "CAST(-0.001 AS decimal(9,2))", "-1 * 0.00"):
        assert sent(on_mariadb.source, f"{zero}, -0.05", one_column(ColumnType.DECIMAL, 2)) == b"0.00,-0.05\n"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia"])
def test_times_are_the_same_as_elsewhere(zone: str, on_mariadb: MariaDbPromo, project: Project) -> None:
    """One row in a thousand hours of 120 years, clock changes and offsets with seconds among them."""
    moves = [Move(n, recorded_at=DAY - timedelta(hours=n * 1001, microseconds=n * 250_000)) for n in range(1, 1_000)]
    on_mariadb.load(*moves)
    rows = project.text(on_mariadb.source, export(timezone=zone)).splitlines()
    on_mariadb.execute("ALTER TABLE moves MODIFY recorded_at varchar(30)")
    try:
        assert project.text(on_mariadb.source, export(timezone=zone)).splitlines() == rows
    finally:
        on_mariadb.execute("ALTER TABLE moves MODIFY recorded_at datetime(6)")


def test_texts_that_need_quotes_beside_texts_that_need_none(on_mariadb: MariaDbPromo, project: Project) -> None:
    notes = ["plain", "a,b", "", None, 'say "a"', "🎁 中文", "a\\nb", "line\nbreak", "it's", "100%"]
    on_mariadb.load(*(replace(move, note=notes[move.id % len(notes)]) for move in numbered(1_200)))
    cells = ["plain", '"a,b"', '""', "", '"say ""a"""', "🎁 中文", "a\\nb", '"line\nbreak"', "it's", "100%"]
    text = project.text(on_mariadb.source)
    assert text == "".join(
        f"{move.id},{(DAY + timedelta(seconds=move.id)).strftime('%Y-%m-%d %H:%M:%S')}+00,in,"
        f"{cells[move.id % len(cells)]},1.00,,,,\n"
        for move in numbered(1_200)
    )


def test_rows_of_a_zero_date_are_counted_as_excluded(on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1), Move(2), Move(3, moved_at=None), Move(4, shop="side"))
    on_mariadb.execute("UPDATE moves SET moved_at = '0000-00-00 00:00:00' WHERE id IN (2, 4)")
    manifest = project.make(on_mariadb.source).manifest
    assert (manifest.rows, manifest.excluded_rows) == (1, 2)


def test_a_template_reads_quotes_bars_and_percents_as_on_postgresql(on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1, note="50% off"), Move(2, note="60 off"))
    project.write((SELECT + WHERE + ORDER).replace("m.note,", """m.note || '%s 7%%' AS "note",""").replace(
        "WHERE", "WHERE m.note LIKE '50%% off' AND '%(filter_shop)s' <> m.shop AND 7 % 4 = 3 AND", 1))  # fmt: skip
    assert project.text(on_mariadb.source) == "1,2026-03-01 12:00:00+00,in,50% off%s 7%%,1.00,,,,\n"


@pytest.mark.parametrize("values", [{}, {"a": "%"}])
def test_percents_with_and_without_a_bind(values: dict[str, Any], on_mariadb: MariaDbPromo) -> None:
    bind = mark("a") if values else "'%'"
    query = BoundQuery(f"SELECT '%s %% 10%' AS a, {bind} AS b, 7 % 4 AS c", values)
    with GenericSnapshot(on_mariadb.source, UTC, TimeLimits(60)) as snapshot:
        assert snapshot.fetch(query) == [("%s %% 10%", "%", "3")]
    assert sent(on_mariadb.source, f"'%s %% 10%', {bind}", one_column(ColumnType.TEXT), **values) == b"%s %% 10%,%\n"


def test_the_session_is_in_utc_whatever_the_server_says(table: MariaDbPromo) -> None:
    table.execute("CREATE TABLE t (a timestamp)", "INSERT INTO t VALUES ('2026-03-01 12:00:00')")
    with GenericSnapshot(table.source, UTC, TimeLimits(60)) as snapshot:
        ((moment, zone),) = snapshot.fetch(BoundQuery("SELECT CAST(a AS char), @@time_zone FROM t", {}))
    assert (moment, zone) == ("2026-03-01 12:00:00", "+00:00")


def test_nothing_can_be_written_even_by_the_owner(on_mariadb: MariaDbPromo) -> None:
    owner = Source("promo_db", on_mariadb.source.url.replace(READER, "promo_owner"))
    for statement in ("INSERT INTO shops VALUES ('a', 'b')", "DELETE FROM moves"):
        with (
            GenericSnapshot(owner, UTC, TimeLimits(60)) as snapshot,
            pytest.raises(SourceRefused, match="READ ONLY transaction"),
        ):
            snapshot.fetch(BoundQuery(statement, {}))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqlconnector", "mariadb+mysqlconnector"])
def test_forms_of_the_url(scheme: str, on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1))
    source = Source("promo_db", on_mariadb.source.url.replace("mysql", scheme, 1))
    assert project.text(source) == project.text(on_mariadb.source)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"{READER}:", f"{READER}:x", "1045 (28000): Access denied for user 'promo_reader'"),
        ("w@127", "x@127", "1045 (28000): Access denied"),
        ("/promo?", "/nosuch?", "1049 (42000): Unknown database 'nosuch'"),
    ],
)
def test_a_login_that_is_refused_is_not_tried_again(
    old: str, new: str, words: str, on_mariadb: MariaDbPromo, project: Project
) -> None:
    refused = refusal(project, Source("promo_db", f"{on_mariadb.source.url}?".replace(old, new)))
    assert type(refused) is SourceRefused
    assert f"Connection 'promo_db': {words}" in refused.reason


def test_a_table_that_the_reader_may_not_read(on_mariadb: MariaDbPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("FROM moves", "FROM mysql.user"))
    on_mariadb.server.execute(
        f"CREATE USER 'narrow'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT ON promo.shops TO 'narrow'@'127.0.0.1'",
        "GRANT SELECT ON promo.shelves TO 'narrow'@'127.0.0.1'",
    )
    try:
        refused = refusal(project, Source("promo_db", on_mariadb.source.url.replace(READER, "narrow")))
    finally:
        on_mariadb.server.execute("DROP USER 'narrow'@'127.0.0.1'")
    assert type(refused) is SourceRefused
    assert "1142 (42000): SELECT command denied" in refused.reason


def test_a_server_that_is_away_is_tried_again(on_mariadb: MariaDbPromo, project: Project) -> None:
    away = on_mariadb.source.url.replace(f":{on_mariadb.server.port}/", ":1/")
    assert type(refusal(project, Source("promo_db", away))) is SourceUnavailable


@pytest.mark.parametrize("how", ["KILL CONNECTION", "KILL QUERY"])
def test_a_connection_that_is_killed_while_rows_are_sent_is_tried_again(
    how: str, on_mariadb: MariaDbPromo, project: Project
) -> None:
    on_mariadb.load(*(replace(move, note="a" * 1_000) for move in numbered(20_000)))

    def kill(rows: int, expected: int) -> None:
        if rows == 0:
            return
        with on_mariadb.server.session() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = %s AND command = 'Query'", [READER]
            )
            for (number,) in cursor.fetchall():
                cursor.execute(f"{how} {number}")

    with pytest.raises(SourceUnavailable) as lost:
        project.make(on_mariadb.source, progress=kill)
    assert "Connection 'promo_db': " in lost.value.reason
    assert "aaa" not in str(lost.value)
    assert project.left == []


def test_rows_that_nobody_reads_are_not_waited_for(
    on_mariadb: MariaDbPromo, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    class Boom(Exception):
        pass

    def sink(record: bytes) -> None:
        raise Boom

    query = BoundQuery("SELECT seq, seq FROM seq_1_to_100000000", {})
    with GenericSnapshot(on_mariadb.source, UTC, TimeLimits(60)) as snapshot, pytest.raises(Boom):
        snapshot.copy(query, one_column(ColumnType.INTEGER), sink, transform=UNCHANGED)
    assert caplog.records == []


def test_a_report_without_a_window(on_mariadb: MariaDbPromo, project: Project) -> None:
    project.write(SELECT + WHERE.replace('{{ window.covers("m.moved_at") }}', "m.moved_at < {{ as_of }}") + ORDER)
    on_mariadb.load(Move(1, moved_at=DAY - timedelta(microseconds=1)), Move(2, moved_at=DAY))
    snapshot = replace(MOVES, date_range=DateRangeRule.NONE, window_column=None, recorded_column=None)
    staged = project.make(on_mariadb.source, export(report_type=snapshot, window=None))
    assert content(staged).decode().splitlines()[1:] == ["1,2026-02-28 23:59:59.999999+00,in,a,1.00,,,,"]


@pytest.mark.parametrize(
    ("setting", "value"), [("time_zone", "'+05:00'"), ("sql_select_limit", "1"), ("max_error_count", "0")]
)
def test_a_function_that_changes_a_setting_is_refused(
    setting: str, value: str, table: MariaDbPromo, project: Project
) -> None:
    """Times of TIMESTAMP columns are read five hours later from then on, or answers end after a row."""
    table.load(Move(1))
    table.execute(
        "CREATE TABLE t (id bigint, moved_at timestamp(6))",
        "INSERT INTO t VALUES (1, '2026-03-01 12:00:00')",
        f"CREATE OR REPLACE FUNCTION later() RETURNS varchar(9) BEGIN SET SESSION {setting} = {value}; RETURN 'x'; END",
        f"GRANT EXECUTE ON promo.* TO '{READER}'@'127.0.0.1'",
    )
    moved_at = "(SELECT t.moved_at FROM t WHERE t.id = m.id) AS recorded_at"
    project.write((SELECT + WHERE + ORDER).replace("m.note,", "later() AS note,").replace("m.recorded_at", moved_at))
    refused = refusal(project, table.source)
    assert type(refused) is DataRefused
    assert f"a function that the query calls changes the setting {setting}." in str(refused)


def test_variables_that_live_from_one_question_to_the_next_are_refused(
    on_mariadb: MariaDbPromo, project: Project
) -> None:
    """On MySQL numbers began at 401 in a file of 200 rows; system variables and texts with `@` are none."""
    on_mariadb.load(Move(1), Move(2))
    counted = "CAST((@n := coalesce(@n, 0) + 1) AS char) AS note,"
    project.write((SELECT + WHERE + ORDER).replace("m.note,", counted))
    refused = refusal(project, on_mariadb.source)
    assert type(refused) is DataRefused
    assert "the report type's SQL has the variable @n, which keeps its value" in str(refused)
    project.write((SELECT + WHERE + ORDER).replace("m.note,", "'a@b' || @@version_comment || '@n' AS note,"))
    assert project.make(on_mariadb.source).manifest.rows == 2


def test_an_init_connect_that_fails_is_not_tried_again(on_mariadb: MariaDbPromo, project: Project) -> None:
    on_mariadb.load(Move(1))
    on_mariadb.server.execute("SET GLOBAL init_connect = 'SET SESSION no_such_setting = 1'")
    try:
        refused = refusal(project, on_mariadb.source)
    finally:
        on_mariadb.server.execute("SET GLOBAL init_connect = ''")
    assert type(refused) is SourceRefused
    assert "(init_connect command failed)" in str(refused)


def test_a_setting_for_administrators_is_left_where_it_does(on_mariadb: MariaDbPromo) -> None:
    """MySQL, whose default is this, lets no ordinary user change it."""
    on_mariadb.server.execute("SET GLOBAL max_error_count = 1024")
    try:
        with GenericSnapshot(on_mariadb.source, UTC, TimeLimits(60)) as snapshot:
            assert snapshot.fetch(BoundQuery("SELECT @@max_error_count", {})) == [("1024",)]
    finally:
        on_mariadb.server.execute("SET GLOBAL max_error_count = DEFAULT")


# Small answers, sums and order


@pytest.mark.parametrize("sql_type", ["float", "double"])
def test_totals_of_binary_floating_point_numbers_are_refused(
    sql_type: str, table: MariaDbPromo, project: Project
) -> None:
    table.execute(f"CREATE TABLE t (id bigint, points {sql_type})", "INSERT INTO t VALUES (1, 0.1), (2, 0.2)")
    table.load(Move(1), Move(2))
    points = "(SELECT t.points FROM t WHERE t.id = m.id) AS points,"
    project.write((SELECT + WHERE + ORDER).replace("m.points,", points))
    refused = refusal(project, table.source)
    assert str(refused).startswith("Column 'points' holds binary floating-point numbers, whose sums are not exact.")
    assert not refused.retryable


def test_small_answers_are_what_was_sent(table: MariaDbPromo, project: Project) -> None:
    table.execute(
        "CREATE TABLE t (tags set('a', 'b'), lasts time, code binary(2), bits bit(3), day date)",
        "INSERT INTO t VALUES ('a,b', '01:02:03', x'4142', b'101', '9999-12-31')",
    )
    with GenericSnapshot(table.source, UTC, TimeLimits(60)) as snapshot:
        text = snapshot.text_of(Column("cell", ColumnType.TEXT, "C."))
        (row,) = snapshot.fetch(BoundQuery("SELECT t.tags, t.lasts, t.code, t.bits, t.day FROM t", {}))
    assert [text(value) for value in row] == ["a,b", "01:02:03", "\\x4142", "5", "9999-12-31"]


@pytest.mark.parametrize(
    ("kind", "declared", "expected"),
    [
        ("7", ColumnType.INTEGER, ["7"]),
        ("CAST(1.5 AS DECIMAL(4, 2))", ColumnType.DECIMAL, ["1.50"]),
        ("m.id = 1", ColumnType.BOOLEAN, ["f", "t"]),
        ("DATE '2026-03-01'", ColumnType.DATE, ["2026-03-01"]),
        ("m.moved_at", ColumnType.TIMESTAMP, ["2026-03-01 12:00:00+00"]),
    ],
)
def test_groups_of_declared_types(
    kind: str, declared: ColumnType, expected: list[str], on_mariadb: MariaDbPromo, project: Project
) -> None:
    columns = tuple(replace(column, type=declared) if column.name == "kind" else column for column in MOVES.columns)
    on_mariadb.load(Move(1), Move(2))
    project.write((SELECT + WHERE + ORDER).replace("m.kind,", f"{kind} AS kind,"))
    groups = project.make(on_mariadb.source, export(report_type=replace(MOVES, columns=columns))).manifest.totals_by
    assert groups
    assert list(groups["values"]) == expected


def test_texts_that_a_collation_calls_equal_come_in_the_order_of_their_bytes(
    on_mariadb: MariaDbPromo, project: Project
) -> None:
    by_note = replace(MOVES, order=("moved_at", "note"))
    notes = ["b", "a ", "A", "B", "a"]
    on_mariadb.load(*(Move(n, note=note) for n, note in enumerate(notes)))
    folded = "m.note COLLATE utf8mb4_general_ci AS note,"
    project.write((SELECT + WHERE + "ORDER BY m.moved_at, m.note").replace("m.note,", folded, 1))
    rows = project.text(on_mariadb.source, export(report_type=by_note)).splitlines()
    assert [row.split(",")[3] for row in rows] == ["A", "a", "a ", "B", "b"]
