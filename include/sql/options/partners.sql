SELECT
    l.partner AS value,
    l.partner AS title
FROM voucher_lists l
GROUP BY l.partner
ORDER BY l.partner
