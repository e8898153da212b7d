-- rows
SELECT
    report.wallet_id,
    report.wallet_name,
    report.points_name,
    report.expires_at,
    report.points,
    report.users
FROM (
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
    WHERE t.occurred_at < :as_of
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
                    AND promise.wallet_id IN (:list_wallet_0, :list_wallet_1)
            )
        )
        AND t.wallet_id IN (:list_wallet_0, :list_wallet_1)
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
) AS report
ORDER BY report.wallet_id, report.expires_at

-- rows, safe for spreadsheets
SELECT
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_id AS text) ELSE CAST(report.wallet_id AS text) END AS wallet_id,
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_name AS text) ELSE CAST(report.wallet_name AS text) END AS wallet_name,
    CASE WHEN pg_catalog.ascii(CAST(report.points_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.points_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.points_name AS text) ELSE CAST(report.points_name AS text) END AS points_name,
    report.expires_at,
    report.points,
    report.users
FROM (
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
    WHERE t.occurred_at < :as_of
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
                    AND promise.wallet_id IN (:list_wallet_0, :list_wallet_1)
            )
        )
        AND t.wallet_id IN (:list_wallet_0, :list_wallet_1)
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
) AS report
ORDER BY report.wallet_id, report.expires_at

-- totals
SELECT
    NULL,
    count(*),
    sum(report.points)
FROM (
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
    WHERE t.occurred_at < :as_of
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
                    AND promise.wallet_id IN (:list_wallet_0, :list_wallet_1)
            )
        )
        AND t.wallet_id IN (:list_wallet_0, :list_wallet_1)
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
) AS report
