"""A small promo database and a report of it, on PostgreSQL, SQLite and MariaDB alike.

`Promo` is one such database, `Project` a directory with a report type's SQL. Rows are written by the databases' own
drivers, and files are read as bytes: nothing here shares code with the pipeline.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest
from psycopg2.extras import execute_values  # noqa: TID253

from devstack.databases import PromoDatabase
from devstack.mariadb import PASSWORD, MariaDbServer
from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.domain.dates.window import Window
from promo_reports.domain.definition import Definition, Origin
from promo_reports.domain.delivery import Download, PartnerExport
from promo_reports.domain.filters import Choice, Select
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, PromotionType, ReportType
from promo_reports.domain.shape import Shape, ShapedDelivery, usual_cells
from promo_reports.errors import PromoReportsError
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.export import Export, Previous
from promo_reports.pipeline.extract import extract
from promo_reports.pipeline.staging.directory import StagedDirectory, StagingDirectory
from promo_reports.settings import Settings

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=1))
NOON = DAY + timedelta(hours=12)
NOW = DAY + timedelta(days=2)

MOVES = ReportType(
    id="moves",
    title="Moves",
    promotion_type=PromotionType.LOYALTY_WALLET,
    description="Every move.",
    connection="promo_db",
    date_range=DateRangeRule.REQUIRED,
    order=("moved_at", "id"),
    filters=(
        ChoiceFilter("shop", "Shop", "One shop.", Select.ONE, options="shops"),
        ChoiceFilter(
            "shelf", "Shelf", "Its shelves.", Select.ALL, options="shelves", depends_on="shop", default_all=True
        ),
        ChoiceFilter(
            "kind", "Kind", "Kinds.", Select.MANY, (Choice("in", "In"), Choice("out", "Out")), default_all=True
        ),
    ),
    columns=(
        Column("id", ColumnType.INTEGER, "Number."),
        Column("moved_at", ColumnType.TIMESTAMP, "When."),
        Column("kind", ColumnType.TEXT, "What."),
        Column("note", ColumnType.TEXT, "Why."),
        Column("points", ColumnType.DECIMAL, "How much.", unit="points", scale=2, total=True),
        Column("rate", ColumnType.DECIMAL, "At which rate."),
        Column("day", ColumnType.DATE, "Which day."),
        Column("active", ColumnType.BOOLEAN, "Whether."),
        Column("recorded_at", ColumnType.TIMESTAMP, "When it was written."),
    ),
    window_column="moved_at",
    recorded_column="recorded_at",
    totals_by="kind",
)
SCALED = replace(
    MOVES,
    columns=tuple(replace(each, scale=2) if each.type is ColumnType.DECIMAL else each for each in MOVES.columns),
)
"""Moves whose decimals all have a scale, as Parquet asks for."""
HEADER = ",".join(column.name for column in MOVES.columns) + "\n"
ALL = {"shop": ("main",), "shelf": None, "kind": ("in", "out", "", "=x", "-x")}

SELECT = "SELECT m.id, m.moved_at, m.kind, m.note, m.points, m.rate, m.day, m.active, m.recorded_at\nFROM moves m\n"
WHERE = """WHERE m.shop = {{ filters.shop }}
    AND {{ window.covers("m.moved_at") }}
{% if filters.shelf %}
    AND m.shelf IN {{ filters.shelf }}
{% endif %}
    AND (m.kind IN {{ filters.kind }} OR m.kind IS NULL)
"""
ORDER = "ORDER BY m.moved_at, m.id\n"
OPTIONS = {
    "shops": "SELECT s.shop AS value, s.title AS title FROM shops s ORDER BY s.shop",
    "shelves": "SELECT s.shelf AS value, NULL AS title FROM shelves s WHERE s.shop = {{ filters.shop }} ORDER BY 1",
}
TABLES = (
    "CREATE TABLE shops (shop text PRIMARY KEY, title text NOT NULL)",
    "CREATE TABLE shelves (shop text NOT NULL, shelf text NOT NULL)",
    "CREATE TABLE moves (id bigint PRIMARY KEY, moved_at timestamptz, kind text, note text, points numeric,"
    " rate numeric, day date, active boolean, recorded_at timestamptz, shop text NOT NULL, shelf text NOT NULL)",
    "CREATE INDEX moves_window ON moves (shop, moved_at, id)",
)
CHOICES = (
    "INSERT INTO shops VALUES ('main', 'Main street'), ('side', 'Side street')",
    "INSERT INTO shelves VALUES ('main', 'top'), ('main', 'bottom'), ('side', 'back')",
)


@dataclass(frozen=True)
class Move:
    """A row; `points` and `rate` are decimals as text."""

    id: int
    moved_at: datetime | None = NOON
    kind: str | None = "in"
    note: str | None = "a"
    points: str | None = "1.00"
    rate: str | None = None
    day: str | None = None
    active: bool | None = None
    recorded_at: datetime | None = None
    shop: str = "main"
    shelf: str = "top"


COLUMNS = ", ".join(field.name for field in fields(Move))


class Promo(ABC):
    """A database with the tables above; `dialect` is that of its source."""

    dialect: str
    source: Source

    @abstractmethod
    def load(self, *moves: Move) -> None:
        """Insert rows and commit."""

    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Run statements in a session of their own and commit."""


class PostgresPromo(Promo):
    """One of PostgreSQL; exports read it as a role that may only SELECT."""

    dialect = "postgresql"

    def __init__(self, database: PromoDatabase) -> None:
        self.owner_url = database.owner_url
        self.source = Source("promo_db", database.reader_url)

    def load(self, *moves: Move) -> None:
        with self._session() as cursor:
            execute_values(cursor, f"INSERT INTO moves ({COLUMNS}) VALUES %s", [astuple(move) for move in moves])

    def execute(self, *statements: str) -> None:
        with self._session() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def generate(self, rows: int, note: str = "'a'") -> None:
        """Make rows inside the server, all in the window."""
        self.execute(
            f"INSERT INTO moves (id, moved_at, kind, note, points, shop, shelf) "
            f"SELECT g, timestamptz '{DAY.isoformat()}' + g * interval '1 ms', 'in', {note}, g % 100, 'main', 'top' "
            f"FROM generate_series(1, {rows}) g"
        )

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        with contextlib.closing(psycopg2.connect(self.owner_url)) as connection, connection, connection.cursor() as c:
            yield c


class SqlitePromo(Promo):
    """One of SQLite, in WAL mode so that others can write while an export reads."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = Source("promo_db", f"sqlite:///{path}")
        self.execute("PRAGMA journal_mode = WAL", *TABLES, *CHOICES)

    def load(self, *moves: Move) -> None:
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            places = ", ".join("?" for _ in fields(Move))
            connection.executemany(
                f"INSERT INTO moves ({COLUMNS}) VALUES ({places})",
                [[sqlite_value(value) for value in astuple(move)] for move in moves],
            )

    def execute(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


class MariaDbPromo(Promo):
    """One of MariaDB, whose times are of UTC; exports read it as a user who may only SELECT."""

    dialect = "mysql"

    def __init__(self, server: MariaDbServer, name: str = "promo") -> None:
        self.server, self.name = server, name
        self.source = Source("promo_db", server.url(name))
        server.execute(f"CREATE DATABASE {name}")
        self.execute(*(_of_mariadb(statement) for statement in TABLES))

    def load(self, *moves: Move) -> None:
        places = ", ".join("%s" for _ in fields(Move))
        with self.server.session(self.name) as cursor:
            cursor.executemany(
                f"INSERT INTO moves ({COLUMNS}) VALUES ({places})",
                [[sqlite_value(value) for value in astuple(move)] for move in moves],
            )

    def generate(self, rows: int, note: str = "'a'") -> None:
        """Make rows inside the server, all in the window."""
        self.execute(
            f"INSERT INTO moves (id, moved_at, kind, note, points, shop, shelf) "
            f"SELECT seq, timestamp '{DAY:%Y-%m-%d %H:%M:%S}' + INTERVAL seq * 1000 MICROSECOND, 'in', {note}, "
            f"seq % 100, 'main', 'top' FROM seq_1_to_{rows}"
        )

    def execute(self, *statements: str) -> None:
        self.server.execute(*statements, database=self.name)


def _of_mariadb(statement: str) -> str:
    """A table of the same columns; its numbers have a scale of their own, and a key needs a length."""
    statement = re.sub(r"\b(shop|shelf|kind) text", r"\1 varchar(100)", statement)
    for theirs, ours in (
        ("timestamptz", "datetime(6)"),
        ("points numeric", "points decimal(30, 2)"),
        ("rate numeric", "rate decimal(38, 18)"),
        (" text", " longtext"),
    ):
        statement = statement.replace(theirs, ours)
    return statement


def sqlite_value(value: object) -> object:
    """Times as UTC text, without a fraction where there is none, as CURRENT_TIMESTAMP writes them."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


class Project:
    """A project directory with the SQL of `MOVES`, and settings that stage into another directory beside it."""

    def __init__(self, root: Path, sql: str = SELECT + WHERE + ORDER) -> None:
        self.root = root
        self.sql = root / "project" / "include" / "sql"
        (self.sql / "options").mkdir(parents=True)
        for name, text in OPTIONS.items():
            (self.sql / "options" / f"{name}.sql").write_text(text, encoding="utf-8")
        self.write(sql)
        self.settings = Settings(home=root / "project", data_dir=root / "data")

    def write(self, sql: str) -> None:
        """Replace the report type's SQL."""
        (self.sql / "moves.sql").write_text(sql, encoding="utf-8")

    def make(
        self,
        source: Source,
        report: Export | None = None,
        *,
        progress: Callable[[int, int], object] | None = None,
        now: datetime = NOW,
        **changes: Any,
    ) -> StagedDirectory:
        """Extract; `changes` are settings."""
        settings = self.settings.model_copy(update=changes)
        area = StagingDirectory(settings.staging)
        staged = extract(report or export(), source, area, settings, now=lambda: now, progress=progress)
        assert isinstance(staged, StagedDirectory)
        return staged

    def text(self, source: Source, report: Export | None = None) -> str:
        """The rows of the CSV, without its header."""
        whole = content(self.make(source, report)).decode()
        assert whole.startswith(HEADER)
        return whole[len(HEADER) :]

    @property
    def left(self) -> list[Path]:
        """What lies in the staging area, directories of reports and runs aside."""
        return list(self.settings.staging.glob("*/*/*"))


def export(
    *,
    filters: Mapping[str, tuple[str, ...] | None] | None = None,
    timezone: str = "UTC",
    window: Window | None = WINDOW,
    spreadsheet: bool = False,
    previous: Previous | None = None,
    report_type: ReportType = MOVES,
    run_id: str = "run",
) -> Export:
    """An export of a definition with everything in it, for a download (`spreadsheet`) or for machines."""
    destination = Download() if spreadsheet else PartnerExport("amazon_s3", "bucket")
    definition = Definition(
        id="daily_moves",
        name="Daily moves",
        report_type=report_type,
        owner="growth@example.com",
        filters=ALL if filters is None else filters,
        deliveries=(ShapedDelivery(destination, Shape(cells=usual_cells(destination))),),
        timezone=timezone,
        week_starts_on="monday",
        sha256="d" * 64,
        origin=Origin.GIT,
        source="reports/daily_moves.yaml",
    )
    return Export(definition, window, None if window else DAY, "promo_reports.daily_moves", run_id, previous)


def shaped(asked: Export, *shapes: Shape) -> Export:
    """The export with a bucket for each of these shapes, in their order."""
    buckets = [PartnerExport("amazon_s3", f"bucket-{number}") for number in range(len(shapes))]
    deliveries = tuple(map(ShapedDelivery, buckets, shapes))
    return replace(asked, definition=replace(asked.definition, deliveries=deliveries))


def content(staged: StagedDirectory) -> bytes:
    """The one file of an export."""
    (file,) = staged.manifest.files
    return (staged.directory / file.name).read_bytes()


def days(number: float) -> datetime:
    """An instant so many days after the window's start."""
    return DAY + timedelta(days=number)


def numbered(count: int, **values: Any) -> list[Move]:
    """Rows 1, 2, 3 ... in that order."""
    return [replace(Move(n, moved_at=DAY + timedelta(seconds=n)), **values) for n in range(1, count + 1)]


def total(moves: Sequence[Move]) -> Decimal:
    """The exact sum of points."""
    return sum((Decimal(move.points or 0) for move in moves), Decimal(0))


def refusal(project: Project, source: Source) -> PromoReportsError:
    """Return the error of an export of MariaDB that leaves nothing staged and tells no password."""
    with pytest.raises(PromoReportsError) as refused:
        project.make(source)
    assert project.left == []
    assert PASSWORD not in str(refused.value)
    return refused.value
