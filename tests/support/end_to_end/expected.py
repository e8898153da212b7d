"""What each report type must hold, as SQL written by hand for the tests: it shares nothing with `include/sql`.

Every function gives one SELECT with literals, fit for psycopg2 and for `psql -c` alike. Windows are half-open and given
as texts with offset; the session's timezone decides how times are rendered.
"""

from __future__ import annotations

from collections.abc import Iterable

# reliability, "Formula injection": one apostrophe before what a spreadsheet would run, and before nothing else.
FORMULA = r"description ~ E'^[ ''\t\r\n]*[=+@\t\r\n-]'"
ESCAPED = f"CASE WHEN {FORMULA} THEN '''' || description ELSE description END"


def literal(text: str) -> str:
    """A text as SQL."""
    assert "\\" not in text
    return "'" + text.replace("'", "''") + "'"


def among(values: Iterable[str]) -> str:
    return f"({', '.join(map(literal, values))})"


def wallet_transactions(
    wallet: str,
    start: str,
    end: str,
    types: Iterable[str],
    sources: Iterable[str] = (),
    description: str = "description",
) -> str:
    """`description` is the expression of that column, where a spreadsheet would run some of its cells."""
    sources = list(sources)
    of_sources = f"AND transaction_source IN {among(sources)}" if sources else ""
    return f"""
        SELECT
            transaction_id, occurred_at, user_id, wallet_id,
            (SELECT name FROM wallets WHERE wallets.wallet_id = ledger.wallet_id) AS wallet_name,
            transaction_type, transaction_source, points, balance_after, campaign_id, coupon_code, order_id,
            sale_channel, location_id, sale_amount, related_transaction_id, expires_at,
            {description} AS description, recorded_at
        FROM wallet_transactions AS ledger
        WHERE wallet_id = {literal(wallet)}
            AND occurred_at >= {literal(start)} AND occurred_at < {literal(end)}
            AND transaction_type IN {among(types)} {of_sources}
        ORDER BY occurred_at, transaction_id"""


def wallet_summary(wallet: str, start: str, end: str) -> str:
    def total(condition: str, sign: str = "") -> str:
        return f"coalesce({sign}sum(points) FILTER (WHERE {condition}), 0)::numeric(18, 2)"

    issued = "occurred_at >= starts AND transaction_type = 'credit'"
    spent = "occurred_at >= starts AND transaction_type = 'debit' AND transaction_source"
    return f"""
        WITH ledger AS (
            SELECT *, {literal(start)}::timestamptz AS starts FROM wallet_transactions
            WHERE wallet_id = {literal(wallet)} AND occurred_at < {literal(end)}
        )
        SELECT
            {literal(wallet)} AS wallet_id,
            (SELECT name FROM wallets WHERE wallet_id = {literal(wallet)}) AS wallet_name,
            (SELECT points_name FROM wallets WHERE wallet_id = {literal(wallet)}) AS points_name,
            (SELECT count(*) FROM (SELECT user_id FROM ledger GROUP BY user_id) AS users) AS members,
            {total(issued)} AS issued,
            {total(f"{issued} AND transaction_source = 'cashback_coupon'")} AS issued_cashback_coupon,
            {total(f"{issued} AND transaction_source = 'promo_campaign'")} AS issued_promo_campaign,
            {total(f"{issued} AND transaction_source = 'api'")} AS issued_api,
            {total(f"{issued} AND transaction_source = 'manual'")} AS issued_manual,
            {total(f"{issued} AND transaction_source = 'system'")} AS issued_system,
            {total(f"{spent} IN ('cashback_coupon', 'promo_campaign', 'api')", "-")} AS redeemed,
            {total(f"{spent} IN ('manual', 'system')", "-")} AS removed,
            {total("occurred_at >= starts AND transaction_type = 'expired'", "-")} AS expired,
            {total("occurred_at >= starts AND transaction_type = 'promised'")} AS promised,
            {total("occurred_at >= starts AND transaction_type = 'reverse'", "-")} AS reversed,
            {total("occurred_at >= starts AND transaction_type = 'refund'")} AS refunded,
            {total("occurred_at < starts AND transaction_type != 'promised'")} AS opening_balance,
            {total("transaction_type != 'promised'")} AS closing_balance
        FROM ledger"""


def _unspent(as_of: str, wallet: str | None) -> str:
    """CTEs: `ledger`, `balances` by user, and `unspent` by user and expiry.

    The points that a user has spent are taken from the lots in the order of their expiry, earliest first.
    """
    of_wallet = f"AND wallet_id = {literal(wallet)}" if wallet else ""
    return f"""
        WITH ledger AS (
            SELECT * FROM wallet_transactions WHERE occurred_at < {literal(as_of)} {of_wallet}
        ),
        balances AS (
            SELECT
                wallet_id, user_id,
                coalesce(sum(points) FILTER (WHERE transaction_type != 'promised'), 0)::numeric(18, 2) AS balance
            FROM ledger GROUP BY wallet_id, user_id
        ),
        taken AS (
            SELECT related_transaction_id AS credit_id, wallet_id, user_id, sum(points) AS points
            FROM ledger
            WHERE transaction_type IN ('expired', 'reverse') AND related_transaction_id IS NOT NULL
            GROUP BY related_transaction_id, wallet_id, user_id
        ),
        lots AS (
            SELECT credit.wallet_id, credit.user_id, coalesce(credit.expires_at, 'infinity') AS expires_at,
                sum(credit.points + coalesce(taken.points, 0)) AS points
            FROM ledger AS credit
            LEFT JOIN taken ON taken.credit_id = credit.transaction_id
                AND taken.wallet_id = credit.wallet_id AND taken.user_id = credit.user_id
            WHERE credit.transaction_type = 'credit' AND credit.points + coalesce(taken.points, 0) > 0
            GROUP BY 1, 2, 3
        ),
        queue AS (
            SELECT *,
                sum(points) OVER (PARTITION BY wallet_id, user_id ORDER BY expires_at) AS up_to_this,
                sum(points) OVER (PARTITION BY wallet_id, user_id) AS of_all
            FROM lots
        ),
        unspent AS (
            SELECT wallet_id, user_id, expires_at, least(points, up_to_this - (of_all - balance)) AS points
            FROM queue JOIN balances USING (wallet_id, user_id)
            WHERE up_to_this > of_all - balance AND expires_at < 'infinity'
        )"""


def user_ledger_summary(wallet: str, as_of: str) -> str:
    return f"""{_unspent(as_of, wallet)}
        SELECT
            user_id,
            (SELECT balance FROM balances WHERE balances.user_id = users.user_id) AS active_balance,
            coalesce(locked.points, 0)::numeric(18, 2) AS promised_balance,
            issued, redeemed, removed, expired, reversed, refunded,
            coming.expires_at AS next_expiration_at,
            coming.points AS next_expiration_points,
            first_transaction_at, last_transaction_at
        FROM (
            SELECT
                user_id,
                coalesce(sum(points) FILTER (WHERE transaction_type = 'credit'), 0)::numeric(18, 2) AS issued,
                coalesce(-sum(points) FILTER (
                    WHERE transaction_type = 'debit'
                        AND transaction_source IN ('cashback_coupon', 'promo_campaign', 'api')
                ), 0)::numeric(18, 2) AS redeemed,
                coalesce(-sum(points) FILTER (
                    WHERE transaction_type = 'debit' AND transaction_source IN ('manual', 'system')
                ), 0)::numeric(18, 2) AS removed,
                coalesce(-sum(points) FILTER (WHERE transaction_type = 'expired'), 0)::numeric(18, 2) AS expired,
                coalesce(-sum(points) FILTER (WHERE transaction_type = 'reverse'), 0)::numeric(18, 2) AS reversed,
                coalesce(sum(points) FILTER (WHERE transaction_type = 'refund'), 0)::numeric(18, 2) AS refunded,
                min(occurred_at) AS first_transaction_at,
                max(occurred_at) AS last_transaction_at
            FROM ledger GROUP BY user_id
        ) AS users
        LEFT JOIN (
            SELECT promise.user_id, sum(promise.points) AS points
            FROM ledger AS promise
            WHERE promise.transaction_type = 'promised' AND NOT EXISTS (
                SELECT FROM ledger AS unlocked
                WHERE unlocked.transaction_type = 'credit'
                    AND unlocked.related_transaction_id = promise.transaction_id
            )
            GROUP BY promise.user_id
        ) AS locked USING (user_id)
        LEFT JOIN (
            SELECT DISTINCT ON (user_id) user_id, expires_at, points FROM unspent ORDER BY user_id, expires_at
        ) AS coming USING (user_id)
        ORDER BY user_id"""


def points_expiry_liability(as_of: str, wallet: str | None = None) -> str:
    return f"""{_unspent(as_of, wallet)}
        SELECT
            wallet_id, wallets.name AS wallet_name, wallets.points_name, expires_at, sum(points) AS points,
            count(DISTINCT user_id) AS users
        FROM unspent JOIN wallets USING (wallet_id)
        GROUP BY wallet_id, wallets.name, wallets.points_name, expires_at
        ORDER BY wallet_id, expires_at"""


def voucher_assignment_logs(partner: str, list_tag: str, start: str, end: str) -> str:
    return f"""
        SELECT
            assigned_at, assignment_id, user_id, partner, list_tag, voucher_list_id, voucher_code, source, campaign_id,
            expires_at AS list_expires_at, status AS list_status, redeemed_at
        FROM voucher_assignments JOIN voucher_lists USING (voucher_list_id)
        WHERE partner = {literal(partner)} AND list_tag = {literal(list_tag)}
            AND assigned_at >= {literal(start)} AND assigned_at < {literal(end)}
        ORDER BY assigned_at, assignment_id"""


def reward_assignment(campaign: str, start: str, end: str) -> str:
    return f"""
        SELECT
            assigned_at, assignment_id, campaign_id, name AS campaign_name, user_id, reward_type, reward_value,
            wallet_id, coupon_code, voucher_code, transaction_id
        FROM reward_assignments JOIN campaigns USING (campaign_id)
        WHERE campaign_id = {literal(campaign)}
            AND assigned_at >= {literal(start)} AND assigned_at < {literal(end)}
        ORDER BY assigned_at, assignment_id"""


def user_errors(campaign: str, start: str, end: str) -> str:
    return f"""
        SELECT
            occurred_at, error_id, campaign_id, name AS campaign_name, user_id, reward_type, error_code, error_message,
            attempt
        FROM user_errors JOIN campaigns USING (campaign_id)
        WHERE campaign_id = {literal(campaign)}
            AND occurred_at >= {literal(start)} AND occurred_at < {literal(end)}
        ORDER BY occurred_at, error_id"""
