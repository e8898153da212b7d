"""Tables of other shapes than the ledger's, generated inside PostgreSQL, each with a report type of its own.

The cells are made from MD5 sums, so every run has the same. Some thousand different rows are made and then repeated
with ids and times of their own, farther apart than any deflate looks back: so a million rows take seconds, and compress
as if all were different.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.airflow.many_definitions import ManyDefinitions
from benchmarks.exports import ledger
from benchmarks.exports.ledger import DAY_AFTER, FIRST_DAY, Table
from devstack.databases import PromoDatabase
from devstack.postgres import PostgresServer
from include.demo.data.clock import midnight

LEDGER_ROWS = 5_000_000
NULL_SHARE, QUOTED_SHARE, FORMULA_SHARE = 0.15, 0.12, 0.004
PLAIN, QUOTED = "enirstadhul gmäü", 'enirstadhul ",öß'
"""Sixteen letters, for the digits of an MD5 sum."""
FUNCTIONS = """
CREATE FUNCTION pg_temp.share(key text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || left(md5(key), 7))::bit(28)::int / 268435456.0
$$;
CREATE FUNCTION pg_temp.letters(key text, size int, alphabet text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT chr(65 + ascii(md5(key)) % 26) || translate(
        left(md5(key || 'a') || md5(key || 'b') || md5(key || 'c'), size - 1), '0123456789abcdef', alphabet
    )
$$;
CREATE FUNCTION pg_temp.json_text(key text, fields int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '{' || string_agg(format(
        '"field_%s": {"id": %s, "name": "%s", "active": true, "tags": ["%s", null]}',
        field, (pg_temp.share(key || field) * 1e6)::int, pg_temp.letters(key || field, 20, 'enirstadhul gmäü'),
        left(md5(key || field), 8)
    ), ', ' ORDER BY field) || '}' FROM generate_series(1, fields) field
$$;
"""
"""Of a key, each gives always the same: a number in [0, 1), a text of so many letters, 97 at most, JSON."""


@dataclass(frozen=True)
class Column:
    """A cell is `cell`, an SQL expression of `key`, a text that no other cell has; or NULL in `null` of the rows."""

    type: str
    stored_as: str
    cell: str
    null: float = 0

    def expression(self, number: int) -> str:
        """The SQL expression of the column of this number, of `k`, the number of the row."""
        key = f"(k || '-{number}')"
        cell = f"({self.cell.replace('key', key)})::{self.stored_as}"
        return f"CASE WHEN pg_temp.share({key} || 'null') >= {self.null} THEN {cell} END" if self.null else cell


def text(shortest: int, longest: int, *, null: float = NULL_SHARE) -> Column:
    """Text of so many letters, far more often short than long; some with quotes and commas, few like a formula."""
    size = f"{shortest} + floor({longest - shortest + 1} * pg_temp.share(key || 'size') ^ 4)::int"
    return Column(
        "text",
        "text",
        f"CASE WHEN pg_temp.share(key || 'formula') < {FORMULA_SHARE} THEN '=' ELSE '' END || "
        f"pg_temp.letters(key, {size}, CASE WHEN pg_temp.share(key || 'quoted') < {QUOTED_SHARE} "
        f"THEN '{QUOTED}' ELSE '{PLAIN}' END)",
        null,
    )


def integer(*, null: float = 0) -> Column:
    """A number below 100,000."""
    return Column("integer", "integer", "pg_temp.share(key) * 100000", null)


def decimal(*, null: float = 0) -> Column:
    """An amount of two places, negative or positive."""
    return Column("decimal", "numeric(12, 2)", "pg_temp.share(key) * 20000 - 10000", null)


def timestamp(*, null: float = 0) -> Column:
    """A time of four years."""
    moment = "timestamptz '2023-01-01 00:00+00' + interval '1 second' * floor(pg_temp.share(key) * 126144000)"
    return Column("timestamp", "timestamptz", moment, null)


def day(*, null: float = 0) -> Column:
    """A day of four years."""
    return Column("date", "date", "date '2023-01-01' + floor(pg_temp.share(key) * 1460)::int", null)


def boolean(*, null: float = 0) -> Column:
    """True as often as false."""
    return Column("boolean", "boolean", "pg_temp.share(key) < 0.5", null)


JSON = Column("text", "text", "pg_temp.json_text(key, 42)")
RANDOM = Column("text", "text", r"translate(encode(sha512(key::bytea), 'base64'), E'\n', '')")
"""88 letters of base64, of which one in 64 begins with a plus sign, and so looks like a formula."""


@dataclass(frozen=True)
class Shape:
    """Rows of `columns` after `id` and `happened_at`; the cells of `different` rows are repeated."""

    name: str
    title: str
    rows: int
    different: int
    columns: tuple[Column, ...]

    @property
    def report_type(self) -> str:
        """The id of its report type, and the name of its table."""
        return f"shape_{self.name}"

    @property
    def names(self) -> list[str]:
        """Of all columns."""
        return ["id", "happened_at", *(f"{each.type}_{number}" for number, each in enumerate(self.columns, 1))]

    def definition(self) -> dict[str, Any]:
        """The report type's YAML; the first decimal is summed."""
        types = ["integer", "timestamp", *(each.type for each in self.columns)]
        columns: list[dict[str, Any]] = [
            {"name": name, "type": kind, "description": "Generated."} | ({"scale": 2} if kind == "decimal" else {})
            for name, kind in zip(self.names, types, strict=True)
        ]
        for column in [column for column in columns if column["type"] == "decimal"][:1]:
            column["total"] = True
        return {
            "id": self.report_type,
            "title": self.title,
            "promotion_type": "loyalty_wallet",
            "description": "Rows of one shape.",
            "date_range": "required",
            "window_column": "happened_at",
            "max_months": 3,
            "order": ["happened_at", "id"],
            "filters": [],
            "columns": columns,
        }

    def query(self) -> str:
        """The report type's SQL."""
        selected = ",\n    ".join(f"t.{name}" for name in self.names)
        covered = '{{ window.covers("t.happened_at") }}'
        return f"SELECT\n    {selected}\nFROM {self.report_type} t\nWHERE {covered}\nORDER BY t.happened_at, t.id\n"

    def statements(self, rows: int) -> Iterator[str]:
        """What makes the table with so many rows."""
        name, own = self.report_type, self.names[2:]
        made = enumerate(zip(self.columns, own, strict=True), 1)
        cells = ", ".join(f"{column.expression(number)} AS {called}" for number, (column, called) in made)
        start, end = (f"timestamptz '{midnight(moment).isoformat()}'" for moment in (FIRST_DAY, DAY_AFTER))
        at = f"{start} + ({end} - {start}) * ((n - 1) / {rows}.0)"
        yield f"CREATE TEMP TABLE different AS SELECT k, {cells} FROM generate_series(0, {self.different - 1}) k"  # noqa: S608
        yield "ANALYZE different"
        joined = f"generate_series(1::bigint, {rows}) n JOIN different ON k = n % {self.different}"
        yield f"CREATE TABLE {name} AS SELECT n AS id, {at} AS happened_at, {', '.join(own)} FROM {joined}"  # noqa: S608
        yield f"CREATE UNIQUE INDEX ON {name} (happened_at, id)"
        yield f"ALTER TABLE {name} ALTER id SET NOT NULL, ALTER happened_at SET NOT NULL"
        yield "DROP TABLE different"
        yield f"VACUUM (ANALYZE) {name}"


def _mixed(number: int, kinds: tuple[Callable[..., Column], ...], **more: float) -> tuple[Column, ...]:
    return tuple(kinds[index % len(kinds)](**more) for index in range(number))


def _short_text(*, null: float = 0) -> Column:
    return text(1, 8, null=null)


def _some_text(*, null: float = 0) -> Column:
    return text(8, 48, null=null)


SHAPES: Mapping[str, Shape | None] = {
    "ledger19": None,
    **{
        shape.name: shape
        for shape in (
            Shape(
                "wide40",
                "40 wide columns",
                1_500_000,
                3_000,
                (timestamp(), timestamp(), boolean(), day(), *_mixed(6, (decimal,)), *[text(6, 96)] * 28),
            ),
            Shape(
                "narrow200",
                "200 narrow columns",
                500_000,
                2_000,
                _mixed(198, (integer, _short_text, decimal)),
            ),
            Shape("json8", "8 columns of 4 KB of JSON", 25_000, 500, (JSON,) * 8),
            Shape("random", "12 columns of incompressible text", 600_000, 3_000, (RANDOM,) * 12),
            Shape(
                "halfnull",
                "60 columns, half of the cells NULL",
                1_200_000,
                5_000,
                _mixed(58, (_some_text, integer, decimal, timestamp), null=0.5),
            ),
        )
    },
}
"""By name; None is the ledger, which has a report type of the product and rows of its own."""


def project_of(root: Path) -> Path:
    """Make a project at `root` with the report type of each shape."""
    ManyDefinitions(root).prepare()
    for shape in filter(None, SHAPES.values()):
        described = yaml.safe_dump(shape.definition(), sort_keys=False)
        (root / "report_types" / f"{shape.report_type}.yaml").write_text(described)
        (root / "include" / "sql" / f"{shape.report_type}.sql").write_text(shape.query())
    return root


def made(name: str, server: PostgresServer, promo: PromoDatabase, scale: float) -> Table:
    """Make the table of a shape, or the ledger, with a part of its rows, in the order of time."""
    begun = time.perf_counter()
    shape = SHAPES[name]
    rows = int((shape.rows if shape else LEDGER_ROWS) * scale)
    if shape:
        _fill(promo, shape, rows)
    else:
        ledger.fill(promo, rows)
    print(f"{name}: {rows:,} rows made in {time.perf_counter() - begun:.0f} s", flush=True)
    return Table(server, promo, rows, shape.report_type, {}) if shape else Table(server, promo, rows)


def _fill(promo: PromoDatabase, shape: Shape, rows: int) -> None:
    import psycopg2

    with contextlib.closing(psycopg2.connect(promo.owner_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
            cursor.execute(FUNCTIONS)
            for statement in shape.statements(rows):
                cursor.execute(statement)
