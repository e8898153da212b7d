"""PostgreSQL alone: exact numbers, its own infinities, what its role may do, and how it fails."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from devstack.postgres import PostgresServer
from promo_reports.errors import DataRefused, PromoReportsError, QueryTooSlow, SourceRefused, SourceUnavailable
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.transform import UNCHANGED
from tests.support.databases.promo import (
    DAY,
    HEADER,
    MOVES,
    ORDER,
    SELECT,
    WHERE,
    Move,
    PostgresPromo,
    Project,
    content,
    export,
)
from tests.support.databases.snapshots import EXPECTED_SETTINGS, SECRET, failing, setting, snapshot

# Values


def test_decimals_keep_every_digit(on_postgres: PostgresPromo, project: Project) -> None:
    numbers = [
        "90071992547409.93",
        "12345678901234567890.123456789012345678",
        "-0.000000000000000001",
        "99999999999999999999999999999999999999",
        "1" * 200 + "." + "2" * 60,
    ]
    on_postgres.load(*(Move(n, points=number, rate=number) for n, number in enumerate(numbers)))
    staged = project.make(on_postgres.source)
    rows = list(csv.reader(io.StringIO(content(staged).decode())))[1:]
    assert [row[4] for row in rows] == [row[5] for row in rows] == numbers
    on_postgres.execute("CREATE TABLE sums AS SELECT sum(points)::text AS points FROM moves")
    try:
        with snapshot(on_postgres.source) as given:
            ((expected,),) = given.fetch(BoundQuery("SELECT sums.points FROM sums", {}))
    finally:
        on_postgres.execute("DROP TABLE sums")
    assert staged.manifest.totals == {"points": expected}
    assert len(str(expected)) > 260


def test_floats_are_summed_at_their_scale(on_postgres: PostgresPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.points,", "m.points::float8 AS points,"))
    on_postgres.load(*(Move(n, points="0.10") for n in range(1, 12)))
    assert project.make(on_postgres.source).manifest.totals == {"points": "1.10"}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(value: str, on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1), Move(2, rate=value))
    with pytest.raises(DataRefused, match=rf"Row 2 of .*\.csv: column 'rate' holds {value}, which is no number"):
        project.make(on_postgres.source)
    assert project.left == []


@pytest.mark.parametrize("column", ["recorded_at", "day"])
def test_times_that_are_none_are_refused_outside_the_window_column(
    column: str, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.load(Move(1))
    on_postgres.execute(f"UPDATE moves SET {column} = 'infinity'")
    with pytest.raises(DataRefused, match=rf"column '{column}' holds infinity.*NULLIF\(t\.{column}, 'infinity'\)"):
        project.make(on_postgres.source)


def test_infinite_times_are_in_no_window_and_counted(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1), Move(2, moved_at=None), Move(3), Move(4))
    on_postgres.execute(
        "UPDATE moves SET moved_at = (CASE id WHEN 3 THEN '' ELSE '-' END || 'infinity')::timestamptz WHERE id > 2"
    )
    manifest = project.make(on_postgres.source).manifest
    assert (manifest.rows, manifest.excluded_rows) == (1, 3)


def test_totals_that_are_no_numbers_are_refused(on_postgres: PostgresPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.points,", "12.5::money AS points,"))
    on_postgres.load(Move(1))
    with pytest.raises(DataRefused, match=r"'points' .* is declared decimal, but its SQL says money"):
        project.make(on_postgres.source)


def test_text_columns_may_be_enums_uuids_and_arrays(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.execute("CREATE TYPE mood AS ENUM ('=fine', 'sad')")
    try:
        project.write(
            (SELECT + WHERE + ORDER)
            .replace("m.kind,", "'=fine'::mood AS kind,")
            .replace("m.note,", "'6f2b8a1c-0000-4000-8000-000000000000'::uuid AS note,")
        )
        on_postgres.load(Move(1))
        for spreadsheet, kind in ((True, "'=fine"), (False, "=fine")):
            staged = project.make(on_postgres.source, export(spreadsheet=spreadsheet))
            cells = f"{kind},6f2b8a1c-0000-4000-8000-000000000000"
            assert content(staged).decode() == HEADER + f"1,2026-03-01 12:00:00+00,{cells},1.00,,,,\n"
            assert staged.manifest.totals_by == {"column": "kind", "values": {"=fine": {"rows": 1, "points": "1.00"}}}
    finally:
        on_postgres.execute("DROP TYPE mood")


def test_distinct_on_keeps_the_row_that_the_templates_order_puts_first(
    on_postgres: PostgresPromo, project: Project
) -> None:
    project.write((SELECT + WHERE + ORDER).replace("SELECT ", "SELECT DISTINCT ON (m.moved_at) "))
    on_postgres.load(*(Move(n, points=str(n)) for n in (3, 1, 2)))
    manifest = project.make(on_postgres.source).manifest
    assert (manifest.rows, manifest.totals) == (1, {"points": "1"})


def test_a_cell_of_fifty_megabytes(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1), Move(2))
    on_postgres.execute("UPDATE moves SET note = repeat('0123456789', 5000000) || E'\"\\n' WHERE id = 1")
    (file,) = project.make(on_postgres.source).manifest.files
    assert file.rows == 2
    assert file.bytes > 50_000_000


def test_the_parts_of_a_zip_never_cut_a_cell(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.generate(20_000, note="E'a\\nb,\"' || g || E'\\r\\n'")
    staged = project.make(on_postgres.source, rows_per_file=9_000)
    assert [member.rows for member in staged.manifest.files[0].members] == [9_000, 9_000, 2_000]


def test_a_database_of_another_encoding_is_read_as_utf8(
    postgres: PostgresServer, database: PostgresPromo, project: Project
) -> None:
    with other_database(postgres, database, "latin1", "LATIN1") as promo:
        promo.load(Move(1, note="Größe"), Move(2, note="=1"))
        staged = project.make(promo.source, export(spreadsheet=True))
        assert b",Gr\xc3\xb6\xc3\x9fe,1.00" in content(staged)
        assert staged.manifest.cells_changed == 1


def test_bytes_without_an_encoding_are_refused(
    postgres: PostgresServer, database: PostgresPromo, project: Project
) -> None:
    with other_database(postgres, database, "ascii", "SQL_ASCII") as promo:
        promo.load(Move(1, note="plain"))
        assert b",plain," in content(project.make(promo.source))
        promo.execute("SET client_encoding = 'SQL_ASCII'", "UPDATE moves SET note = E'caf\\xe9'")
        with pytest.raises(DataRefused, match=r"a row cannot be read: CharacterNotInRepertoire \(SQLSTATE 22021\)"):
            project.make(promo.source)
        assert project.left == []


@contextlib.contextmanager
def other_database(postgres: PostgresServer, like: PostgresPromo, name: str, encoding: str) -> Iterator[PostgresPromo]:
    """A database of the same tables in another encoding."""
    from devstack.databases import PromoDatabase
    from tests.support.databases.promo import CHOICES, TABLES

    postgres.execute(
        f"CREATE DATABASE {name} OWNER promo_owner TEMPLATE template0 ENCODING '{encoding}' "
        "LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        urls = (re.sub(r"/\w+$", f"/{name}", url) for url in (like.owner_url, like.source.url))
        promo = PostgresPromo(PromoDatabase(name, *urls))
        promo.execute(*TABLES, *CHOICES, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO promo_reader")
        yield promo
    finally:
        postgres.drop_database(name)


# The session


def test_the_session_is_a_read_only_snapshot_of_known_settings(on_postgres: PostgresPromo) -> None:
    with snapshot(on_postgres.source, "Asia/Kolkata", minutes=7) as given:
        assert {name: setting(given, name) for name in EXPECTED_SETTINGS} == EXPECTED_SETTINGS


def test_settings_of_the_url_and_of_the_role_do_not_change_the_file(
    on_postgres: PostgresPromo, project: Project
) -> None:
    hostile = "-c TimeZone=Asia/Tokyo -c DateStyle=German -c client_encoding=LATIN1 -c standard_conforming_strings=off"
    source = replace(on_postgres.source, url=f"{on_postgres.source.url}?options={quote(hostile)}")
    on_postgres.load(Move(1, note="Größe ＝ \\ '", recorded_at=DAY))
    plain = project.text(on_postgres.source)
    assert project.text(source) == plain
    assert plain == "1,2026-03-01 12:00:00+00,in,Größe ＝ \\ ',1.00,,,,2026-03-01 00:00:00+00\n"
    report = export(spreadsheet=True, filters={"shop": ("main",), "shelf": None, "kind": ("in", "a\\'; --")})
    assert project.text(source, report) == plain


def test_the_snapshot_is_not_younger_than_it_says(on_postgres: PostgresPromo) -> None:
    with snapshot(on_postgres.source) as given:
        on_postgres.load(Move(1))
        ((seen, now),) = given.fetch(BoundQuery("SELECT (SELECT count(*) FROM moves), clock_timestamp()", {}))
        assert seen == "0"
        assert given.taken_at < datetime.fromisoformat(str(now))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT nextval('written')",
        "SELECT write_something()",
        "SELECT lo_create(0)",
    ],
)
def test_nothing_can_be_written(statement: str, on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.execute(
        "CREATE SEQUENCE written",
        "GRANT ALL ON SEQUENCE written TO promo_reader",
        "GRANT ALL ON moves TO promo_reader",
        "CREATE FUNCTION write_something() RETURNS int LANGUAGE sql SECURITY DEFINER AS "
        "$$ INSERT INTO shops VALUES ('new', 'New') RETURNING 1 $$",
    )
    by_owner = replace(on_postgres.source, url=on_postgres.owner_url)  # who may do it all, were it not for the session
    try:
        call = statement.removeprefix("SELECT ")
        project.write((SELECT + WHERE + ORDER).replace("WHERE", f"WHERE {call} IS NOT NULL AND"))
        on_postgres.load(Move(1))
        for source in (on_postgres.source, by_owner):
            with failing(SourceRefused, "read-"):
                project.make(source)
    finally:
        on_postgres.execute(
            "DROP SEQUENCE written",
            "DROP FUNCTION write_something()",
            "REVOKE INSERT, UPDATE ON moves FROM promo_reader",
        )
    assert project.left == []


# Failures


def test_a_wrong_password(on_postgres: PostgresPromo, project: Project) -> None:
    url = re.sub(r":[^:@]+@", ":hunter2@", on_postgres.source.url)
    with failing(SourceRefused, "password authentication failed", secret="hunter2"):
        project.make(Source("promo_db", url))
    assert project.left == []


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("promo_reader:", "nobody_here:"), SourceRefused, "authentication failed"),
        ((r"/\w+$", "/no_such_database"), SourceRefused, 'database "no_such_database" does not exist'),
        ((r"/(\w+)$", r"/\1?sslmode=require"), SourceRefused, "does not support SSL"),
        ((r"/(\w+)$", r"/\1?sslmode=bogus"), SourceRefused, "invalid sslmode value"),
        ((r"/(\w+)$", r"/\1?bogus=1"), SourceRefused, 'invalid URI query parameter: "bogus"'),
        ((r"/(\w+)$", r"/\1?options=-c%20bogus%3D1"), SourceRefused, "unrecognized configuration parameter"),
        ((r":[^:@]+@", "@"), SourceRefused, "no password supplied"),
        ((r"127.0.0.1:\d+", "127.0.0.1:99999"), SourceRefused, "invalid port number"),
        ((r"127.0.0.1:\d+", "127.0.0.1:abc"), SourceRefused, "its address is no valid URL"),
        ((r":[^:@]+@", ":hunter2@half@"), SourceRefused, "its address is no valid URL"),
        ((r":[^:@]+@", ":hunter2%zz@"), SourceRefused, "its address is no valid URL"),
        ((r":[^:@]+@", ":hunter2/half@"), SourceRefused, "its address is no valid URL"),
        ((r":[^:@]+@", ":hunter2#half@"), SourceRefused, "its address is no valid URL"),
        ((r"127.0.0.1:\d+", "no-such-host.invalid:5432"), SourceUnavailable, "no-such-host.invalid"),
        ((r"127.0.0.1:\d+", "127.0.0.1:1"), SourceUnavailable, "Connection refused"),
    ],
)
def test_addresses_that_lead_nowhere(
    change: tuple[str, str], kind: type[PromoReportsError], words: str, on_postgres: PostgresPromo, project: Project
) -> None:
    url = re.sub(*change, on_postgres.source.url)
    assert url != on_postgres.source.url
    with failing(kind, words, secret="hunter2"):
        project.make(Source("promo_db", url))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_forms_of_the_url(scheme: str, on_postgres: PostgresPromo, postgres: PostgresServer) -> None:
    url = on_postgres.source.url.replace("postgresql:", f"{scheme}:")
    by_socket = re.sub(r"127\.0\.0\.1(:\d+)", quote(str(postgres.socket_dir), safe="") + r"\1", url)
    for source in (Source("promo_db", url), Source("promo_db", by_socket)):
        assert source.dialect == "postgresql"
        with snapshot(source) as given:
            assert given.fetch(BoundQuery("SELECT 1", {})) == [("1",)]
    assert "promo_reader" not in repr(source)


def test_permission_denied(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.execute("REVOKE SELECT ON moves FROM promo_reader")
    try:
        with failing(SourceRefused, "permission denied for table moves", "rights of the role"):
            project.make(on_postgres.source)
    finally:
        on_postgres.execute("GRANT SELECT ON moves TO promo_reader")


def test_too_many_connections(postgres: PostgresServer, on_postgres: PostgresPromo, project: Project) -> None:
    name = on_postgres.source.url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    try:
        with failing(SourceUnavailable, "too many connections", "PROMO_REPORTS_POOL"):
            project.make(on_postgres.source)
    finally:
        postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")


def test_a_statement_that_takes_too_long(on_postgres: PostgresPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("WHERE", "WHERE pg_sleep(30) IS NOT NULL AND"))
    on_postgres.load(Move(1))
    with failing(QueryTooSlow, "statement timeout (limit 0.002 min)", "STATEMENT_TIMEOUT_MINUTES"):
        project.make(on_postgres.source, statement_timeout_minutes=0.002)
    assert project.left == []


def test_a_value_that_cannot_be_read_is_not_quoted(on_postgres: PostgresPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.points,", "CAST(m.note AS numeric) AS points,"))
    on_postgres.load(Move(1, note="jane@example.com"))
    with failing(DataRefused, "a row cannot be read: InvalidTextRepresentation (SQLSTATE 22P02)", secret="jane"):
        project.make(on_postgres.source)


def test_an_error_within_the_rows(on_postgres: PostgresPromo, project: Project) -> None:
    project.write(
        (SELECT + WHERE + ORDER).replace("m.rate,", "(SELECT 1 / CASE WHEN m.id = 9000 THEN 0 ELSE 1 END) AS rate,")
    )
    on_postgres.generate(10_000)
    with failing(DataRefused, "DivisionByZero (SQLSTATE 22012)"):
        project.make(on_postgres.source, export())
    assert project.left == []


def once(action: Callable[[], object]) -> Callable[[int, int], None]:
    """A progress callback that does something with the first batch of rows."""
    done: list[bool] = []

    def progress(rows: int, expected: int) -> None:
        assert rows < expected
        if rows and not done:
            done.append(True)
            action()

    return progress


def end_exports(server: PostgresServer, how: str) -> None:
    ended = server.execute(f"SELECT {how}(pid) FROM pg_stat_activity WHERE application_name = 'promo-reports'")
    assert ended == [(True,)]


def test_a_connection_that_is_cut_while_rows_come(
    postgres: PostgresServer, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.generate(40_000, note="repeat('x', 600)")
    with failing(SourceUnavailable, "the connection was lost"):
        project.make(on_postgres.source, progress=once(lambda: end_exports(postgres, "pg_terminate_backend")))
    assert project.left == []
    assert project.make(on_postgres.source).manifest.rows == 40_000


def test_a_query_that_somebody_cancels(postgres: PostgresServer, on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.generate(40_000, note="repeat('x', 600)")
    with failing(SourceUnavailable, "canceling statement due to user request (SQLSTATE 57014)"):
        project.make(on_postgres.source, progress=once(lambda: end_exports(postgres, "pg_cancel_backend")))


def test_a_server_that_crashes_and_comes_back(tmp_path: Path, project: Project) -> None:
    from devstack.credentials import Credentials
    from devstack.databases import create_promo_database, create_roles
    from tests.support.databases.promo import CHOICES, TABLES

    credentials = Credentials()
    server = PostgresServer(tmp_path / "pg", password=SECRET, port=0, durable=False)
    server.start()
    try:
        create_roles(server, credentials)
        promo = PostgresPromo(create_promo_database(server, credentials))
        promo.execute(*TABLES, *CHOICES)
        promo.generate(40_000, note="repeat('x', 600)")
        with failing(SourceUnavailable, "the connection was lost"):
            project.make(promo.source, progress=once(server.restart_immediate))
        assert project.left == []
        assert project.make(promo.source).manifest.rows == 40_000
        server.stop()
        with failing(SourceUnavailable, "Connection refused"):
            project.make(promo.source)
    finally:
        server.destroy()


def test_a_sink_that_fails_ends_the_copy(on_postgres: PostgresPromo) -> None:
    class Boom(Exception):
        pass

    def sink(record: bytes) -> None:
        raise Boom

    with snapshot(on_postgres.source) as given, pytest.raises(Boom):
        given.copy(BoundQuery("SELECT g FROM generate_series(1, 1000000) g", {}), MOVES, sink, transform=UNCHANGED)
    with snapshot(on_postgres.source) as given:
        records: list[bytes] = []
        query = BoundQuery("SELECT g FROM generate_series(1, 3) g", {})
        assert given.copy(query, MOVES, records.append, transform=UNCHANGED) == 3
        assert records == [b"1\n", b"2\n", b"3\n"]


def test_a_snapshot_that_cannot_begin_leaves_no_session(postgres: PostgresServer, on_postgres: PostgresPromo) -> None:
    class Nowhere:
        key = "Nowhere/Land"

    zone: Any = Nowhere()
    with failing(SourceRefused, "Nowhere/Land"), PostgresSnapshot(on_postgres.source, zone, TimeLimits(60)):
        pass
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'promo-reports' AND state <> 'idle'"
    assert postgres.execute(sessions) == [(0,)]


def test_times_without_a_zone_are_refused(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.load(Move(1))
    project.write((SELECT + WHERE + ORDER).replace("m.recorded_at", "m.recorded_at::timestamp AS recorded_at"))
    with pytest.raises(DataRefused, match=r"'recorded_at' .* is not of type timestamptz.*AT TIME ZONE 'UTC'"):
        project.make(on_postgres.source)
    assert project.left == []


def test_times_without_a_zone_are_refused_where_there_is_no_row(on_postgres: PostgresPromo, project: Project) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.recorded_at", "m.recorded_at::timestamp AS recorded_at"))
    with pytest.raises(DataRefused, match="timestamptz"):
        project.make(on_postgres.source)
