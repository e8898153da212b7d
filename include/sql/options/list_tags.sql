SELECT
    l.list_tag AS value,
    l.list_tag AS title
FROM voucher_lists l
WHERE l.partner = {{ filters.partner }}
ORDER BY l.list_tag
