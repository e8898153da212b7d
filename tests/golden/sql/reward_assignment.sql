-- rows
SELECT
    report.assigned_at,
    report.assignment_id,
    report.campaign_id,
    report.campaign_name,
    report.user_id,
    report.reward_type,
    report.reward_value,
    report.wallet_id,
    report.coupon_code,
    report.voucher_code,
    report.transaction_id
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.campaign_id,
    c.name AS campaign_name,
    a.user_id,
    a.reward_type,
    a.reward_value,
    a.wallet_id,
    a.coupon_code,
    a.voucher_code,
    a.transaction_id
FROM reward_assignments a
JOIN campaigns c ON c.campaign_id = a.campaign_id
WHERE a.campaign_id = :filter_campaign
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report
ORDER BY report.assigned_at, report.assignment_id

-- rows, safe for spreadsheets
SELECT
    report.assigned_at,
    report.assignment_id,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_id AS text) ELSE CAST(report.campaign_id AS text) END AS campaign_id,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_name AS text) ELSE CAST(report.campaign_name AS text) END AS campaign_name,
    CASE WHEN pg_catalog.ascii(CAST(report.user_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    CASE WHEN pg_catalog.ascii(CAST(report.reward_type AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.reward_type AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.reward_type AS text) ELSE CAST(report.reward_type AS text) END AS reward_type,
    report.reward_value,
    CASE WHEN pg_catalog.ascii(CAST(report.wallet_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.wallet_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.wallet_id AS text) ELSE CAST(report.wallet_id AS text) END AS wallet_id,
    CASE WHEN pg_catalog.ascii(CAST(report.coupon_code AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.coupon_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.coupon_code AS text) ELSE CAST(report.coupon_code AS text) END AS coupon_code,
    CASE WHEN pg_catalog.ascii(CAST(report.voucher_code AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.voucher_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.voucher_code AS text) ELSE CAST(report.voucher_code AS text) END AS voucher_code,
    report.transaction_id
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.campaign_id,
    c.name AS campaign_name,
    a.user_id,
    a.reward_type,
    a.reward_value,
    a.wallet_id,
    a.coupon_code,
    a.voucher_code,
    a.transaction_id
FROM reward_assignments a
JOIN campaigns c ON c.campaign_id = a.campaign_id
WHERE a.campaign_id = :filter_campaign
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report
ORDER BY report.assigned_at, report.assignment_id

-- totals
SELECT
    CAST(report.reward_type AS text) COLLATE "C",
    count(*),
    sum(report.reward_value)
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.campaign_id,
    c.name AS campaign_name,
    a.user_id,
    a.reward_type,
    a.reward_value,
    a.wallet_id,
    a.coupon_code,
    a.voucher_code,
    a.transaction_id
FROM reward_assignments a
JOIN campaigns c ON c.campaign_id = a.campaign_id
WHERE a.campaign_id = :filter_campaign
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report
GROUP BY CAST(report.reward_type AS text) COLLATE "C"

-- excluded
SELECT count(*)
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.campaign_id,
    c.name AS campaign_name,
    a.user_id,
    a.reward_type,
    a.reward_value,
    a.wallet_id,
    a.coupon_code,
    a.voucher_code,
    a.transaction_id
FROM reward_assignments a
JOIN campaigns c ON c.campaign_id = a.campaign_id
WHERE a.campaign_id = :filter_campaign
    AND (a.assigned_at IS NULL OR a.assigned_at = 'infinity' OR a.assigned_at = '-infinity')
) AS report
