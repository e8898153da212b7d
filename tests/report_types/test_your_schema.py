"""docs/your-schema.md: its table says what the shipped SQL reads, and its views export a ledger of other names."""

from __future__ import annotations

import contextlib
import csv
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.databases import PromoDatabase
from devstack.postgres import PostgresServer
from promo_reports.cli import project as cli_project
from promo_reports.doctor.database import asked_of
from promo_reports.domain.check_result import CheckState
from tests.support.doctor import installation_of, look_at
from tests.support.shell import NOW, PROJECT, Shell

PAGE = (PROJECT / "docs" / "your-schema.md").read_text(encoding="utf-8")
LEDGER = (PROJECT / "tests" / "support" / "databases" / "foreign_ledger.sql").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (\w+) \| (\w+) \| (text|timestamptz|bigint|integer|numeric\(18,2\)) \| (yes|no) \|", re.MULTILINE
)
STATEMENTS = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ROLE, PASSWORD = "promo_exports", "a-long-random-password"

WINDOW = ("--start", "2026-07-01", "--end", "2026-07-03")
AS_OF = ("--as-of", "2026-07-03")
# 00:00 in New York is 06:00 in Berlin, in summer and in winter.
SHOWN = "to_char({} - interval '6 hours', 'YYYY-MM-DD HH24:MI:SS') || '{}'"
IN_WINDOW = "deleted_at IS NULL AND {0} >= '2026-07-01 06:00' AND {0} < '2026-07-03 06:00'"
BEFORE_ITS_END = "deleted_at IS NULL AND booked_at < '2026-07-03 06:00'"
SUM = "coalesce(sum({} * cents) FILTER (WHERE {}), 0) / 100.0"
STARTED = "booked_at >= '2026-07-01 06:00'"


def summer(column: str) -> str:
    return SHOWN.format(column, "-04")


def winter(column: str) -> str:
    return SHOWN.format(column, "-05")


def total(condition: str, sign: int = 1) -> str:
    return f"to_char({SUM.format(sign, condition)}, 'FM9999990.00')"


KINDS = "CASE kind WHEN 'earn' THEN 'credit' WHEN 'spend' THEN 'debit' END"
ORIGINS = (
    "(ARRAY['cashback_coupon', 'promo_campaign', 'api', 'manual', 'system'])"
    "[array_position(enum_range(origin), origin)]"
)
REWARDS = "(ARRAY['wallet_points', 'coupon', 'partner_voucher'])[array_position(enum_range(kind), kind)]"
MONEY = "to_char({} / 100.0, 'FM9999990.00')"

# Filters of a definition, dates, and the rows that the ledger itself says are expected, cells as texts.
CASES = {
    "wallet_transactions": (
        "{wallet: '7', transaction_type: [credit, debit]}",
        WINDOW,
        f"""SELECT id, {summer("booked_at")}, member_id, program_id, 'Meilen', {KINDS}, {ORIGINS},
            {MONEY.format("cents")}, {MONEY.format("balance_cents")}, promotion_id, coupon, order_no, channel, store_no,
            {MONEY.format("sale_cents")}, refers_to, {winter("lapses_at")}, remark, {summer("stored_at")}
        FROM loyalty.booking WHERE {IN_WINDOW.format("booked_at")} ORDER BY booked_at, id""",
    ),
    "wallet_summary": (
        "{wallet: '7'}",
        WINDOW,
        f"""SELECT 7, 'Meilen', 'Meilen', count(DISTINCT member_id), {total(f"{STARTED} AND kind = 'earn'")},
            {
            ", ".join(
                total(f"{STARTED} AND kind = 'earn' AND origin = '{each}'")
                for each in ("coupon", "campaign", "partner_api", "agent", "job")
            )
        },
            {total(f"{STARTED} AND kind = 'spend' AND origin NOT IN ('agent', 'job')", -1)},
            {total(f"{STARTED} AND kind = 'spend' AND origin IN ('agent', 'job')", -1)},
            '0.00', '0.00', '0.00', '0.00', {total(f"NOT {STARTED}")}, {total("true")}
        FROM loyalty.booking WHERE {BEFORE_ITS_END}""",
    ),
    "user_ledger_summary": (
        "{wallet: '7'}",
        AS_OF,
        f"""SELECT member_id, {total("true")}, '0.00', {total("kind = 'earn'")},
            {total("kind = 'spend' AND origin NOT IN ('agent', 'job')", -1)},
            {total("kind = 'spend' AND origin IN ('agent', 'job')", -1)}, '0.00', '0.00', '0.00',
            {winter("max(lapses_at)")}, {total("true")}, {summer("min(booked_at)")}, {summer("max(booked_at)")}
        FROM loyalty.booking WHERE {BEFORE_ITS_END} GROUP BY member_id ORDER BY member_id""",
    ),
    "points_expiry_liability": (
        "{wallet: ['7']}",
        AS_OF,
        f"""SELECT 7, 'Meilen', 'Meilen', {winter("max(lapses_at)")}, {total("true")}, 1
        FROM loyalty.booking WHERE {BEFORE_ITS_END} GROUP BY member_id ORDER BY max(lapses_at)""",
    ),
    "voucher_assignment_logs": (
        "{partner: Kino, list_tag: gold}",
        WINDOW,
        f"""SELECT {summer("issued_at")}, id, member_id, 'Kino', 'gold', pool_id, code, origin, promotion_id,
            '2026-12-31 17:59:59-05', 'exhausted', {summer("used_at")}
        FROM loyalty.coupon_issue WHERE {IN_WINDOW.format("issued_at")} ORDER BY issued_at""",
    ),
    "reward_assignment": (
        "{campaign: '3'}",
        WINDOW,
        f"""SELECT {summer("given_at")}, id, promotion_id, 'Sommer', member_id, {REWARDS}, {MONEY.format("cents")},
            program_id, coupon, voucher, booking_id
        FROM loyalty.reward WHERE {IN_WINDOW.format("given_at")} ORDER BY given_at""",
    ),
    "user_errors": (
        "{campaign: '3'}",
        WINDOW,
        f"""SELECT {summer("failed_at")}, id, promotion_id, 'Sommer', member_id, {REWARDS}, code, message, attempt
        FROM loyalty.reward_failure WHERE {IN_WINDOW.format("failed_at")} ORDER BY failed_at""",
    ),
}


@pytest.fixture(scope="module")
def ledger(postgres: PostgresServer) -> Iterator[str]:
    """The name of a database with the ledger and the page's views, as an administrator has made them."""
    postgres.create_database("loyalty")
    for statements in (LEDGER, *STATEMENTS):
        postgres.execute(statements, database="loyalty")
    yield "loyalty"
    postgres.drop_database("loyalty")
    postgres.execute(f"DROP ROLE {ROLE}")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    home = tmp_path / "project"
    for name in ("report_types", "include/sql"):
        shutil.copytree(PROJECT / name, home / name)
    shutil.copy(PROJECT / "include" / "account.yaml", home / "include")
    monkeypatch.setattr(cli_project, "_now", lambda: NOW)
    return Shell(home)


@pytest.mark.parametrize("name", CASES)
def test_the_views_export_what_the_ledger_says(
    name: str, ledger: str, postgres: PostgresServer, shell: Shell, tmp_path: Path
) -> None:
    filters, dates, sql = CASES[name]
    dated = "date_range: past_week\n" if dates == WINDOW else ""
    draft = shell.write(
        f"drafts/{name}.yaml",
        f"id: {name}\nname: {name}\nreport_type: {name}\nowner: growth@example.com\nfilters: {filters}\n"
        f"frequency: one_time\n{dated}delivery: [download]\n",
    )
    url = postgres.url(ledger, user=ROLE, password=PASSWORD)
    result = shell("export", draft, "--to", tmp_path / "out", *dates, "--database", url)
    assert result.exit_code == 0, result.stderr
    with next((tmp_path / "out").rglob("*.csv")).open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))[1:]
    expected = postgres.execute(sql, database=ledger)
    assert len(expected) >= (1 if name == "wallet_summary" else 2)
    assert found == [["" if value is None else str(value) for value in row] for row in expected]


def test_every_report_type_has_a_case() -> None:
    assert set(CASES) == {path.stem for path in (PROJECT / "report_types").glob("*.yaml")}


def test_the_doctor_finds_nothing_wrong_with_the_views(ledger: str, postgres: PostgresServer) -> None:
    found = look_at(postgres.url(ledger, user=ROLE, password=PASSWORD))
    assert {each.subject for each in found if each.state is not CheckState.OK} == {"connections"}, found  # no Airflow


def test_the_table_says_what_the_sql_reads(promo_database: Callable[[], PromoDatabase]) -> None:
    installation = installation_of("")
    read = {
        (table, column)
        for report_type in installation.report_types.values()
        for table, columns in asked_of(installation, report_type).reads.items()
        for column in columns
    }
    rows = ROW.findall(PAGE)
    assert {(table, column) for table, column, *_ in rows} == read
    types = {"timestamp with time zone": "timestamptz"}
    import psycopg2

    with contextlib.closing(psycopg2.connect(promo_database().owner_url)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
            "WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'public'::regnamespace)"
        )
        there = {(table, name): (types.get(kind, kind), "no" if full else "yes") for table, name, kind, full in cursor}
    assert {(table, column): (kind, null) for table, column, kind, null in rows} == {each: there[each] for each in read}
