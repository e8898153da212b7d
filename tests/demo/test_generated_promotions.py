"""Partner vouchers and user errors: generated, about members of the campaigns of the data set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from include.demo.data import failures
from tests.support.demo import parquet

if TYPE_CHECKING:
    from tests.support.demo import Demo, Query


def memberships() -> set[tuple[str, str]]:
    return {
        (f"campaign-{campaign}", str(household))
        for campaign, household in parquet("campaigns")[["campaign_id", "household_id"]].itertuples(index=False)
    }


def test_vouchers_go_to_members_of_a_campaign_while_it_runs(query: Query) -> None:
    given = query("SELECT campaign_id, user_id FROM voucher_assignments WHERE source = 'promo_campaign'")
    assert len(given) > 2_000
    assert set(given) <= memberships()
    assert query(
        "SELECT count(*) FROM voucher_assignments AS v JOIN campaigns AS c USING (campaign_id)"
        " WHERE v.assigned_at < c.starts_at OR v.assigned_at >= c.ends_at"
    ) == [(0,)]
    assert query(
        "SELECT count(*) FROM voucher_assignments WHERE (source = 'promo_campaign') <> (campaign_id IS NOT NULL)"
    ) == [(0,)]


def test_vouchers_are_redeemed_after_they_are_given_and_before_their_list_expires(query: Query) -> None:
    ((count, redeemed, codes, wrong),) = query(
        "SELECT count(*), count(redeemed_at), count(DISTINCT voucher_code), count(*) FILTER (WHERE"
        " redeemed_at <= assigned_at OR redeemed_at >= expires_at OR assigned_at >= expires_at"
        " OR redeemed_at >= '2018-01-01 America/New_York')"
        " FROM voucher_assignments JOIN voucher_lists USING (voucher_list_id)"
    )
    assert wrong == 0
    assert codes == count
    assert 0.25 < redeemed / count < 0.4


def test_a_partner_has_several_lists_and_every_status_occurs(query: Query) -> None:
    assert query("SELECT count(DISTINCT partner), count(*) FROM voucher_lists") == [(4, 9)]
    statuses = query("SELECT DISTINCT status FROM voucher_lists ORDER BY status")
    assert statuses == [("active",), ("exhausted",), ("expired",), ("inactive",)]
    assert query(
        "SELECT count(*) FROM voucher_lists WHERE (status = 'expired') <>"
        " (expires_at IS NOT NULL AND expires_at <= '2018-01-01 America/New_York')"
    ) == [(0,)]
    ((fewest,),) = query(
        "SELECT min(count) FROM (SELECT count(*) FROM voucher_assignments GROUP BY voucher_list_id) AS lists"
    )
    assert fewest > 50


def test_a_campaigns_voucher_is_a_reward_too(query: Query) -> None:
    found = query(
        "SELECT campaign_id, user_id, assigned_at, voucher_code FROM reward_assignments"
        " WHERE reward_type = 'partner_voucher' ORDER BY voucher_code"
    )
    assert found == query(
        "SELECT campaign_id, user_id, assigned_at, voucher_code FROM voucher_assignments"
        " WHERE campaign_id IS NOT NULL ORDER BY voucher_code"
    )


def test_errors_are_of_members_and_speak_the_vocabulary(demo: Demo, query: Query) -> None:
    errors = query("SELECT campaign_id, user_id, reward_type, error_code, error_message FROM user_errors")
    assert len(errors) == demo.loaded.rows["user_errors"] > 2_000
    assert {(campaign, user) for campaign, user, *_ in errors} <= memberships()
    assert {(kind, code, message) for *_, kind, code, message in errors} == {
        (kind, failures.error_code(message), message)
        for kind, messages in failures.MESSAGES.items()
        for message in messages
    }
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", code) for *_, code, _ in errors)
    assert failures.error_code("User's coupon limit exceeded") == "user_coupon_limit_exceeded"


def test_attempts_count_up_in_time(query: Query) -> None:
    assert query(
        "SELECT count(*) FROM (SELECT attempt, row_number() OVER (PARTITION BY campaign_id, user_id"
        " ORDER BY occurred_at, error_id) AS number FROM user_errors) AS attempts WHERE attempt <> number"
    ) == [(0,)]
    assert query("SELECT max(attempt) FROM user_errors") == [(3,)]
