SELECT
    w.wallet_id AS value,
    w.name AS title
FROM wallets w
ORDER BY w.name, w.wallet_id
