{# A movement that lowers the balance is stored negative and reported positive. Sums skip what a CASE leaves NULL; 0.00
   stands for a sum of nothing with the ledger's two decimals. An expired or reverse row that names a promise of its user
   and wallet lowers what was promised, and no balance. #}
WITH ledger AS (
    SELECT
        t.wallet_id,
        t.occurred_at,
        t.user_id,
        CASE
            WHEN t.transaction_type IN ('expired', 'reverse')
                AND t.related_transaction_id IS NOT NULL
                AND EXISTS (
                    SELECT 1
                    FROM wallet_transactions promise
                    WHERE promise.transaction_id = t.related_transaction_id
                        AND promise.transaction_type = 'promised'
                        AND promise.wallet_id = {{ filters.wallet }}
                        AND promise.user_id = t.user_id
                )
                THEN 'promised'
            ELSE t.transaction_type
        END AS transaction_type,
        t.transaction_source,
        t.points
    FROM wallet_transactions t
    WHERE t.wallet_id = {{ filters.wallet }}
        AND t.occurred_at < {{ window.end }}
)
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
LEFT JOIN ledger t ON t.wallet_id = w.wallet_id
WHERE w.wallet_id = {{ filters.wallet }}
GROUP BY w.wallet_id, w.name, w.points_name
ORDER BY w.wallet_id
