"""Sessions of PostgreSQL mean and write the same, whatever was set for the role that they log in as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from devstack.postgres import PostgresServer
from promo_reports.errors import DataRefused, SourceRefused
from promo_reports.pipeline.databases.postgres.session_settings import session_settings
from promo_reports.pipeline.databases.source import Source
from promo_reports.sql.bound import BoundQuery
from tests.support.databases.promo import MOVES, ORDER, SELECT, WHERE, Move, PostgresPromo, Project, content, export
from tests.support.databases.snapshots import failing, setting, snapshot

HOSTILE = {
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "escape_string_warning": "off",
    "quote_all_identifiers": "on",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "xmloption": "document",
    "timezone_abbreviations": "India",
    "default_text_search_config": "pg_catalog.german",
    "gin_fuzzy_search_limit": "1",
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "xmlbinary": "hex",
    "lc_monetary": "POSIX",
    "lc_numeric": "POSIX",
    "lc_time": "POSIX",
    "TimeZone": "Asia/Tokyo",
    "row_security": "on",
    "statement_timeout": "1d",
}
ALSO_HOSTILE = {
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "on",
}
# Each piece has another text under one of the settings above.
SENSITIVE = r"""concat_ws(' | ', 'a\b', m.note, '{NULL}'::text[], CASE WHEN m.rate = NULL THEN 'null' ELSE 'other' END,
    '2026-01-05 10:00 IST'::timestamptz, to_tsvector('die running'), '2026-01-02'::date, interval '1 day 2 hours',
    '\x00ff'::bytea, 0.1::float8 + 0.2, 'moves'::regclass, upper('big'), timestamp '2026-01-05 10:00', 'x' || 'y')"""


@pytest.fixture
def hostile(postgres: PostgresServer, on_postgres: PostgresPromo) -> Iterator[Source]:
    """The same database, as a role whose every setting is another one, and whose schema replaces built-in functions."""
    name = on_postgres.source.url.rpartition("/")[2]
    postgres.execute("CREATE ROLE hostile LOGIN PASSWORD 'hostile' IN ROLE promo_reader")
    postgres.execute(f"GRANT CONNECT ON DATABASE {name} TO hostile")
    on_postgres.execute(
        "CREATE SCHEMA evil",
        "GRANT USAGE ON SCHEMA evil TO hostile",
        "CREATE FUNCTION evil.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''evil''::text'",
        "CREATE FUNCTION evil.joined(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''evil''::text'",
        "CREATE OPERATOR evil.|| (leftarg = text, rightarg = text, function = evil.joined)",
        # Of the very types of a call, which PostgreSQL prefers wherever they are found.
        "CREATE FUNCTION evil.format(text, numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''evil''::text'",
        "CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT ''evil''::text'",
    )
    for key, value in {**HOSTILE, **ALSO_HOSTILE}.items():
        postgres.execute(f"ALTER ROLE hostile SET {key} = '{value}'")
    postgres.execute("ALTER ROLE hostile SET search_path = evil, pg_catalog, public")
    try:
        yield replace(
            on_postgres.source,
            url=re.sub("//[^@]+@", "//hostile:hostile@", on_postgres.source.url),
        )
    finally:
        on_postgres.execute("DROP SCHEMA evil CASCADE")
        postgres.execute("DROP OWNED BY hostile")
        postgres.execute(f"REVOKE ALL ON DATABASE {name} FROM hostile")
        postgres.execute("DROP ROLE hostile")


def test_every_setting_of_the_session_is_ours(hostile: Source, on_postgres: PostgresPromo) -> None:
    ours = session_settings("Asia/Kolkata", 60.0, row_security=False)
    assert HOSTILE.keys() == ours.keys()
    with snapshot(on_postgres.source, "Asia/Kolkata") as given:
        expected = {name: setting(given, name) for name in (*HOSTILE, *ALSO_HOSTILE)}
    del expected["default_transaction_isolation"], expected["default_transaction_deferrable"]
    with snapshot(hostile, "Asia/Kolkata") as given:
        found = {name: setting(given, name) for name in (*ours, "client_encoding")}
        assert (setting(given, "transaction_isolation"), setting(given, "transaction_read_only")) == (
            "repeatable read",
            "on",
        )
    assert found == {name: expected[name] for name in found}
    assert {name for name, value in HOSTILE.items() if name[:3] != "lc_" and found[name] == value} == set()


@pytest.mark.parametrize("spreadsheet", [False, True])
def test_a_hostile_role_gets_the_same_bytes(
    spreadsheet: bool, hostile: Source, on_postgres: PostgresPromo, project: Project
) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.note,", f"{SENSITIVE} AS note,"))
    on_postgres.load(Move(1, note="Größe ' \\"), Move(2, note="=1", kind="a\\'; --", rate="0.10"))
    filters = {"shop": ("main",), "shelf": None, "kind": ("in", "a\\'; --")}
    report = export(filters=filters, spreadsheet=spreadsheet, timezone="America/New_York")
    expected = project.make(on_postgres.source, report).manifest
    assert expected.rows == 2
    found = project.make(hostile, report)
    assert [(f.name, f.sha256) for f in found.manifest.files] == [(f.name, f.sha256) for f in expected.files]
    assert b"evil" not in content(found)


@pytest.mark.parametrize("name", ["zero_damaged_pages", "ignore_checksum_failure"])
def test_a_role_that_hides_damage_is_refused(name: str, postgres: PostgresServer, hostile: Source) -> None:
    postgres.execute(f"ALTER ROLE hostile SET {name} = on")
    with failing(SourceRefused, f"{name} is on", f"RESET {name}"), snapshot(hostile):
        pass


def test_a_function_of_the_very_types_of_a_cell_is_not_taken(
    hostile: Source, on_postgres: PostgresPromo, project: Project
) -> None:
    project.write((SELECT + WHERE + ORDER).replace("m.kind,", "m.rate AS kind,"))
    on_postgres.load(Move(1, rate="0.10"))
    staged = project.make(hostile, export(spreadsheet=True))
    assert b",0.10,a,1.00," in content(staged)
    assert staged.manifest.totals_by == {"column": "kind", "values": {"0.10": {"rows": 1, "points": "1.00"}}}


@pytest.mark.parametrize(
    ("name", "value"), [("TimeZone", "Asia/Tokyo"), ("search_path", "pg_temp"), ("row_security", "on")]
)
def test_a_function_that_changes_a_setting_is_refused(
    name: str, value: str, on_postgres: PostgresPromo, project: Project
) -> None:
    """The rows behind the first one would be read, and written, under it."""
    on_postgres.execute(
        f"""CREATE FUNCTION odd_note(bigint) RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN PERFORM set_config('{name}', '{value}', true); RETURN 'x'; END $$"""
    )
    project.write((SELECT + WHERE + ORDER).replace("m.note,", "odd_note(m.id) AS note,"))
    on_postgres.load(Move(1), Move(2))
    try:
        with pytest.raises(DataRefused, match=f"a function that the query calls changes the setting {name}"):
            project.make(on_postgres.source)
    finally:
        on_postgres.execute("DROP FUNCTION odd_note(bigint)")
    assert project.left == []


def test_tables_are_found_where_the_roles_search_path_says(hostile: Source, on_postgres: PostgresPromo) -> None:
    on_postgres.execute("CREATE TABLE evil.only_there AS SELECT 1 AS a", "GRANT SELECT ON evil.only_there TO hostile")
    with snapshot(hostile) as given:
        assert given.fetch(BoundQuery("SELECT a FROM only_there", {})) == [("1",)]
        # The last, so that no temporary table of a pooler's other clients replaces one.
        assert setting(given, "search_path") == "pg_catalog, evil, pg_catalog, public, pg_temp"


# Row-level security


@pytest.fixture
def policy(on_postgres: PostgresPromo) -> Iterator[None]:
    """A policy that shows promo_reader one of two rows."""
    on_postgres.load(Move(1), Move(2))
    on_postgres.execute(
        "ALTER TABLE moves ENABLE ROW LEVEL SECURITY", "CREATE POLICY one_row ON moves TO promo_reader USING (id = 1)"
    )
    yield
    on_postgres.execute("DROP POLICY one_row ON moves", "ALTER TABLE moves DISABLE ROW LEVEL SECURITY")


@pytest.mark.usefixtures("policy")
def test_rows_that_a_policy_hides_are_missed_by_no_file(on_postgres: PostgresPromo, project: Project) -> None:
    with failing(SourceRefused, "BYPASSRLS", "`allow_row_security: true`", "moves"):
        project.make(on_postgres.source)


@pytest.mark.usefixtures("policy")
def test_a_report_type_may_be_meant_for_the_rows_that_policies_show(
    on_postgres: PostgresPromo, project: Project
) -> None:
    allowed = replace(MOVES, allow_row_security=True)
    assert project.make(on_postgres.source, export(report_type=allowed)).manifest.rows == 1


@pytest.mark.usefixtures("policy")
def test_a_role_that_no_policy_concerns_reads_all(on_postgres: PostgresPromo, project: Project) -> None:
    owner = replace(on_postgres.source, url=on_postgres.owner_url)
    assert project.make(owner).manifest.rows == 2
