-- rows
SELECT
    report.user_id,
    report.active_balance,
    report.promised_balance,
    report.issued,
    report.redeemed,
    report.removed,
    report.expired,
    report.reversed,
    report.refunded,
    report.next_expiration_at,
    report.next_expiration_points,
    report.first_transaction_at,
    report.last_transaction_at
FROM (
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
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN t.related_transaction_id
        END AS promise_id,
        t.expires_at
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :as_of
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
) AS report
ORDER BY report.user_id

-- rows, safe for spreadsheets
SELECT
    CASE WHEN pg_catalog.ascii(CAST(report.user_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    report.active_balance,
    report.promised_balance,
    report.issued,
    report.redeemed,
    report.removed,
    report.expired,
    report.reversed,
    report.refunded,
    report.next_expiration_at,
    report.next_expiration_points,
    report.first_transaction_at,
    report.last_transaction_at
FROM (
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
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN t.related_transaction_id
        END AS promise_id,
        t.expires_at
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :as_of
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
) AS report
ORDER BY report.user_id

-- totals
SELECT
    NULL,
    count(*),
    sum(report.active_balance),
    sum(report.promised_balance),
    sum(report.issued),
    sum(report.redeemed),
    sum(report.removed),
    sum(report.expired),
    sum(report.reversed),
    sum(report.refunded)
FROM (
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
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN t.related_transaction_id
        END AS promise_id,
        t.expires_at
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :as_of
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
) AS report
