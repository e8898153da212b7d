"""A large export on several connections is the same file, of the same snapshot, and fails as one."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest

from devstack.postgres import PostgresServer
from promo_reports.domain.report_type import ColumnType, ReportType
from promo_reports.errors import DataRefused, ReconciliationError, SourceUnavailable, StagingError
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.export import Export
from promo_reports.pipeline.formats.artifact import Artifact
from promo_reports.pipeline.staging.directory import StagedDirectory
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import (
    DAY,
    MOVES,
    NOON,
    ORDER,
    SELECT,
    WHERE,
    Move,
    PostgresPromo,
    Project,
    content,
    export,
    numbered,
)
from tests.support.databases.snapshots import EXPECTED_SETTINGS, failing, setting, snapshot

COUNT = BoundQuery("SELECT count(*) FROM moves", {})
NOTES = ["a", None, "", '"', "two\nlines", "=1+1", "a,b", "größe", "\r\n", "'=1"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[PostgresSnapshot]:
    """The further connections that exports have asked for."""
    asked: list[PostgresSnapshot] = []
    beside = PostgresSnapshot.beside

    def counted(self: PostgresSnapshot) -> PostgresSnapshot:
        asked.append(beside(self))
        return asked[-1]

    monkeypatch.setattr(PostgresSnapshot, "beside", counted)
    return asked


def at_first(action: Callable[[], object]) -> Callable[[int, int], None]:
    """A progress callback that does something once, when some rows have been written."""
    done: list[bool] = []

    def progress(rows: int, expected: int) -> None:
        if rows and not done:
            done.append(True)
            action()

    return progress


def both(
    project: Project, promo: PostgresPromo, report: Export | None = None, connections: int = 3, **settings: Any
) -> StagedDirectory:
    """The export on several connections, after it was found to be the one that a single connection makes."""
    staged = project.make(promo.source, report, **settings)
    (serial,), expected = staged.manifest.files, content(staged)
    staged = project.make(promo.source, report, connections_per_export=connections, **settings)
    assert staged.manifest.files == (serial,)
    assert content(staged) == expected
    assert sorted(path.name for path in staged.directory.iterdir()) == sorted(
        [serial.name, "destinations.json", "manifest.json"]
    )
    return staged


# The same file


@pytest.mark.parametrize("spreadsheet", [False, True])
@pytest.mark.parametrize("rows_per_file", range(1, 12))
def test_every_cut_of_ten_rows(
    rows_per_file: int,
    spreadsheet: bool,
    on_postgres: PostgresPromo,
    project: Project,
    opened: list[PostgresSnapshot],
) -> None:
    moves = [Move(10 - n, moved_at=NOON + timedelta(microseconds=n // 4), note=note) for n, note in enumerate(NOTES)]
    on_postgres.load(*moves)
    staged = both(project, on_postgres, export(spreadsheet=spreadsheet), rows_per_file=rows_per_file)
    assert staged.manifest.rows == 10
    assert len(opened) == max(0, min(3, -(-10 // rows_per_file)) - 1)


@pytest.mark.parametrize("rows", [9_001, 18_000, 18_001, 40_000])
@pytest.mark.parametrize("note", ["'a'", "repeat('x', g % 700)", "E'\"a\\nb,' || md5(g::text)"])
def test_batches_end_where_they_do_on_one_connection(
    note: str, rows: int, on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.generate(rows, note=note)
    both(project, on_postgres, connections=2, rows_per_file=9_000)
    assert len(opened) == 1


def test_all_rows_at_one_moment(on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]) -> None:
    on_postgres.load(*(Move(n) for n in range(20)))
    both(project, on_postgres, rows_per_file=6)
    assert len(opened) == 2


def ordered_by(kind: ColumnType) -> ReportType:
    """The moves with an id of another type."""
    id_column, *others = MOVES.columns
    scale = 1 if kind is ColumnType.DECIMAL else None
    return replace(MOVES, columns=(replace(id_column, type=kind, scale=scale), *others))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("m.id", ColumnType.INTEGER),
        ("m.id + 9223372036854775000", ColumnType.INTEGER),
        ("m.id * 0.000000000000000000000001 + 12345678901234567890", ColumnType.DECIMAL),
        ("m.id * 0.1::float8", ColumnType.DECIMAL),
        ("md5(m.id::text)::uuid", ColumnType.TEXT),
        ("chr(64 + m.id::int % 26 + (m.id::int % 2) * 32) || E'\\\\''%(x)s:y' || m.id", ColumnType.TEXT),
        ('(chr(64 + m.id::int % 26 + (m.id::int % 2) * 32) || m.id) COLLATE "C"', ColumnType.TEXT),
        ("date '2026-01-01' - m.id::int", ColumnType.DATE),
        ("m.recorded_at - m.id * interval '1 microsecond'", ColumnType.TIMESTAMP),
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_values_of_the_order_lose_nothing(
    zone: str,
    value: str,
    kind: ColumnType,
    on_postgres: PostgresPromo,
    project: Project,
    opened: list[PostgresSnapshot],
) -> None:
    fall_back = DAY.replace(month=11, hour=6)
    on_postgres.load(*(replace(move, moved_at=NOON, recorded_at=fall_back) for move in numbered(30)))
    project.write((SELECT + WHERE + ORDER).replace("m.id,", f"{value} AS id,"))
    both(project, on_postgres, export(report_type=ordered_by(kind), timezone=zone), rows_per_file=7)
    assert len(opened) == 2


def test_equal_values_that_are_written_differently(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.load(*(Move(n, rate="1.0" if n % 2 else "1.00") for n in range(12)))
    project.write((SELECT + WHERE + ORDER).replace("m.moved_at, m.id\n", "m.moved_at, m.rate, m.id\n"))
    both(project, on_postgres, export(report_type=replace(MOVES, order=("moved_at", "rate", "id"))), rows_per_file=5)
    assert len(opened) == 2


def test_numbers_of_equal_rows(on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]) -> None:
    on_postgres.load(*numbered(12))
    project.write((SELECT + WHERE + ORDER).replace("m.rate,", "row_number() OVER (ORDER BY m.kind) AS rate,"))
    both(project, on_postgres, rows_per_file=5)
    assert opened == []


def test_a_cast_to_text_that_cannot_be_read_again(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.load(*(replace(move, moved_at=NOON) for move in numbered(9)))
    on_postgres.execute(
        "CREATE TYPE size AS ENUM ('s', 'm', 'l')",
        "CREATE FUNCTION label(size) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''Large''::text'",
        "CREATE CAST (size AS text) WITH FUNCTION label(size)",
    )
    try:
        project.write(
            (SELECT + WHERE + ORDER)
            .replace("m.kind,", "(enum_range(NULL::size))[1 + m.id % 3] AS kind,")
            .replace("m.moved_at, m.id\n", "m.moved_at, kind, m.id\n")
        )
        by_size = replace(MOVES, order=("moved_at", "kind", "id"))
        both(project, on_postgres, export(report_type=by_size), rows_per_file=4)
        assert len(opened) == 2
    finally:
        on_postgres.execute("DROP TYPE size CASCADE")


def test_times_at_the_change_of_clocks(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    from promo_reports.domain.dates.window import Window

    begin = DAY.replace(month=11, hour=4)
    window = Window(begin, begin + timedelta(days=1))
    on_postgres.load(*(Move(n, moved_at=begin + timedelta(minutes=n, microseconds=n)) for n in range(200)))
    both(project, on_postgres, export(window=window, timezone="America/New_York"), rows_per_file=30)
    assert len(opened) == 2


# What is read as a whole


@pytest.mark.parametrize("number", ["NULLIF(m.id, 7)", "NULLIF(m.id, 3)", "NULLIF(m.id, 9)"])
def test_null_in_the_order(
    number: str, on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.load(*(Move(n) for n in range(1, 10)))
    project.write((SELECT + WHERE + ORDER).replace("m.id,", f"{number} AS id,"))
    assert both(project, on_postgres, rows_per_file=3).manifest.rows == 9
    assert opened == []


def test_equal_rows_at_a_border(on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]) -> None:
    """No range can begin between them, and what is read as a whole is refused: its order is none."""
    on_postgres.load(*(Move(n) for n in range(1, 10)))
    project.write((SELECT + WHERE + ORDER).replace("m.id,", "CASE m.id WHEN 4 THEN 3 ELSE m.id END AS id,"))
    with pytest.raises(DataRefused, match="equal to the row before it in moved_at, id"):
        project.make(on_postgres.source, connections_per_export=3, rows_per_file=3)
    assert opened == []


def test_no_more_rows_than_a_file_has(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.load(*numbered(9))
    both(project, on_postgres, rows_per_file=9)
    assert opened == []


def test_a_type_without_a_window_column(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    within = "m.moved_at >= {{ window.start }} AND m.moved_at < {{ window.end }}"
    project.write((SELECT + WHERE + ORDER).replace('{{ window.covers("m.moved_at") }}', within))
    on_postgres.load(*numbered(9))
    both(project, on_postgres, export(report_type=replace(MOVES, window_column=None)), rows_per_file=3)
    assert opened == []


# One snapshot


def test_rows_written_meanwhile_are_in_no_part(
    on_postgres: PostgresPromo, project: Project, opened: list[PostgresSnapshot]
) -> None:
    on_postgres.generate(30_000)
    expected = content(project.make(on_postgres.source, rows_per_file=10_000))

    def disturb() -> None:
        on_postgres.execute(
            "UPDATE moves SET id = id + 100000",
            f"INSERT INTO moves (id, moved_at, kind, points, shop, shelf) SELECT -g, timestamptz '{DAY.isoformat()}' "
            "+ g * interval '1 ms', 'in', 1, 'main', 'top' FROM generate_series(1, 30000) g",
        )

    staged = project.make(
        on_postgres.source,
        progress=lambda rows, expected: rows or disturb(),
        rows_per_file=10_000,
        connections_per_export=2,
    )
    assert content(staged) == expected
    assert len(opened) == 1


def test_other_connections_have_the_same_settings(on_postgres: PostgresPromo) -> None:
    with snapshot(on_postgres.source, "Asia/Kolkata", minutes=7) as given:
        on_postgres.load(Move(1))
        with given.beside() as other:
            assert {name: setting(other, name) for name in EXPECTED_SETTINGS} == EXPECTED_SETTINGS
            assert other.fetch(COUNT) == given.fetch(COUNT) == [("0",)]


def test_progress_is_of_all_connections(on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.generate(40_000)
    seen: list[tuple[int, int]] = []
    project.make(
        on_postgres.source,
        progress=lambda rows, expected: seen.append((rows, expected)),
        rows_per_file=9_000,
        connections_per_export=4,
    )
    assert [rows for rows, _ in seen] == sorted({rows for rows, _ in seen})
    assert (seen[0], seen[-1]) == ((0, 40_000), (40_000, 40_000))


# Failures


class Stopped(Exception):
    """What Airflow's SIGTERM makes a task raise."""


SEVERAL: dict[str, Any] = {"rows_per_file": 10_000, "connections_per_export": 3}
SESSIONS = "FROM pg_stat_activity WHERE application_name = 'promo-reports'"


def test_one_connection_that_is_cut(postgres: PostgresServer, on_postgres: PostgresPromo, project: Project) -> None:
    # More for each connection than a socket takes: what has all been sent cannot be cut.
    on_postgres.generate(40_000, note="repeat('x', 5000)")
    newest = f"{SESSIONS} AND state = 'active' AND query LIKE 'COPY%' ORDER BY backend_start DESC LIMIT 1"

    def cut() -> None:
        assert postgres.execute(f"SELECT pg_terminate_backend(pid) {newest}") == [(True,)]

    with failing(SourceUnavailable, "the connection was lost"):
        project.make(on_postgres.source, progress=at_first(cut), **SEVERAL)
    assert project.left == []
    assert project.make(on_postgres.source, **SEVERAL).manifest.rows == 40_000


def test_an_error_in_one_part(on_postgres: PostgresPromo, project: Project) -> None:
    project.write(
        (SELECT + WHERE + ORDER).replace("m.rate,", "(SELECT 1 / CASE WHEN m.id = 29000 THEN 0 ELSE 1 END) AS rate,")
    )
    on_postgres.generate(40_000)
    with failing(DataRefused, "DivisionByZero (SQLSTATE 22012)"):
        project.make(on_postgres.source, **SEVERAL)
    assert project.left == []


def test_too_many_further_connections(postgres: PostgresServer, on_postgres: PostgresPromo, project: Project) -> None:
    on_postgres.generate(30_000)
    name = on_postgres.source.url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 1")
    try:
        with failing(SourceUnavailable, "too many connections", "PROMO_REPORTS_POOL"):
            project.make(on_postgres.source, **SEVERAL)
    finally:
        postgres.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    assert project.left == []


def test_a_full_disk(on_postgres: PostgresPromo, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Artifact, aside: Artifact) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Artifact, "_append", full)
    on_postgres.generate(40_000)
    with pytest.raises(StagingError, match=r"is full: .* The export needs about [0-9,]+ bytes"):
        project.make(on_postgres.source, **SEVERAL)
    assert project.left == []


def test_a_part_with_other_rows_than_were_found(
    on_postgres: PostgresPromo, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_postgres.generate(30_000)
    copy = PostgresSnapshot.copy
    monkeypatch.setattr(PostgresSnapshot, "copy", lambda *given, **named: copy(*given, **named) - 1)
    with pytest.raises(ReconciliationError, match="sent 9999 rows for part"):
        project.make(on_postgres.source, **SEVERAL)
    assert project.left == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_rows_come(
    number: int, postgres: PostgresServer, on_postgres: PostgresPromo, project: Project
) -> None:
    on_postgres.generate(40_000, note="repeat('x', 600)")

    def raised(signalled: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(number, raised)
    try:
        with pytest.raises(Stopped):
            project.make(on_postgres.source, progress=at_first(lambda: os.kill(os.getpid(), number)), **SEVERAL)
    finally:
        signal.signal(number, before)
    assert project.left == []
    while postgres.execute(f"SELECT 1 {SESSIONS} AND query LIKE 'COPY%'"):
        pass
