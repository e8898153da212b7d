"""The wallet of the data set against the parquet files it comes from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd  # noqa: TID253

from tests.support.demo import RUNNING_BALANCE, parquet

if TYPE_CHECKING:
    from tests.support.demo import Demo, Query

PURCHASE_LINES = 1_469_307
REDEMPTIONS = 2_102


def dollars(amounts: pd.Series) -> Decimal:
    return Decimal(int((amounts * 100).round().astype("int64").sum())) / 100


def test_a_purchase_line_is_a_credit_and_a_redemption_a_debit(demo: Demo, query: Query) -> None:
    assert query(
        "SELECT transaction_type, count(*) FROM wallet_transactions WHERE wallet_id = 'grocery-rewards'"
        " GROUP BY transaction_type ORDER BY transaction_type"
    ) == [("credit", PURCHASE_LINES), ("debit", REDEMPTIONS)]
    assert demo.loaded.wallets["grocery-rewards"] == PURCHASE_LINES + REDEMPTIONS


def test_points_are_spend_plus_loyalty_discount_to_the_cent(query: Query, purchases: pd.DataFrame) -> None:
    ((points, sales),) = query(
        "SELECT sum(points), sum(sale_amount) FROM wallet_transactions"
        " WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'credit'"
    )
    assert sales == dollars(purchases.sales_value)
    assert points == sales + dollars(purchases.retail_disc)


def test_every_household_basket_and_store_has_its_sums(query: Query, purchases: pd.DataFrame) -> None:
    by_basket = (
        purchases.assign(cents=((purchases.sales_value + purchases.retail_disc) * 100).round().astype("int64"))
        .groupby(["household_id", "basket_id", "store_id", "transaction_timestamp"])
        .agg(lines=("cents", "size"), cents=("cents", "sum"))
        .reset_index()
    )
    by_basket["transaction_timestamp"] = by_basket.transaction_timestamp.astype("int64") // 10**9
    found = query(
        "SELECT user_id::bigint, order_id::bigint, location_id::bigint, extract(epoch FROM occurred_at)::bigint,"
        " count(*), (sum(points) * 100)::bigint"
        " FROM wallet_transactions WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'credit'"
        " GROUP BY user_id, order_id, location_id, occurred_at"
    )
    assert set(found) == set(by_basket.itertuples(index=False, name=None))


def test_months_are_those_of_new_york(query: Query, purchases: pd.DataFrame) -> None:
    local = purchases.transaction_timestamp.dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    assert set(local.dt.year) == {2017}
    expected = local.dt.month.value_counts().sort_index()
    found = query(
        "SELECT extract(month FROM occurred_at AT TIME ZONE 'America/New_York')::int, count(*)"
        " FROM wallet_transactions WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'credit'"
        " GROUP BY 1 ORDER BY 1"
    )
    assert found == list(expected.items())
    assert len(found) == 12
    assert sum(count for _, count in found[-3:]) == 373_743


def test_balance_after_is_the_running_sum(query: Query) -> None:
    assert query(RUNNING_BALANCE, ["grocery-rewards"]) == [(0,)]
    ((lowest,),) = query("SELECT min(balance_after) FROM wallet_transactions WHERE wallet_id = 'grocery-rewards'")
    assert lowest >= 0


def test_ids_are_dense_and_follow_time(query: Query) -> None:
    assert query(
        "SELECT min(transaction_id), max(transaction_id), count(*) FILTER (WHERE occurred_at < before)"
        " FROM (SELECT transaction_id, occurred_at, lag(occurred_at) OVER (ORDER BY transaction_id) AS before"
        " FROM wallet_transactions WHERE wallet_id = 'grocery-rewards') AS rows"
    ) == [(1, PURCHASE_LINES + REDEMPTIONS, 0)]


def test_a_line_with_a_coupon_discount_says_so(query: Query, purchases: pd.DataFrame) -> None:
    counts: dict[str, int] = dict(
        query(
            "SELECT transaction_source, count(*) FROM wallet_transactions"
            " WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'credit' GROUP BY transaction_source"
        )
    )
    with_coupon = int((purchases.coupon_disc > 0).sum())
    assert counts == {"system": PURCHASE_LINES - with_coupon, "cashback_coupon": 20_717, "promo_campaign": 1_172}
    assert counts["cashback_coupon"] + counts["promo_campaign"] == with_coupon


def test_redemptions_keep_household_coupon_campaign_and_local_day(query: Query) -> None:
    found = query(
        "SELECT user_id, coupon_code, campaign_id, (occurred_at AT TIME ZONE 'America/New_York')::date"
        " FROM wallet_transactions WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'debit'"
    )
    expected = [
        (str(household), str(coupon), f"campaign-{campaign}", day.date())
        for household, coupon, campaign, day in parquet("coupon_redemptions").itertuples(index=False)
    ]
    assert sorted(found) == sorted(expected)


def test_a_debit_is_the_discount_of_the_lines_its_coupon_was_taken_off(query: Query, purchases: pd.DataFrame) -> None:
    """No line counts twice, so the debits sum to the coupon discount of the lines that name a campaign."""
    covered = parquet("coupons").drop_duplicates()
    day = purchases.transaction_timestamp.dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    lines = purchases.assign(redemption_date=day.dt.normalize(), line=purchases.index)[purchases.coupon_disc > 0]
    joined = (
        parquet("coupon_redemptions")
        .merge(covered, on=["coupon_upc", "campaign_id"])
        .merge(lines, on=["household_id", "redemption_date", "product_id"])
    )
    # One line was bought with a coupon's second basket of the day; a redemption has one basket.
    assert joined.line.nunique() == 1_173
    debits = query(
        "SELECT d.order_id, d.user_id, d.coupon_code, -d.points FROM wallet_transactions AS d"
        " WHERE wallet_id = 'grocery-rewards' AND transaction_type = 'debit' AND points <> 0"
    )
    assert len(debits) == 1_086
    by_redemption = joined.groupby(["basket_id", "household_id", "coupon_upc"]).coupon_disc.sum()
    for basket, household, coupon, discount in debits:
        # At most what the coupon covers in that basket: another redemption may have taken some of its lines.
        assert 0 < discount <= round(Decimal(by_redemption[int(basket), int(household), int(coupon)]), 2)
    unique = joined.drop_duplicates("line").coupon_disc
    assert sum(discount for *_, discount in debits) <= dollars(unique)


def test_descriptions_tell_nothing_known_from_nothing_said(query: Query, purchases: pd.DataFrame) -> None:
    products = parquet("products").set_index("product_id")
    unknown = int((~purchases.product_id.isin(products.index)).sum())
    unnamed = products[products[["product_category", "product_type", "package_size"]].isna().all(axis=1)]
    assert query(
        "SELECT count(*) FILTER (WHERE description IS NULL), count(*) FILTER (WHERE description = '')"
        " FROM wallet_transactions WHERE wallet_id = 'grocery-rewards'"
    ) == [(unknown, int(purchases.product_id.isin(unnamed.index).sum()))]
    assert unknown == 4_836
    assert query("SELECT description FROM wallet_transactions WHERE transaction_id = 1") == [
        ("ROLLS, ROLLS: BAGELS, 4 OZ",)
    ]


def test_rewards_name_ledger_rows_of_the_same_user_campaign_and_value(query: Query) -> None:
    assert query(
        "SELECT r.reward_type, t.transaction_type, count(*),"
        " bool_and(r.user_id = t.user_id AND r.campaign_id = t.campaign_id AND r.assigned_at = t.occurred_at"
        "          AND r.coupon_code = t.coupon_code AND r.wallet_id = t.wallet_id AND r.reward_value = abs(t.points))"
        " FROM reward_assignments AS r JOIN wallet_transactions AS t USING (transaction_id)"
        " WHERE t.wallet_id = 'grocery-rewards' GROUP BY 1, 2 ORDER BY 1"
    ) == [("coupon", "debit", REDEMPTIONS, True), ("wallet_points", "credit", 1_172, True)]


def test_campaigns_run_from_local_midnight_to_the_end_of_their_last_day(query: Query) -> None:
    expected = [
        (f"campaign-{number}", f"Campaign {number} ({kind})", kind, start, end + pd.Timedelta(days=1))
        for number, kind, start, end in parquet("campaign_descriptions").itertuples(index=False)
    ]
    found = query(
        "SELECT campaign_id, name, campaign_type, starts_at AT TIME ZONE 'America/New_York',"
        " ends_at AT TIME ZONE 'America/New_York' FROM campaigns WHERE campaign_id LIKE 'campaign-%%'",
        (),
    )
    assert sorted(found) == sorted(expected)
    assert query(
        "SELECT count(*) FROM campaigns WHERE status <> CASE WHEN ends_at <= '2018-01-01 America/New_York' THEN 'ended'"
        " WHEN starts_at > '2018-01-01 America/New_York' THEN 'scheduled' ELSE 'running' END"
    ) == [(0,)]
