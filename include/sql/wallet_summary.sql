{# Every sum multiplies by 1, -1 or 0 so that it keeps the ledger's two decimals on every database; a movement that
   lowers the balance is stored negative and reported positive. #}
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    COUNT(DISTINCT t.user_id) AS members,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            THEN 1 ELSE 0 END), 0.00) AS issued,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'cashback_coupon'
            THEN 1 ELSE 0 END), 0.00) AS issued_cashback_coupon,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'promo_campaign'
            THEN 1 ELSE 0 END), 0.00) AS issued_promo_campaign,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'api'
            THEN 1 ELSE 0 END), 0.00) AS issued_api,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'manual'
            THEN 1 ELSE 0 END), 0.00) AS issued_manual,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'system'
            THEN 1 ELSE 0 END), 0.00) AS issued_system,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'debit'
            AND t.transaction_source NOT IN ('manual', 'system')
            THEN -1 ELSE 0 END), 0.00) AS redeemed,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'debit'
            AND t.transaction_source IN ('manual', 'system')
            THEN -1 ELSE 0 END), 0.00) AS removed,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'expired'
            THEN -1 ELSE 0 END), 0.00) AS expired,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'promised'
            THEN 1 ELSE 0 END), 0.00) AS promised,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'reverse'
            THEN -1 ELSE 0 END), 0.00) AS reversed,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'refund'
            THEN 1 ELSE 0 END), 0.00) AS refunded,
    COALESCE(SUM(t.points * CASE
        WHEN t.occurred_at < {{ window.start }} AND t.transaction_type <> 'promised'
            THEN 1 ELSE 0 END), 0.00) AS opening_balance,
    COALESCE(SUM(t.points * CASE
        WHEN t.transaction_type <> 'promised'
            THEN 1 ELSE 0 END), 0.00) AS closing_balance
FROM wallets w
LEFT JOIN wallet_transactions t
    ON t.wallet_id = w.wallet_id
    AND t.occurred_at < {{ window.end }}
WHERE w.wallet_id = {{ filters.wallet }}
GROUP BY w.wallet_id, w.name, w.points_name
ORDER BY w.wallet_id
