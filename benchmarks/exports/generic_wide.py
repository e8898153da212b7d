"""The shape `wide40` for databases other than PostgreSQL: its columns, with cells that are made here."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.exports.shape_tables import SHAPES, Shape
from devstack.mariadb import MariaDbServer

_START = datetime(2026, 1, 1, tzinfo=UTC)
_DIFFERENT = 4_999
_PLAIN, _WITH_QUOTES = "enirstadhul gmäü", 'enirstadhul ",öß'
_MARIADB = {
    "integer": "bigint",
    "timestamp": "datetime(6)",
    "boolean": "tinyint(1)",
    "date": "date",
    "decimal": "decimal(12, 2)",
    "text": "varchar(120)",
}
_SQLITE = {**dict.fromkeys(_MARIADB, "text"), "integer": "integer", "boolean": "integer", "decimal": "numeric"}


def shape() -> Shape:
    """What is exported."""
    found = SHAPES["wide40"]
    assert found is not None  # noqa: S101 - only the ledger is
    return found


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Rows in the order of time, the same at every run; cells are drawn from some thousand different ones."""
    draw = random.Random(40)  # noqa: S311 - nothing secret
    cells = [
        [None if draw.random() < each.null else _cell(each.type, draw) for each in shape().columns]
        for _ in range(_DIFFERENT)
    ]
    for number in range(count):
        moment = _START + timedelta(seconds=number * 5)
        yield (number + 1, moment.replace(tzinfo=None).isoformat(" "), *cells[number % _DIFFERENT])


def fill_mariadb(server: MariaDbServer, database: str, count: int, place: Path) -> None:
    """Make the table and load it from a file."""
    file = place / "wide.tsv"
    with file.open("w", encoding="utf-8") as output:
        for row in rows(count):
            output.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
    server.execute(*_statements(_MARIADB), database=database)
    with server.session(database) as cursor:
        cursor.execute(f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {shape().report_type} CHARACTER SET utf8mb4")
        cursor.execute(f"ANALYZE TABLE {shape().report_type}")
        cursor.fetchall()
    file.unlink()


def fill_sqlite(path: Path, count: int) -> None:
    """Make the table in the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in _statements(_SQLITE):
            connection.execute(statement)
        places = ", ".join("?" * len(shape().names))
        connection.executemany(f"INSERT INTO {shape().report_type} VALUES ({places})", rows(count))  # noqa: S608


def _statements(types: Mapping[str, str]) -> tuple[str, str]:
    kinds = ("integer", "timestamp", *(each.type for each in shape().columns))
    columns = ", ".join(f"{name} {types[kind]}" for name, kind in zip(shape().names, kinds, strict=True))
    name = shape().report_type
    return f"CREATE TABLE {name} ({columns})", f"CREATE INDEX {name}_window ON {name} (happened_at, id)"


def _cell(kind: str, draw: random.Random) -> object:
    if kind == "text":
        letters = _WITH_QUOTES if draw.random() < 0.12 else _PLAIN
        return "A" + "".join(draw.choices(letters, k=5 + int(91 * draw.random() ** 4)))
    moment = (_START - timedelta(seconds=draw.randrange(100_000_000))).replace(tzinfo=None)
    return {
        "timestamp": moment.isoformat(" "),
        "date": moment.date().isoformat(),
        "boolean": draw.randrange(2),
        "decimal": f"{draw.randrange(-1_000_000, 1_000_000) / 100:.2f}",
    }[kind]
