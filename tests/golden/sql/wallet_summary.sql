-- rows
SELECT
    report.wallet_id,
    report.wallet_name,
    report.points_name,
    report.members,
    report.issued,
    report.issued_cashback_coupon,
    report.issued_promo_campaign,
    report.issued_api,
    report.issued_manual,
    report.issued_system,
    report.redeemed,
    report.removed,
    report.expired,
    report.promised,
    report.reversed,
    report.refunded,
    report.opening_balance,
    report.closing_balance
FROM (
WITH ledger AS (
    SELECT
        t.wallet_id,
        t.occurred_at,
        t.user_id,
        CASE
            WHEN t.transaction_type IN ('expired', 'reverse')
                AND t.related_transaction_id IS NOT NULL
                AND EXISTS (
                    SELECT 1
                    FROM wallet_transactions promise
                    WHERE promise.transaction_id = t.related_transaction_id
                        AND promise.transaction_type = 'promised'
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN 'promised'
            ELSE t.transaction_type
        END AS transaction_type,
        t.transaction_source,
        t.points
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :window_end
)
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    COUNT(DISTINCT t.user_id) AS members,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            THEN t.points END), 0.00) AS issued,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'cashback_coupon'
            THEN t.points END), 0.00) AS issued_cashback_coupon,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'promo_campaign'
            THEN t.points END), 0.00) AS issued_promo_campaign,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'api'
            THEN t.points END), 0.00) AS issued_api,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'manual'
            THEN t.points END), 0.00) AS issued_manual,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'system'
            THEN t.points END), 0.00) AS issued_system,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source NOT IN ('manual', 'system')
            THEN -t.points END), 0.00) AS redeemed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source IN ('manual', 'system')
            THEN -t.points END), 0.00) AS removed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'expired'
            THEN -t.points END), 0.00) AS expired,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'promised'
            THEN t.points END), 0.00) AS promised,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'reverse'
            THEN -t.points END), 0.00) AS reversed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'refund'
            THEN t.points END), 0.00) AS refunded,
    COALESCE(SUM(CASE
        WHEN t.occurred_at < :window_start AND t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS opening_balance,
    COALESCE(SUM(CASE
        WHEN t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS closing_balance
FROM wallets w
LEFT JOIN ledger t ON t.wallet_id = w.wallet_id
WHERE w.wallet_id = :filter_wallet
GROUP BY w.wallet_id, w.name, w.points_name
) AS report
ORDER BY report.wallet_id

-- rows, safe for spreadsheets
SELECT
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_id AS text) ELSE CAST(report.wallet_id AS text) END AS wallet_id,
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_name AS text) ELSE CAST(report.wallet_name AS text) END AS wallet_name,
    CASE WHEN pg_catalog.ascii(CAST(report.points_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.points_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.points_name AS text) ELSE CAST(report.points_name AS text) END AS points_name,
    report.members,
    report.issued,
    report.issued_cashback_coupon,
    report.issued_promo_campaign,
    report.issued_api,
    report.issued_manual,
    report.issued_system,
    report.redeemed,
    report.removed,
    report.expired,
    report.promised,
    report.reversed,
    report.refunded,
    report.opening_balance,
    report.closing_balance
FROM (
WITH ledger AS (
    SELECT
        t.wallet_id,
        t.occurred_at,
        t.user_id,
        CASE
            WHEN t.transaction_type IN ('expired', 'reverse')
                AND t.related_transaction_id IS NOT NULL
                AND EXISTS (
                    SELECT 1
                    FROM wallet_transactions promise
                    WHERE promise.transaction_id = t.related_transaction_id
                        AND promise.transaction_type = 'promised'
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN 'promised'
            ELSE t.transaction_type
        END AS transaction_type,
        t.transaction_source,
        t.points
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :window_end
)
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    COUNT(DISTINCT t.user_id) AS members,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            THEN t.points END), 0.00) AS issued,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'cashback_coupon'
            THEN t.points END), 0.00) AS issued_cashback_coupon,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'promo_campaign'
            THEN t.points END), 0.00) AS issued_promo_campaign,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'api'
            THEN t.points END), 0.00) AS issued_api,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'manual'
            THEN t.points END), 0.00) AS issued_manual,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'system'
            THEN t.points END), 0.00) AS issued_system,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source NOT IN ('manual', 'system')
            THEN -t.points END), 0.00) AS redeemed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source IN ('manual', 'system')
            THEN -t.points END), 0.00) AS removed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'expired'
            THEN -t.points END), 0.00) AS expired,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'promised'
            THEN t.points END), 0.00) AS promised,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'reverse'
            THEN -t.points END), 0.00) AS reversed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'refund'
            THEN t.points END), 0.00) AS refunded,
    COALESCE(SUM(CASE
        WHEN t.occurred_at < :window_start AND t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS opening_balance,
    COALESCE(SUM(CASE
        WHEN t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS closing_balance
FROM wallets w
LEFT JOIN ledger t ON t.wallet_id = w.wallet_id
WHERE w.wallet_id = :filter_wallet
GROUP BY w.wallet_id, w.name, w.points_name
) AS report
ORDER BY report.wallet_id

-- totals
SELECT
    NULL,
    count(*),
    sum(report.issued),
    sum(report.issued_cashback_coupon),
    sum(report.issued_promo_campaign),
    sum(report.issued_api),
    sum(report.issued_manual),
    sum(report.issued_system),
    sum(report.redeemed),
    sum(report.removed),
    sum(report.expired),
    sum(report.promised),
    sum(report.reversed),
    sum(report.refunded),
    sum(report.opening_balance),
    sum(report.closing_balance)
FROM (
WITH ledger AS (
    SELECT
        t.wallet_id,
        t.occurred_at,
        t.user_id,
        CASE
            WHEN t.transaction_type IN ('expired', 'reverse')
                AND t.related_transaction_id IS NOT NULL
                AND EXISTS (
                    SELECT 1
                    FROM wallet_transactions promise
                    WHERE promise.transaction_id = t.related_transaction_id
                        AND promise.transaction_type = 'promised'
                        AND promise.wallet_id = :filter_wallet
                        AND promise.user_id = t.user_id
                )
                THEN 'promised'
            ELSE t.transaction_type
        END AS transaction_type,
        t.transaction_source,
        t.points
    FROM wallet_transactions t
    WHERE t.wallet_id = :filter_wallet
        AND t.occurred_at < :window_end
)
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    COUNT(DISTINCT t.user_id) AS members,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            THEN t.points END), 0.00) AS issued,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'cashback_coupon'
            THEN t.points END), 0.00) AS issued_cashback_coupon,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'promo_campaign'
            THEN t.points END), 0.00) AS issued_promo_campaign,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'api'
            THEN t.points END), 0.00) AS issued_api,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'manual'
            THEN t.points END), 0.00) AS issued_manual,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'credit'
            AND t.transaction_source = 'system'
            THEN t.points END), 0.00) AS issued_system,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source NOT IN ('manual', 'system')
            THEN -t.points END), 0.00) AS redeemed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'debit'
            AND t.transaction_source IN ('manual', 'system')
            THEN -t.points END), 0.00) AS removed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'expired'
            THEN -t.points END), 0.00) AS expired,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'promised'
            THEN t.points END), 0.00) AS promised,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'reverse'
            THEN -t.points END), 0.00) AS reversed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= :window_start AND t.transaction_type = 'refund'
            THEN t.points END), 0.00) AS refunded,
    COALESCE(SUM(CASE
        WHEN t.occurred_at < :window_start AND t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS opening_balance,
    COALESCE(SUM(CASE
        WHEN t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS closing_balance
FROM wallets w
LEFT JOIN ledger t ON t.wallet_id = w.wallet_id
WHERE w.wallet_id = :filter_wallet
GROUP BY w.wallet_id, w.name, w.points_name
) AS report
