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
WHERE t.wallet_id = {{ filters.wallet }}
    AND {{ window.covers("t.occurred_at") }}
{% if filters.transaction_source %}
    AND t.transaction_source IN {{ filters.transaction_source }}
{% endif %}
    AND t.transaction_type IN {{ filters.transaction_type }}
ORDER BY t.occurred_at, t.transaction_id
