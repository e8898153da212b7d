{# Unspent points are found as in user_ledger_summary.sql: a balance is what is left of the credits that expire last.
   Promises, and what takes them back, are in no balance. What is added as x - x is 0 but for NaN and infinities: they
   become NaN, which is refused in a file, where they would hide as less or more than any other number. #}
WITH ledger AS (
    SELECT
        t.transaction_id,
        t.wallet_id,
        t.user_id,
        t.transaction_type,
        t.points,
        t.related_transaction_id,
        t.expires_at
    FROM wallet_transactions t
    WHERE t.occurred_at < {{ as_of }}
        AND t.transaction_type <> 'promised'
        AND NOT (
            t.transaction_type IN ('expired', 'reverse')
            AND t.related_transaction_id IS NOT NULL
            AND EXISTS (
                SELECT 1
                FROM wallet_transactions promise
                WHERE promise.transaction_id = t.related_transaction_id
                    AND promise.transaction_type = 'promised'
                    AND promise.wallet_id = t.wallet_id
                    AND promise.user_id = t.user_id
{% if filters.wallet %}
                    AND promise.wallet_id IN {{ filters.wallet }}
{% endif %}
            )
        )
{% if filters.wallet %}
        AND t.wallet_id IN {{ filters.wallet }}
{% endif %}
),
balances AS (
    SELECT
        ledger.wallet_id,
        ledger.user_id,
        SUM(ledger.points) + (SUM(ledger.points) - SUM(ledger.points)) AS points
    FROM ledger
    GROUP BY ledger.wallet_id, ledger.user_id
),
credits AS (
    SELECT
        ledger.wallet_id,
        ledger.user_id,
        MAX(CASE WHEN ledger.transaction_type = 'credit' THEN ledger.expires_at END) AS expires_at,
        SUM(ledger.points) + (SUM(ledger.points) - SUM(ledger.points)) AS points
    FROM ledger
    WHERE ledger.transaction_type = 'credit'
        OR (ledger.transaction_type IN ('expired', 'reverse') AND ledger.related_transaction_id IS NOT NULL)
    GROUP BY
        ledger.wallet_id,
        ledger.user_id,
        CASE WHEN ledger.transaction_type = 'credit'
            THEN ledger.transaction_id ELSE ledger.related_transaction_id END
    HAVING SUM(CASE WHEN ledger.transaction_type = 'credit' THEN 1 ELSE 0 END) = 1
        AND ROUND(SUM(ledger.points) + (SUM(ledger.points) - SUM(ledger.points)), 2) > 0
),
lots AS (
    SELECT
        credits.wallet_id,
        credits.user_id,
        credits.expires_at,
        SUM(credits.points) AS points
    FROM credits
    GROUP BY credits.wallet_id, credits.user_id, credits.expires_at
),
queued AS (
    SELECT
        lots.wallet_id,
        lots.expires_at,
        lots.points,
        balances.points - COALESCE(SUM(lots.points) OVER (
            PARTITION BY lots.wallet_id, lots.user_id
            ORDER BY CASE WHEN lots.expires_at IS NULL THEN 0 ELSE 1 END, lots.expires_at DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS covered
    FROM lots
    JOIN balances ON balances.wallet_id = lots.wallet_id AND balances.user_id = lots.user_id
)
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    queued.expires_at,
    ROUND(SUM(CASE
        WHEN queued.covered < queued.points
            THEN queued.covered
        ELSE queued.points + (queued.covered - queued.covered) END), 2) AS points,
    COUNT(1) AS users
FROM queued
JOIN wallets w ON w.wallet_id = queued.wallet_id
WHERE queued.expires_at IS NOT NULL
    AND ROUND(queued.covered, 2) > 0
GROUP BY w.wallet_id, w.name, w.points_name, queued.expires_at
ORDER BY w.wallet_id, queued.expires_at
