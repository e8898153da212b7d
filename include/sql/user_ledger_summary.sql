{# Unspent points of a credit, first to expire first to go: a user's balance is what is left of the credits that expire
   last, so each lot (the credits of one expiry time) keeps what the balance still covers after the later lots. Expired
   and reverse rows lower the very credit they name. ROUND only removes the binary noise of SQLite's sums.

   A row has a promise_id if it is a promise or names one of the same user and wallet, whenever that was made. A credit
   unlocks points of it, which count in the balance; an expired or reverse row takes points back that were in none. What is
   added as x - x makes NaN of infinities, which would be less than 0 and left out; NaN is refused in a file. #}
WITH ledger AS (
    SELECT
        t.transaction_id,
        t.occurred_at,
        t.user_id,
        t.transaction_type,
        t.transaction_source,
        t.points,
        t.related_transaction_id,
        CASE
            WHEN t.transaction_type = 'promised'
                THEN t.transaction_id
            WHEN t.transaction_type IN ('credit', 'expired', 'reverse')
                AND t.related_transaction_id IS NOT NULL
                AND EXISTS (
                    SELECT 1
                    FROM wallet_transactions promise
                    WHERE promise.transaction_id = t.related_transaction_id
                        AND promise.transaction_type = 'promised'
                        AND promise.wallet_id = {{ filters.wallet }}
                        AND promise.user_id = t.user_id
                )
                THEN t.related_transaction_id
        END AS promise_id,
        t.expires_at
    FROM wallet_transactions t
    WHERE t.wallet_id = {{ filters.wallet }}
        AND t.occurred_at < {{ as_of }}
),
members AS (
    SELECT
        ledger.user_id,
        COALESCE(SUM(CASE
            WHEN ledger.promise_id IS NULL OR ledger.transaction_type = 'credit'
                THEN ledger.points END), 0.00) AS active_balance,
        COALESCE(SUM(CASE WHEN ledger.transaction_type = 'credit' THEN ledger.points END), 0.00) AS issued,
        COALESCE(SUM(CASE
            WHEN ledger.transaction_type = 'debit' AND ledger.transaction_source NOT IN ('manual', 'system')
                THEN -ledger.points END), 0.00) AS redeemed,
        COALESCE(SUM(CASE
            WHEN ledger.transaction_type = 'debit' AND ledger.transaction_source IN ('manual', 'system')
                THEN -ledger.points END), 0.00) AS removed,
        COALESCE(SUM(CASE
            WHEN ledger.transaction_type = 'expired' AND ledger.promise_id IS NULL
                THEN -ledger.points END), 0.00) AS expired,
        COALESCE(SUM(CASE
            WHEN ledger.transaction_type = 'reverse' AND ledger.promise_id IS NULL
                THEN -ledger.points END), 0.00) AS reversed,
        COALESCE(SUM(CASE WHEN ledger.transaction_type = 'refund' THEN ledger.points END), 0.00) AS refunded,
        MIN(ledger.occurred_at) AS first_transaction_at,
        MAX(ledger.occurred_at) AS last_transaction_at
    FROM ledger
    GROUP BY ledger.user_id
),
promises AS (
    SELECT
        ledger.user_id,
        SUM(CASE WHEN ledger.transaction_type = 'credit' THEN -ledger.points ELSE ledger.points END) AS points,
        SUM(CASE WHEN ledger.transaction_type = 'promised' THEN 0 ELSE 1 END) AS changes
    FROM ledger
    WHERE ledger.promise_id IS NOT NULL
    GROUP BY ledger.user_id, ledger.promise_id
),
locked AS (
    SELECT
        promises.user_id,
        SUM(promises.points) AS points
    FROM promises
    WHERE promises.changes = 0
        OR ROUND(promises.points + (promises.points - promises.points), 2) > 0
    GROUP BY promises.user_id
),
credits AS (
    SELECT
        ledger.user_id,
        MAX(CASE WHEN ledger.transaction_type = 'credit' THEN ledger.expires_at END) AS expires_at,
        SUM(ledger.points) AS points
    FROM ledger
    WHERE ledger.transaction_type = 'credit'
        OR (ledger.transaction_type IN ('expired', 'reverse') AND ledger.related_transaction_id IS NOT NULL)
    GROUP BY
        ledger.user_id,
        CASE WHEN ledger.transaction_type = 'credit'
            THEN ledger.transaction_id ELSE ledger.related_transaction_id END
    HAVING SUM(CASE WHEN ledger.transaction_type = 'credit' THEN 1 ELSE 0 END) = 1
        AND ROUND(SUM(ledger.points), 2) > 0
),
lots AS (
    SELECT
        credits.user_id,
        credits.expires_at,
        SUM(credits.points) AS points
    FROM credits
    GROUP BY credits.user_id, credits.expires_at
),
queued AS (
    SELECT
        lots.user_id,
        lots.expires_at,
        lots.points,
        members.active_balance - COALESCE(SUM(lots.points) OVER (
            PARTITION BY lots.user_id
            ORDER BY CASE WHEN lots.expires_at IS NULL THEN 0 ELSE 1 END, lots.expires_at DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS covered
    FROM lots
    JOIN members ON members.user_id = lots.user_id
),
unspent AS (
    SELECT
        queued.user_id,
        queued.expires_at,
        ROUND(CASE WHEN queued.covered < queued.points THEN queued.covered ELSE queued.points END, 2) AS points,
        ROW_NUMBER() OVER (PARTITION BY queued.user_id ORDER BY queued.expires_at) AS place
    FROM queued
    WHERE queued.expires_at IS NOT NULL
        AND ROUND(queued.covered, 2) > 0
)
SELECT
    members.user_id,
    members.active_balance,
    COALESCE(locked.points, 0.00) AS promised_balance,
    members.issued,
    members.redeemed,
    members.removed,
    members.expired,
    members.reversed,
    members.refunded,
    unspent.expires_at AS next_expiration_at,
    unspent.points AS next_expiration_points,
    members.first_transaction_at,
    members.last_transaction_at
FROM members
LEFT JOIN locked ON locked.user_id = members.user_id
LEFT JOIN unspent ON unspent.user_id = members.user_id AND unspent.place = 1
ORDER BY members.user_id
