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
    CASE WHEN CAST(report.campaign_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_id AS text) ELSE CAST(report.campaign_id AS text) END AS campaign_id,
    CASE WHEN CAST(report.campaign_name AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_name AS text) ELSE CAST(report.campaign_name AS text) END AS campaign_name,
    CASE WHEN CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    CASE WHEN CAST(report.reward_type AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.reward_type AS text) ELSE CAST(report.reward_type AS text) END AS reward_type,
    CASE WHEN CAST(report.error_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.error_code AS text) ELSE CAST(report.error_code AS text) END AS error_code,
    CASE WHEN CAST(report.error_message AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.error_message AS text) ELSE CAST(report.error_message AS text) END AS error_message,
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
    count(*),
    0
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
