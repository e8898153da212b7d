"""The generated wallets keep every rule of the ledger, so that what an export finds in them is worth something."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg2  # noqa: TID253
import pytest

from devstack.databases import PromoDatabase
from include.demo.data import generated_ledger, generated_steps
from tests.support.demo import RUNNING_BALANCE

if TYPE_CHECKING:
    from tests.support.demo import Query

WALLET = "generated-load"
NAMED = """
    SELECT count(*) FROM wallet_transactions AS t
    LEFT JOIN wallet_transactions AS named ON named.transaction_id = t.related_transaction_id
    WHERE t.wallet_id = 'generated-load' AND
"""


def test_three_calendar_months_hold_more_rows_than_one_file(query: Query) -> None:
    found = query(
        "SELECT to_char(occurred_at AT TIME ZONE 'America/New_York', 'YYYY-MM'), count(*) FROM wallet_transactions"
        " WHERE wallet_id = %s GROUP BY 1 ORDER BY 1",
        [WALLET],
    )
    assert [month for month, _ in found] == ["2017-10", "2017-11", "2017-12"]
    assert sum(count for _, count in found) == 1_050_000
    assert min(count for _, count in found) > 300_000


def test_every_type_and_every_source_occurs(query: Query) -> None:
    found = query(
        "SELECT transaction_type, count(*), min(points) > 0, max(points) < 0 FROM wallet_transactions"
        " WHERE wallet_id = %s GROUP BY 1 ORDER BY 1",
        [WALLET],
    )
    assert [(name, positive, negative) for name, _, positive, negative in found] == [
        ("credit", True, False),
        ("debit", False, True),
        ("expired", False, True),
        ("promised", True, False),
        ("refund", True, False),
        ("reverse", False, True),
    ]
    assert min(count for _, count, *_ in found) > 20_000
    sources = query("SELECT DISTINCT transaction_source FROM wallet_transactions WHERE wallet_id = %s", [WALLET])
    assert {source for (source,) in sources} == {"cashback_coupon", "system", "api", "promo_campaign", "manual"}


def test_balance_after_is_the_running_sum_and_never_negative(query: Query) -> None:
    assert query(RUNNING_BALANCE, [WALLET]) == [(0,)]
    ((lowest,),) = query("SELECT min(balance_after) FROM wallet_transactions WHERE wallet_id = %s", [WALLET])
    assert lowest >= 0


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("t.related_transaction_id IS NOT NULL AND named.transaction_id IS NULL", id="names-a-row"),
        pytest.param(
            "t.transaction_type IN ('expired', 'reverse', 'refund') AND t.related_transaction_id IS NULL",
            id="must-name-one",
        ),
        pytest.param(
            "t.transaction_type IN ('debit', 'promised') AND t.related_transaction_id IS NOT NULL", id="names-none"
        ),
        pytest.param(
            "named.transaction_type <> CASE t.transaction_type WHEN 'expired' THEN 'credit' WHEN 'reverse' THEN"
            " 'credit' WHEN 'refund' THEN 'debit' WHEN 'credit' THEN 'promised' END",
            id="of-the-right-type",
        ),
        pytest.param("named.user_id <> t.user_id OR named.wallet_id <> t.wallet_id", id="of-the-same-user"),
        pytest.param("named.transaction_source <> t.transaction_source", id="of-the-same-source"),
        pytest.param("named.occurred_at >= t.occurred_at", id="of-before"),
        pytest.param("abs(t.points) > abs(named.points)", id="takes-no-more-than-it-was"),
        pytest.param(
            "t.transaction_type = 'credit' AND named.transaction_id IS NOT NULL"
            " AND (t.points <> named.points OR t.occurred_at <> named.unlocks_at)",
            id="unlocks-as-promised",
        ),
        pytest.param("t.transaction_type = 'expired' AND t.occurred_at <> named.expires_at", id="expires-when-due"),
        pytest.param("(t.transaction_type = 'promised') <> (t.unlocks_at IS NOT NULL)", id="only-promises-unlock"),
        pytest.param("t.transaction_type <> 'credit' AND t.expires_at IS NOT NULL", id="only-credits-expire"),
        pytest.param("t.expires_at <= t.occurred_at OR t.unlocks_at <= t.occurred_at", id="dates-lie-ahead"),
        pytest.param("(t.transaction_source = 'promo_campaign') <> (t.campaign_id IS NOT NULL)", id="names-campaign"),
        pytest.param("t.recorded_at < t.occurred_at", id="recorded-after-it-happened"),
        pytest.param("t.recorded_at >= '2018-01-02 America/New_York'", id="recorded-by-now"),
    ],
)
def test_no_row_breaks_a_rule(query: Query, broken: str) -> None:
    assert query(f"{NAMED} ({broken})") == [(0,)]


@pytest.mark.parametrize(
    ("due", "followed_by"), [("unlocks_at", "credit"), ("expires_at", "expired")], ids=["promise", "expiry"]
)
def test_what_was_due_has_happened(query: Query, due: str, followed_by: str) -> None:
    """A credit whose expiry is past has its expired row and a promise its credit; what is due later has none yet."""
    ((past_without, future_with, future),) = query(
        f"SELECT count(*) FILTER (WHERE t.{due} < last AND later.transaction_id IS NULL),"
        f" count(*) FILTER (WHERE t.{due} >= '2018-01-01 America/New_York' AND later.transaction_id IS NOT NULL),"
        f" count(*) FILTER (WHERE t.{due} >= '2018-01-01 America/New_York')"
        " FROM wallet_transactions AS t"
        " CROSS JOIN (SELECT max(occurred_at) AS last FROM wallet_transactions WHERE wallet_id = %s) AS bound"
        " LEFT JOIN wallet_transactions AS later"
        "   ON later.related_transaction_id = t.transaction_id AND later.transaction_type = %s"
        f" WHERE t.wallet_id = %s AND t.{due} IS NOT NULL",
        [WALLET, followed_by, WALLET],
    )
    assert (past_without, future_with) == (0, 0)
    assert future > 100


def test_ties_late_rows_and_awkward_descriptions_occur(query: Query) -> None:
    ((ties, late),) = query(
        "SELECT count(*) - count(DISTINCT occurred_at),"
        " count(*) FILTER (WHERE recorded_at >= occurred_at + interval '1 day')"
        " FROM wallet_transactions WHERE wallet_id = %s",
        [WALLET],
    )
    assert ties == 700_000
    assert 900 < late < 1_100
    found = {
        text for (text,) in query("SELECT DISTINCT description FROM wallet_transactions WHERE wallet_id = %s", [WALLET])
    }
    assert found == set(generated_ledger.DESCRIPTIONS)


def test_campaign_credits_and_rewards_agree(query: Query) -> None:
    assert query(
        "SELECT count(*), count(r.assignment_id), bool_and(r.reward_value = t.points AND r.user_id = t.user_id)"
        " FROM wallet_transactions AS t LEFT JOIN reward_assignments AS r USING (transaction_id)"
        " WHERE t.wallet_id = %s AND t.transaction_type = 'credit' AND t.transaction_source = 'promo_campaign'",
        [WALLET],
    ) == query(
        "SELECT count(*), count(*), true FROM reward_assignments WHERE campaign_id = %s", [generated_ledger.CAMPAIGN_ID]
    )


def test_a_round_of_the_script_leaves_the_same_whatever_is_drawn() -> None:
    counted = [step for step in generated_steps.STEPS if step.transaction_type != "promised"]
    assert sum(step.h1 for step in counted) == 0
    assert sum(step.h2 for step in counted) == 0
    assert sum(step.cents for step in counted) == generated_steps.LEFT_OVER


def fingerprint(database: PromoDatabase, wallet: generated_ledger.GeneratedWallet) -> str:
    with contextlib.closing(psycopg2.connect(database.owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO wallets VALUES (%s, '', '', 'active', now())", [wallet.wallet_id])
        cursor.execute(
            "INSERT INTO campaigns VALUES (%s, '', '', 'ended', now(), now())", [generated_ledger.CAMPAIGN_ID]
        )
        assert generated_ledger.generate(connection, wallet) == wallet.rows_in_window + wallet.rows_after
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute("SELECT md5(string_agg(t::text, E'\\n' ORDER BY transaction_id)) FROM wallet_transactions AS t")
        (digest,) = cursor.fetchone() or ("",)
        connection.rollback()
    return str(digest)


def test_generation_is_the_same_everywhere(promo_database: Callable[[], PromoDatabase]) -> None:
    database = promo_database()
    wallet = dataclasses.replace(
        generated_ledger.load_wallet(1, datetime.date(2018, 3, 14)), rows_in_window=5_000, rows_after=500, users=90
    )
    digest = fingerprint(database, wallet)
    assert digest == fingerprint(database, wallet)
    assert digest == "b717674b4ca101421f2a224e9d086c13", "the generated rows have changed; if that was meant, pin this"
