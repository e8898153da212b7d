-- rows
SELECT
    report.transaction_id,
    report.occurred_at,
    report.user_id,
    report.wallet_id,
    report.wallet_name,
    report.transaction_type,
    report.transaction_source,
    report.points,
    report.balance_after,
    report.campaign_id,
    report.coupon_code,
    report.order_id,
    report.sale_channel,
    report.location_id,
    report.sale_amount,
    report.related_transaction_id,
    report.expires_at,
    report.description,
    report.recorded_at
FROM (
SELECT
    t.transaction_id,
    t.occurred_at,
    t.user_id,
    t.wallet_id,
    w.name AS wallet_name,
    t.transaction_type,
    t.transaction_source,
    t.points,
    t.balance_after,
    t.campaign_id,
    t.coupon_code,
    t.order_id,
    t.sale_channel,
    t.location_id,
    t.sale_amount,
    t.related_transaction_id,
    t.expires_at,
    t.description,
    t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
WHERE t.wallet_id = :filter_wallet
    AND (t.occurred_at >= :window_start AND t.occurred_at < :window_end)
    AND t.transaction_source IN (:list_transaction_source_0, :list_transaction_source_1)
    AND t.transaction_type IN (:list_transaction_type_0, :list_transaction_type_1)
) AS report
ORDER BY report.occurred_at, report.transaction_id

-- rows, safe for spreadsheets
SELECT
    report.transaction_id,
    report.occurred_at,
    CASE WHEN pg_catalog.ascii(CAST(report.user_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_id AS text) ELSE CAST(report.wallet_id AS text) END AS wallet_id,
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_name AS text) ELSE CAST(report.wallet_name AS text) END AS wallet_name,
    CASE WHEN pg_catalog.ascii(CAST(report.transaction_type AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.transaction_type AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.transaction_type AS text) ELSE CAST(report.transaction_type AS text) END AS transaction_type,
    CASE WHEN pg_catalog.ascii(CAST(report.transaction_source AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.transaction_source AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.transaction_source AS text) ELSE CAST(report.transaction_source AS text) END AS transaction_source,
    report.points,
    report.balance_after,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_id AS text) ELSE CAST(report.campaign_id AS text) END AS campaign_id,
    CASE WHEN pg_catalog.ascii(CAST(report.coupon_code AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.coupon_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.coupon_code AS text) ELSE CAST(report.coupon_code AS text) END AS coupon_code,
    CASE WHEN pg_catalog.ascii(CAST(report.order_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.order_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.order_id AS text) ELSE CAST(report.order_id AS text) END AS order_id,
    CASE WHEN pg_catalog.ascii(CAST(report.sale_channel AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.sale_channel AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.sale_channel AS text) ELSE CAST(report.sale_channel AS text) END AS sale_channel,
    CASE WHEN pg_catalog.ascii(CAST(report.location_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.location_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.location_id AS text) ELSE CAST(report.location_id AS text) END AS location_id,
    report.sale_amount,
    report.related_transaction_id,
    report.expires_at,
    CASE WHEN pg_catalog.ascii(CAST(report.description AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.description AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.description AS text) ELSE CAST(report.description AS text) END AS description,
    report.recorded_at
FROM (
SELECT
    t.transaction_id,
    t.occurred_at,
    t.user_id,
    t.wallet_id,
    w.name AS wallet_name,
    t.transaction_type,
    t.transaction_source,
    t.points,
    t.balance_after,
    t.campaign_id,
    t.coupon_code,
    t.order_id,
    t.sale_channel,
    t.location_id,
    t.sale_amount,
    t.related_transaction_id,
    t.expires_at,
    t.description,
    t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
WHERE t.wallet_id = :filter_wallet
    AND (t.occurred_at >= :window_start AND t.occurred_at < :window_end)
    AND t.transaction_source IN (:list_transaction_source_0, :list_transaction_source_1)
    AND t.transaction_type IN (:list_transaction_type_0, :list_transaction_type_1)
) AS report
ORDER BY report.occurred_at, report.transaction_id

-- totals
SELECT
    CAST(report.transaction_type AS text) COLLATE "C",
    count(*),
    sum(report.points)
FROM (
SELECT
    t.transaction_id,
    t.occurred_at,
    t.user_id,
    t.wallet_id,
    w.name AS wallet_name,
    t.transaction_type,
    t.transaction_source,
    t.points,
    t.balance_after,
    t.campaign_id,
    t.coupon_code,
    t.order_id,
    t.sale_channel,
    t.location_id,
    t.sale_amount,
    t.related_transaction_id,
    t.expires_at,
    t.description,
    t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
WHERE t.wallet_id = :filter_wallet
    AND (t.occurred_at >= :window_start AND t.occurred_at < :window_end)
    AND t.transaction_source IN (:list_transaction_source_0, :list_transaction_source_1)
    AND t.transaction_type IN (:list_transaction_type_0, :list_transaction_type_1)
) AS report
GROUP BY CAST(report.transaction_type AS text) COLLATE "C"

-- excluded
SELECT count(*)
FROM (
SELECT
    t.transaction_id,
    t.occurred_at,
    t.user_id,
    t.wallet_id,
    w.name AS wallet_name,
    t.transaction_type,
    t.transaction_source,
    t.points,
    t.balance_after,
    t.campaign_id,
    t.coupon_code,
    t.order_id,
    t.sale_channel,
    t.location_id,
    t.sale_amount,
    t.related_transaction_id,
    t.expires_at,
    t.description,
    t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
WHERE t.wallet_id = :filter_wallet
    AND (t.occurred_at IS NULL OR t.occurred_at = 'infinity' OR t.occurred_at = '-infinity')
    AND t.transaction_source IN (:list_transaction_source_0, :list_transaction_source_1)
    AND t.transaction_type IN (:list_transaction_type_0, :list_transaction_type_1)
) AS report

-- late
SELECT count(*)
FROM (
SELECT
    t.transaction_id,
    t.occurred_at,
    t.user_id,
    t.wallet_id,
    w.name AS wallet_name,
    t.transaction_type,
    t.transaction_source,
    t.points,
    t.balance_after,
    t.campaign_id,
    t.coupon_code,
    t.order_id,
    t.sale_channel,
    t.location_id,
    t.sale_amount,
    t.related_transaction_id,
    t.expires_at,
    t.description,
    t.recorded_at
FROM wallet_transactions t
JOIN wallets w ON w.wallet_id = t.wallet_id
WHERE t.wallet_id = :filter_wallet
    AND (t.occurred_at >= :window_start AND t.occurred_at < :window_end)
    AND t.transaction_source IN (:list_transaction_source_0, :list_transaction_source_1)
    AND t.transaction_type IN (:list_transaction_type_0, :list_transaction_type_1)
) AS report
WHERE report.recorded_at >= :since
