"""What COPY writes is what is counted, grouped and made safe: of any type, under any collation, in any encoding."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg2  # noqa: TID253 - nothing is parsed here
import pytest

from devstack.postgres import PostgresServer
from promo_reports.definitions.filter_kinds.choice import ChoiceFilter
from promo_reports.domain.filters import Select
from promo_reports.domain.report_type import Column, ColumnType, DateRangeRule, ReportType
from promo_reports.errors import DataRefused, ReconciliationError, SourceRefused
from promo_reports.pipeline.databases.dialects import open_snapshot
from promo_reports.pipeline.databases.postgres.snapshot import PostgresSnapshot
from promo_reports.pipeline.databases.source import Source
from promo_reports.pipeline.databases.time_limits import TimeLimits
from promo_reports.pipeline.filters import choices
from promo_reports.sql.bound import BoundQuery
from promo_reports.sql.cell_policies.formulas import FIRST_LETTERS, is_formula
from tests.support.databases.promo import MOVES, Project, content, export

NUMBER = Column("id", ColumnType.INTEGER, "Number.")
ALWAYS = "at timestamptz DEFAULT '2020-01-01'"


class Database:
    """One of its own, with an encoding, and a table `stock` that a test makes."""

    def __init__(self, server: PostgresServer, name: str, encoding: str) -> None:
        server.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' "
            "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        self.url = server.url(name)
        self.source = Source("stock_db", self.url)

    def execute(self, *statements: str, values: Any = None) -> None:
        with contextlib.closing(psycopg2.connect(self.url, client_encoding="UTF8")) as connection, connection:
            for statement in statements:
                connection.cursor().execute(statement, values)


@pytest.fixture(scope="module")
def make_database(postgres: PostgresServer) -> Callable[[str], Database]:
    numbers = itertools.count(1)
    return lambda encoding: Database(postgres, f"stock_{next(numbers)}", encoding)


@pytest.fixture
def database(make_database: Callable[[str], Database]) -> Database:
    return make_database("UTF8")


def stock(*columns: Column, **changes: Any) -> ReportType:
    """A snapshot report of the table `stock`, in the order of its `id`."""
    snapshot = {"window_column": None, "recorded_column": None, "date_range": DateRangeRule.NONE, "filters": ()}
    given = {"order": ("id",), "totals_by": None, **snapshot, **changes}
    return replace(MOVES, columns=(NUMBER, *columns), **given)


def text(name: str) -> Column:
    return Column(name, ColumnType.TEXT, "What.")


def file(
    project: Project, database: Database, report_type: ReportType, *, spreadsheet: bool = False
) -> list[list[str]]:
    """The rows of the file; the table has a column `at`, which is before any snapshot."""
    written, _ = staged(project, database, report_type, spreadsheet=spreadsheet)
    return list(csv.reader(io.StringIO(written)))[1:]


def staged(
    project: Project, database: Database, report_type: ReportType, *, spreadsheet: bool = False, comment: str = ""
) -> tuple[str, Any]:
    names = ", ".join(f"t.{column.name}" for column in report_type.columns)
    order = ", ".join(f"t.{name}" for name in report_type.order)
    project.write(f"SELECT {names} {comment}\nFROM stock t\nWHERE t.at < {{{{ as_of }}}}\nORDER BY {order}\n")
    made = project.make(
        database.source, export(report_type=report_type, window=None, filters={}, spreadsheet=spreadsheet)
    )
    return content(made).decode(), made.manifest


# Types

HOSTILE_TYPES = {
    "boolean": ["true", "false"],
    "char(4)": ["a", "=1", ""],
    "bpchar": ["a", "a ", "=1 "],
    '"char"': ["a", "="],
    "bytea": [r"\x3d31", ""],
    "text[]": ['{=1,NULL,"a,b"}', "{}"],
    "boolean[]": ["{t,f}"],
    "money": ["-1.00", "1000"],
    "regclass": ["stock"],
    "name": ["=n", "n"],
    "inet": ["10.0.0.1", "10.0.0.0/8"],
    "jsonb": ['{"b": 1, "a": true}', "true", "-1"],
    "numeric": ["1.0", "1.00", "-1", "NaN"],
    "float8": ["0.1", "1e300", "-0", "Infinity"],
    "float4": ["0.1", "NaN"],
    "date": ["12000-01-01", "infinity", "0044-03-15 BC"],
    "timestamptz": ["2026-03-01 12:00+02", "-infinity"],
    "interval": ["1 day", "24:00:00", "-1 day"],
    "bit(3)": ["101"],
    "point": ["(1,2)"],
    "int4range": ["[1,3)", "empty"],
    "flag": ["true", "f"],
    "code": ["-1", "b"],
    "mood": ["glad"],
    "pair": ["(,)", "(t,=1)"],
}


@pytest.fixture(scope="module")
def types(make_database: Callable[[str], Database]) -> tuple[Database, ReportType]:
    """A table with a column of each type, some of which have a cast to text of their own."""
    database = make_database("UTF8")
    names = {kind: f"c{number}" for number, kind in enumerate(HOSTILE_TYPES)}
    database.execute(
        "CREATE DOMAIN flag AS boolean",
        "CREATE DOMAIN code AS char(3)",
        "CREATE TYPE mood AS ENUM ('glad')",
        "CREATE FUNCTION mood_text(mood) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT '=another'$$",
        "CREATE CAST (mood AS text) WITH FUNCTION mood_text(mood)",
        "CREATE TYPE pair AS (a boolean, b text)",
        f"CREATE TABLE stock (id int PRIMARY KEY, {ALWAYS}, "
        + ", ".join(f"{name} {kind}" for kind, name in names.items())
        + ")",
        "INSERT INTO stock (id) VALUES (0)",
    )
    for number in range(1, max(map(len, HOSTILE_TYPES.values())) + 1):
        row = {names[kind]: (values * number)[number - 1] for kind, values in HOSTILE_TYPES.items()}
        database.execute(
            f"INSERT INTO stock (id, {', '.join(row)}) VALUES ({number}, {', '.join(['%s'] * len(row))})",
            values=list(row.values()),
        )
    return database, stock(*map(text, names.values()))


def test_a_cell_of_any_type_has_one_text(types: tuple[Database, ReportType], project: Project) -> None:
    raw, safe = file(project, *types), file(project, *types, spreadsheet=True)
    assert safe == [
        ["'" + cell if is_formula(cell) and place else cell for place, cell in enumerate(row)] for row in raw
    ]
    shown = dict(zip(HOSTILE_TYPES, raw[2][1:], strict=True))
    assert (shown["boolean"], shown["char(4)"], shown["inet"]) == ("f", "=1  ", "10.0.0.0/8")


@pytest.mark.parametrize("kind", HOSTILE_TYPES)
def test_groups_of_any_type_have_the_texts_of_the_file(
    kind: str, types: tuple[Database, ReportType], project: Project
) -> None:
    database, every = types
    name = every.columns[1 + list(HOSTILE_TYPES).index(kind)].name
    grouped = replace(every, columns=(every.columns[0], text(name)), totals_by=name)
    csv_text, manifest = staged(project, database, grouped)
    cells = [row[1] for row in csv.reader(io.StringIO(csv_text))][1:]
    assert manifest.totals_by["values"] == {cell: {"rows": cells.count(cell)} for cell in sorted(set(cells))}


def test_groups_of_declared_types(database: Database, project: Project) -> None:
    database.execute(
        f"CREATE TABLE stock (id int PRIMARY KEY, {ALWAYS}, day date, sold boolean, hour timestamptz)",
        "INSERT INTO stock VALUES (1, DEFAULT, '12000-01-01', true, '2026-03-01 12:00:00.5+00'),"
        " (2, DEFAULT, '0044-03-15 BC', false, '12000-01-01 00:00+00'), (3, DEFAULT, NULL, NULL, NULL)",
    )
    columns = [Column("day", ColumnType.DATE, "D."), Column("sold", ColumnType.BOOLEAN, "S.")]
    columns.append(Column("hour", ColumnType.TIMESTAMP, "H."))
    names = {"day": ["", "0044-03-15 BC", "12000-01-01"], "sold": ["", "f", "t"]}
    names["hour"] = ["", "12000-01-01 00:00:00+00", "2026-03-01 12:00:00.5+00"]
    for by, expected in names.items():
        _, manifest = staged(project, database, stock(*columns, totals_by=by))
        assert list(manifest.totals_by["values"]) == expected


def test_choices_are_texts_as_the_database_writes_them(database: Database, project: Project) -> None:
    database.execute(
        "CREATE TABLE stock (id int, day date, sold boolean)", "INSERT INTO stock VALUES (1, '12000-01-01', true)"
    )
    (project.sql / "options" / "days.sql").write_text("SELECT s.day, s.sold FROM stock s -- Ж\nORDER BY s.day")
    days = ChoiceFilter("day", "Day", "A day.", Select.ONE, options="days")
    with open_snapshot(database.source, export().zone, TimeLimits(60)) as snapshot:
        assert [(c.value, c.title) for c in choices(snapshot, MOVES, days, {}, project.sql)] == [("12000-01-01", "t")]


# Equality

# A type of texts that are equal whatever their case, as citext has them, for a build without extensions and ICU.
ANY_CASE = [
    "CREATE TYPE any_case",
    "CREATE FUNCTION any_case_in(cstring) RETURNS any_case LANGUAGE internal IMMUTABLE STRICT AS 'textin'",
    "CREATE FUNCTION any_case_out(any_case) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'",
    "CREATE TYPE any_case (INPUT = any_case_in, OUTPUT = any_case_out, LIKE = text)",
    "CREATE CAST (any_case AS text) WITHOUT FUNCTION",
    "CREATE FUNCTION any_case_order(any_case, any_case) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS "
    "'SELECT bttextcmp(lower($1::text), lower($2::text))'",
    *(
        statement
        for name, sign in (("lt", "<"), ("le", "<="), ("eq", "="), ("ge", ">="), ("gt", ">"))
        for statement in (
            f"CREATE FUNCTION any_case_{name}(any_case, any_case) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS "
            f"'SELECT any_case_order($1, $2) {sign} 0'",
            f"CREATE OPERATOR {sign} (LEFTARG = any_case, RIGHTARG = any_case, FUNCTION = any_case_{name})",
        )
    ),
    "CREATE OPERATOR CLASS any_case_order DEFAULT FOR TYPE any_case USING btree AS OPERATOR 1 <, OPERATOR 2 <=, "
    "OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 any_case_order(any_case, any_case)",
]


def test_texts_that_the_database_calls_equal(database: Database, project: Project) -> None:
    database.execute(
        *ANY_CASE,
        f"CREATE TABLE stock (id int, {ALWAYS}, kind any_case, points numeric)",
        "INSERT INTO stock VALUES (1, DEFAULT, 'b', 1), (2, DEFAULT, 'A', 2), (3, DEFAULT, 'a', 4)",
        "INSERT INTO stock VALUES (4, DEFAULT, '=x', 8)",
        "INSERT INTO stock VALUES (5, DEFAULT, '', 16), (6, DEFAULT, NULL, 32), (7, DEFAULT, 'B', 64)",
    )
    points = Column("points", ColumnType.DECIMAL, "P.", total=True)
    report_type = stock(text("kind"), points, totals_by="kind", order=("kind",))
    report_type = replace(report_type, columns=report_type.columns[1:])
    csv_text, manifest = staged(project, database, report_type, spreadsheet=True)
    assert csv_text == 'kind,points\n"",16\n\'=x,8\nA,2\na,4\nB,64\nb,1\n,32\n'
    assert {by: each["points"] for by, each in manifest.totals_by["values"].items()} == {
        "": "48", "=x": "8", "A": "2", "a": "4", "B": "64", "b": "1",
    }  # fmt: skip


# Encodings


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "WIN1252", "EUC_JP", "SQL_ASCII"])
def test_formulas_in_a_database_of_any_encoding(
    encoding: str, make_database: Callable[[str], Database], project: Project
) -> None:
    notes = ["=1", "\t'=1", "a=1", "\\t=1", "", "\\302\\240=1", "' ''-1", "a\n=1"]
    notes += {
        "LATIN1": ["\u00a0=1", "\u0085=1", "é=1", "\u00a0é"],
        "WIN1252": ["\u00a0=1", "…=1", "€=1", "\u2026-1"],
        "EUC_JP": ["\u3000=1", "＝1", "＋1", "＠1", "－1", "あ=1"],
        "SQL_ASCII": ["\u00a0=1", "\u3000\u2003'＝1", "Ж=1", "\ufeff@1"],
        "UTF8": ["\u00a0=1", "\u3000\u2003'＝1", "Ж=1", "\ufeff@1", "\U0001f642=1"],
    }[encoding]
    if encoding == "EUC_JP":
        notes.remove("－1")  # which it has no letter for
    for letter in sorted({*FIRST_LETTERS, *map(chr, range(1, 0x80)), *"äÿŠあ"}):
        if _has(encoding, letter):
            notes += {letter, f"{letter}=1", f"'{letter}1", f"a{letter}"} - set(notes)
    database = make_database(encoding)
    database.execute(f"CREATE TABLE stock (id int, {ALWAYS}, note text, points numeric)")
    database.execute(
        "INSERT INTO stock (id, note, points) SELECT number, note, 1 FROM unnest(%s) WITH ORDINALITY n (note, number)",
        values=(notes,),
    )
    report_type = stock(text("note"), totals_by="note")
    csv_text, manifest = staged(project, database, report_type, spreadsheet=True, comment="-- „Ж“ あ\n/* é */")
    cells = [row[1] for row in csv.reader(io.StringIO(csv_text))][1:]
    assert cells == ["'" + note if is_formula(note) else note for note in notes]
    assert manifest.cells_changed == sum(map(is_formula, notes)) >= 4
    assert manifest.totals_by["values"].keys() == set(notes)


def test_a_column_without_formulas_is_copied_without_looking_for_them(
    database: Database, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(
        f"CREATE TABLE stock (id int, {ALWAYS}, note text, kind text)",
        "INSERT INTO stock VALUES (1, DEFAULT, 'a', 'b')",
    )
    asked, copy = [], PostgresSnapshot.copy

    def recorded(self: PostgresSnapshot, query: BoundQuery, *of: Any, **named: Any) -> int:
        asked.append([name for name in ("note", "kind") if f"ascii(CAST(report.{name}" in query.text])
        return copy(self, query, *of, **named)

    monkeypatch.setattr(PostgresSnapshot, "copy", recorded)
    columns = stock(text("note"), text("kind"))
    assert file(project, database, columns, spreadsheet=True) == [["1", "a", "b"]]
    database.execute("INSERT INTO stock VALUES (2, DEFAULT, '=1', NULL)")
    assert file(project, database, columns, spreadsheet=True) == [["1", "a", "b"], ["2", "'=1", ""]]
    database.execute("INSERT INTO stock VALUES (3, DEFAULT, NULL, '@c')")
    assert file(project, database, columns, spreadsheet=True)[2] == ["3", "", "'@c"]
    assert asked == [[], ["note"], ["note", "kind"]]


def test_a_formula_that_was_not_counted_is_refused(database: Database, project: Project) -> None:
    database.execute(
        f"CREATE TABLE made (id int, {ALWAYS})",
        "INSERT INTO made VALUES (1, DEFAULT)",
        "CREATE VIEW stock AS "
        "SELECT m.*, CASE WHEN starts_with(current_query(), 'COPY') THEN '=1' ELSE 'a' END AS note FROM made m",
    )
    with pytest.raises(ReconciliationError, match="0 in the database, 1 in the file"):
        staged(project, database, stock(text("note")), spreadsheet=True)


def _has(encoding: str, letter: str) -> bool:
    codec = {"LATIN1": "latin-1", "WIN1252": "cp1252"}.get(encoding, "euc_jp" if encoding == "EUC_JP" else "utf-8")
    try:
        return bool(letter.encode(codec))
    except UnicodeEncodeError:
        return False


def test_text_that_the_database_has_no_letters_for(make_database: Callable[[str], Database], project: Project) -> None:
    database = make_database("LATIN1")
    database.execute("CREATE TABLE stock (id int, at timestamptz)")
    with pytest.raises(SourceRefused, match='has no equivalent in encoding "LATIN1"'):
        staged(project, database, stock(), comment=", 'Ж' AS other")


# Totals


@pytest.mark.parametrize("kind", ["float8", "float4", "numeric", "bigint"])
def test_totals_are_those_of_what_is_written(kind: str, database: Database, project: Project) -> None:
    whole = ["9007199254740993", "1", "-9007199254740993"]
    numbers = whole if kind == "bigint" else ["0.1", "0.2", "0.7", "1e15", "1e-5"]
    database.execute(f"CREATE TABLE stock (id serial, {ALWAYS}, points {kind})")
    database.execute(f"INSERT INTO stock (points) SELECT unnest(ARRAY{numbers}::text[])::{kind}")
    csv_text, manifest = staged(
        project, database, stock(Column("points", ColumnType.DECIMAL, "P.", total=True, scale=5))
    )
    cells = [row[1] for row in csv.reader(io.StringIO(csv_text))][1:]
    assert Decimal(manifest.totals["points"]) == sum(map(Decimal, cells))
    assert kind not in ("float8", "float4") or cells[0] == "0.10000"


@pytest.mark.parametrize("kind", ["float8", "float4", "numeric"])
def test_totals_that_are_no_number(kind: str, database: Database, project: Project) -> None:
    database.execute(
        f"CREATE TABLE stock (id serial, {ALWAYS}, points {kind})",
        "INSERT INTO stock (points) VALUES ('NaN'), (1)",
    )
    with pytest.raises(DataRefused, match="column 'points' holds NaN or Infinity, so it has no total"):
        staged(project, database, stock(Column("points", ColumnType.DECIMAL, "P.", total=True, scale=5)))
