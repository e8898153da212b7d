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
WHERE a.campaign_id = {{ filters.campaign }}
    AND {{ window.covers("a.assigned_at") }}
ORDER BY a.assigned_at, a.assignment_id
