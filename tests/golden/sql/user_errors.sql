-- rows
SELECT
    report.occurred_at,
    report.error_id,
    report.campaign_id,
    report.campaign_name,
    report.user_id,
    report.reward_type,
    report.error_code,
    report.error_message,
    report.attempt
FROM (
SELECT
    e.occurred_at,
    e.error_id,
    e.campaign_id,
    c.name AS campaign_name,
    e.user_id,
    e.reward_type,
    e.error_code,
    e.error_message,
    e.attempt
FROM user_errors e
JOIN campaigns c ON c.campaign_id = e.campaign_id
WHERE e.campaign_id = :filter_campaign
    AND (e.occurred_at >= :window_start AND e.occurred_at < :window_end)
) AS report
ORDER BY report.occurred_at, report.error_id

-- rows, safe for spreadsheets
SELECT
    report.occurred_at,
    report.error_id,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_id AS text) ELSE CAST(report.campaign_id AS text) END AS campaign_id,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_name AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_name AS text) ELSE CAST(report.campaign_name AS text) END AS campaign_name,
    CASE WHEN pg_catalog.ascii(CAST(report.user_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    CASE WHEN pg_catalog.ascii(CAST(report.reward_type AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.reward_type AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.reward_type AS text) ELSE CAST(report.reward_type AS text) END AS reward_type,
    CASE WHEN pg_catalog.ascii(CAST(report.error_code AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.error_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.error_code AS text) ELSE CAST(report.error_code AS text) END AS error_code,
    CASE WHEN pg_catalog.ascii(CAST(report.error_message AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.error_message AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.error_message AS text) ELSE CAST(report.error_message AS text) END AS error_message,
    report.attempt
FROM (
SELECT
    e.occurred_at,
    e.error_id,
    e.campaign_id,
    c.name AS campaign_name,
    e.user_id,
    e.reward_type,
    e.error_code,
    e.error_message,
    e.attempt
FROM user_errors e
JOIN campaigns c ON c.campaign_id = e.campaign_id
WHERE e.campaign_id = :filter_campaign
    AND (e.occurred_at >= :window_start AND e.occurred_at < :window_end)
) AS report
ORDER BY report.occurred_at, report.error_id

-- totals
SELECT
    NULL,
    count(*)
FROM (
SELECT
    e.occurred_at,
    e.error_id,
    e.campaign_id,
    c.name AS campaign_name,
    e.user_id,
    e.reward_type,
    e.error_code,
    e.error_message,
    e.attempt
FROM user_errors e
JOIN campaigns c ON c.campaign_id = e.campaign_id
WHERE e.campaign_id = :filter_campaign
    AND (e.occurred_at >= :window_start AND e.occurred_at < :window_end)
) AS report

-- excluded
SELECT count(*)
FROM (
SELECT
    e.occurred_at,
    e.error_id,
    e.campaign_id,
    c.name AS campaign_name,
    e.user_id,
    e.reward_type,
    e.error_code,
    e.error_message,
    e.attempt
FROM user_errors e
JOIN campaigns c ON c.campaign_id = e.campaign_id
WHERE e.campaign_id = :filter_campaign
    AND (e.occurred_at IS NULL OR e.occurred_at = 'infinity' OR e.occurred_at = '-infinity')
) AS report
