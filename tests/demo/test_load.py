"""Loading as a whole: all or nothing, once, and larger on demand."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

import psycopg2  # noqa: TID253
import psycopg2.extensions  # noqa: TID253
import pytest

from devstack.credentials import Credentials
from devstack.databases import PromoDatabase, create_promo_database
from devstack.postgres import PostgresServer
from include.demo import load as loading
from include.demo.data import generated_ledger, record
from include.demo.data.clock import DemoClock
from tests.support.demo import RUNNING_BALANCE, Demo, Query, query_of

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def test_counts_are_those_of_the_tables(demo: Demo, query: Query) -> None:
    assert demo.loaded.shift_weeks == 0
    assert demo.loaded.today == datetime.date(2018, 1, 1)
    for table, rows in demo.loaded.rows.items():
        assert query(f"SELECT count(*) FROM {table}") == [(rows,)], table
    wallets = query("SELECT wallet_id, count(*) FROM wallet_transactions GROUP BY wallet_id")
    assert dict(wallets) == dict(demo.loaded.wallets)
    assert sum(demo.loaded.wallets.values()) == 2_521_409


def test_progress_is_told(demo: Demo) -> None:
    assert any(message.startswith("wallet_transactions: 100,000 of") for message in demo.messages)
    assert demo.messages[-1] == "loaded: 2,521,409 ledger rows, moved by 0 weeks"


def test_a_second_load_does_nothing_and_says_so(demo: Demo) -> None:
    messages: list[str] = []
    again = loading.load(demo.database.owner_url, progress=messages.append)
    assert again == dataclasses.replace(demo.loaded, already_loaded=True)
    assert messages == ["already loaded: 2,521,409 ledger rows; nothing to do"]


def test_constraints_and_indexes_are_those_of_the_schema(
    query: Query, promo_database: Callable[[], PromoDatabase]
) -> None:
    fresh = query_of(promo_database().reader_url)
    for statement in (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('demo_load'), 0)"
        " ORDER BY 1, 2",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'demo_load' ORDER BY 1",
    ):
        assert query(statement) == fresh(statement)


def test_a_load_that_fails_leaves_nothing(
    postgres: PostgresServer, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = create_promo_database(postgres, credentials, "promo_demo_failed")

    def fail(connection: psycopg2.extensions.connection, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO wallets VALUES ('half', '', '', 'active', now())")
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "_fill", fail)
    with pytest.raises(KeyboardInterrupt):
        loading.load(database.owner_url, moved=False)
    assert query_of(database.owner_url)(TABLES) == []


def test_a_database_of_somebody_else_is_refused(
    promo_database: Callable[[], PromoDatabase], capsys: pytest.CaptureFixture[str]
) -> None:
    database = promo_database()
    assert loading.main(["--dsn", database.owner_url]) == 1
    assert capsys.readouterr().err == (
        "The database has a table campaigns that the demo did not make. Give --dsn of an empty database.\n"
    )


@pytest.mark.parametrize("millions", [0, -1])
def test_scaling_by_nothing_is_refused(demo: Demo, millions: int) -> None:
    with pytest.raises(loading.DemoLoadError, match="ask for 1 or more"):
        loading.scale(demo.database.owner_url, millions)


def test_scaling_an_empty_database_is_refused(postgres: PostgresServer, credentials: Credentials) -> None:
    database = create_promo_database(postgres, credentials, "promo_demo_empty")
    with pytest.raises(loading.DemoLoadError, match="Load it first"):
        loading.scale(database.owner_url, 1)


def test_scaling_adds_rows_and_users_after_those_there_are(
    promo_database: Callable[[], PromoDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated_ledger, "MILLION", 10_000)
    monkeypatch.setattr(generated_ledger, "USERS_PER_MILLION", 80)
    database = promo_database()
    with psycopg2.connect(database.owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO wallets VALUES ('grocery-rewards', '', 'points', 'active', now())")
        cursor.execute("INSERT INTO campaigns VALUES ('generated-campaign', '', '', 'running', now(), now())")
        cursor.execute(
            "INSERT INTO wallet_transactions (transaction_id, occurred_at, recorded_at, user_id, wallet_id,"
            " transaction_type, transaction_source, points, balance_after)"
            " VALUES (41, now(), now(), '1', 'grocery-rewards', 'credit', 'api', 1, 1)"
        )
        record.create(connection)
        record.write(connection, "test", loading.LoadedData(datetime.date(2018, 1, 15), 0, {}, {}))
    connection.close()

    assert loading.scale(database.owner_url, 2) == 20_000
    assert loading.scale(database.owner_url, 1) == 10_000
    query = query_of(database.reader_url)
    assert query(
        "SELECT min(transaction_id), max(transaction_id), count(DISTINCT user_id),"
        " min(occurred_at) = '2017-10-01 America/New_York', max(occurred_at) < '2018-01-01 America/New_York'"
        " FROM wallet_transactions WHERE wallet_id = 'generated-scale'"
    ) == [(42, 30_041, 240, True, True)]
    assert query(RUNNING_BALANCE, ["generated-scale"]) == [(0,)]


def test_data_of_another_week_is_replaced_where_that_is_asked_for(
    postgres: PostgresServer, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = create_promo_database(postgres, credentials, "promo_renewed")
    tables = ["wallet_transactions", "voucher_assignments", "reward_assignments", "user_errors"]
    tables += ["wallets", "campaigns", "voucher_lists"]

    def nothing(_: object, clock: DemoClock, __: object) -> record.LoadedData:
        return record.LoadedData(clock.today, clock.shift_weeks, dict.fromkeys(tables, 0), {})

    monkeypatch.setattr(loading, "_fill", nothing)

    def load(day: datetime.date, *, renew: bool) -> record.LoadedData:
        return loading.load(database.owner_url, today=day, renew=renew)

    monday = datetime.date(2026, 11, 16)
    load(monday, renew=True)
    assert load(monday + datetime.timedelta(days=1), renew=True).already_loaded, "the same week"
    later = monday + datetime.timedelta(days=14)
    assert load(later, renew=False).today == monday
    assert not load(later, renew=True).already_loaded
    assert load(later, renew=True).today == later
