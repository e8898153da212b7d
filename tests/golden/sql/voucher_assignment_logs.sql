-- rows
SELECT
    report.assigned_at,
    report.assignment_id,
    report.user_id,
    report.partner,
    report.list_tag,
    report.voucher_list_id,
    report.voucher_code,
    report.source,
    report.campaign_id,
    report.list_expires_at,
    report.list_status,
    report.redeemed_at
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.user_id,
    l.partner,
    l.list_tag,
    a.voucher_list_id,
    a.voucher_code,
    a.source,
    a.campaign_id,
    l.expires_at AS list_expires_at,
    l.status AS list_status,
    a.redeemed_at
FROM voucher_assignments a
JOIN voucher_lists l ON l.voucher_list_id = a.voucher_list_id
WHERE a.voucher_list_id = (
        SELECT chosen.voucher_list_id
        FROM voucher_lists chosen
        WHERE chosen.partner = :filter_partner
            AND chosen.list_tag = :filter_list_tag
    )
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report
ORDER BY report.assigned_at, report.assignment_id

-- rows, safe for spreadsheets
SELECT
    report.assigned_at,
    report.assignment_id,
    CASE WHEN pg_catalog.ascii(CAST(report.user_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.user_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.user_id AS text) ELSE CAST(report.user_id AS text) END AS user_id,
    CASE WHEN pg_catalog.ascii(CAST(report.partner AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.partner AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.partner AS text) ELSE CAST(report.partner AS text) END AS partner,
    CASE WHEN pg_catalog.ascii(CAST(report.list_tag AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.list_tag AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.list_tag AS text) ELSE CAST(report.list_tag AS text) END AS list_tag,
    CASE WHEN pg_catalog.ascii(CAST(report.voucher_list_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.voucher_list_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.voucher_list_id AS text) ELSE CAST(report.voucher_list_id AS text) END AS voucher_list_id,
    CASE WHEN pg_catalog.ascii(CAST(report.voucher_code AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.voucher_code AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.voucher_code AS text) ELSE CAST(report.voucher_code AS text) END AS voucher_code,
    CASE WHEN pg_catalog.ascii(CAST(report.source AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.source AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.source AS text) ELSE CAST(report.source AS text) END AS source,
    CASE WHEN pg_catalog.ascii(CAST(report.campaign_id AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.campaign_id AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.campaign_id AS text) ELSE CAST(report.campaign_id AS text) END AS campaign_id,
    report.list_expires_at,
    CASE WHEN pg_catalog.ascii(CAST(report.list_status AS text)) = ANY (CAST('{9,10,11,12,13,28,29,30,31,32,39,43,45,61,64,133,160,5760,8192,8193,8194,8195,8196,8197,8198,8199,8200,8201,8202,8232,8233,8239,8287,12288,65279,65291,65293,65309,65312}' AS integer[])) AND CAST(report.list_status AS text) COLLATE "C" ~ E'^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'']*[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]' THEN '''' || CAST(report.list_status AS text) ELSE CAST(report.list_status AS text) END AS list_status,
    report.redeemed_at
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.user_id,
    l.partner,
    l.list_tag,
    a.voucher_list_id,
    a.voucher_code,
    a.source,
    a.campaign_id,
    l.expires_at AS list_expires_at,
    l.status AS list_status,
    a.redeemed_at
FROM voucher_assignments a
JOIN voucher_lists l ON l.voucher_list_id = a.voucher_list_id
WHERE a.voucher_list_id = (
        SELECT chosen.voucher_list_id
        FROM voucher_lists chosen
        WHERE chosen.partner = :filter_partner
            AND chosen.list_tag = :filter_list_tag
    )
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report
ORDER BY report.assigned_at, report.assignment_id

-- totals
SELECT
    NULL,
    count(*)
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.user_id,
    l.partner,
    l.list_tag,
    a.voucher_list_id,
    a.voucher_code,
    a.source,
    a.campaign_id,
    l.expires_at AS list_expires_at,
    l.status AS list_status,
    a.redeemed_at
FROM voucher_assignments a
JOIN voucher_lists l ON l.voucher_list_id = a.voucher_list_id
WHERE a.voucher_list_id = (
        SELECT chosen.voucher_list_id
        FROM voucher_lists chosen
        WHERE chosen.partner = :filter_partner
            AND chosen.list_tag = :filter_list_tag
    )
    AND (a.assigned_at >= :window_start AND a.assigned_at < :window_end)
) AS report

-- excluded
SELECT count(*)
FROM (
SELECT
    a.assigned_at,
    a.assignment_id,
    a.user_id,
    l.partner,
    l.list_tag,
    a.voucher_list_id,
    a.voucher_code,
    a.source,
    a.campaign_id,
    l.expires_at AS list_expires_at,
    l.status AS list_status,
    a.redeemed_at
FROM voucher_assignments a
JOIN voucher_lists l ON l.voucher_list_id = a.voucher_list_id
WHERE a.voucher_list_id = (
        SELECT chosen.voucher_list_id
        FROM voucher_lists chosen
        WHERE chosen.partner = :filter_partner
            AND chosen.list_tag = :filter_list_tag
    )
    AND (a.assigned_at IS NULL OR a.assigned_at = 'infinity' OR a.assigned_at = '-infinity')
) AS report
