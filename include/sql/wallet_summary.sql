{# A movement that lowers the balance is stored negative and reported positive. Sums skip what a CASE leaves NULL; 0.00
   stands for a sum of nothing with the ledger's two decimals. #}
SELECT
    w.wallet_id,
    w.name AS wallet_name,
    w.points_name,
    COUNT(DISTINCT t.user_id) AS members,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            THEN t.points END), 0.00) AS issued,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'cashback_coupon'
            THEN t.points END), 0.00) AS issued_cashback_coupon,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'promo_campaign'
            THEN t.points END), 0.00) AS issued_promo_campaign,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'api'
            THEN t.points END), 0.00) AS issued_api,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'manual'
            THEN t.points END), 0.00) AS issued_manual,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'credit'
            AND t.transaction_source = 'system'
            THEN t.points END), 0.00) AS issued_system,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'debit'
            AND t.transaction_source NOT IN ('manual', 'system')
            THEN -t.points END), 0.00) AS redeemed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'debit'
            AND t.transaction_source IN ('manual', 'system')
            THEN -t.points END), 0.00) AS removed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'expired'
            THEN -t.points END), 0.00) AS expired,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'promised'
            THEN t.points END), 0.00) AS promised,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'reverse'
            THEN -t.points END), 0.00) AS reversed,
    COALESCE(SUM(CASE
        WHEN t.occurred_at >= {{ window.start }} AND t.transaction_type = 'refund'
            THEN t.points END), 0.00) AS refunded,
    COALESCE(SUM(CASE
        WHEN t.occurred_at < {{ window.start }} AND t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS opening_balance,
    COALESCE(SUM(CASE
        WHEN t.transaction_type <> 'promised'
            THEN t.points END), 0.00) AS closing_balance
FROM wallets w
LEFT JOIN wallet_transactions t
    ON t.wallet_id = w.wallet_id
    AND t.occurred_at < {{ window.end }}
WHERE w.wallet_id = {{ filters.wallet }}
GROUP BY w.wallet_id, w.name, w.points_name
ORDER BY w.wallet_id
