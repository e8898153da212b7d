{# The list is looked up by a subquery, not by the join: its id is then one value, and the index on
   (voucher_list_id, assigned_at, assignment_id) gives the rows in order. #}
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
        WHERE chosen.partner = {{ filters.partner }}
            AND chosen.list_tag = {{ filters.list_tag }}
    )
    AND {{ window.covers("a.assigned_at") }}
ORDER BY a.assigned_at, a.assignment_id
