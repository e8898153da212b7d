SELECT wallet_id AS value, name AS title FROM wallets ORDER BY name
