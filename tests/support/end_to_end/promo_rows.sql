-- A small promo database whose rows are the same at every run, but for the wallet `fresh`, whose rows end now.
-- What each wallet is for:
--   grocery-rewards  every type and source, seven rows of the same instant each, cells that a CSV must quote
--   fuel-points      a second wallet of the same campaigns and users
--   at-the-limit     exactly 1,000 rows in September 2026, exactly 1,001 of one instant in October
--   hourly           a row every hour around 2026-11-01, a day of 25 hours in America/New_York; rows come late to it
--   corrected        rows that a test changes after they were exported
--   fresh            a row every hour of the last ten days, for the windows that the scheduler asks for by itself

INSERT INTO wallets (wallet_id, name, points_name, status, created_at)
SELECT each.id, each.name, each.points, each.status, '2026-01-01T00:00:00Z'
FROM (VALUES
    ('grocery-rewards', 'Grocery "Rewards", fresh', 'points', 'active'),
    ('fuel-points', 'Fuel Points', 'litres', 'inactive'),
    ('at-the-limit', 'At the limit', 'points', 'active'),
    ('hourly', 'Hourly', 'points', 'active'),
    ('corrected', 'Corrected', 'points', 'active'),
    ('fresh', 'Fresh', 'points', 'active'),
    ('empty', 'Empty', 'points', 'active')
) AS each (id, name, points, status);

INSERT INTO campaigns (campaign_id, name, campaign_type, status, starts_at, ends_at)
VALUES
    ('campaign-1', 'Autumn; "double" points', 'wallet', 'running', '2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z'),
    ('campaign-2', 'Ended', 'coupon', 'ended', '2026-06-01T00:00:00Z', '2026-09-01T00:00:00Z');

INSERT INTO voucher_lists (voucher_list_id, partner, list_tag, status, expires_at)
VALUES
    ('list-1', 'Book Nook, Inc.', 'paperbacks', 'active', '2026-12-31T23:59:59Z'),
    ('list-2', 'Cinema City', 'paperbacks', 'exhausted', NULL),
    ('list-3', 'Book Nook, Inc.', 'audiobooks', 'expired', '2026-08-31T00:00:00Z');

-- 490 instants, six hours apart and so often a local midnight, with seven rows each: 3,430 rows. Neither the ids of the
-- instants nor those within one ascend with time.
CREATE TEMPORARY TABLE steps AS
SELECT
    at.number AS step,
    kind.number AS kind,
    10000 + (at.number * 209 % 490) * 7 + kind.number * 3 % 7 AS id,
    10000 + ((at.number - 41) * 209 % 490) * 7 AS related,
    timestamptz '2026-07-20 00:00 America/New_York' + at.number * interval '6 hours' AS occurred_at,
    'member-' || lpad((at.number % 41)::text, 3, '0') AS user_id,
    (ARRAY['cashback_coupon', 'promo_campaign', 'api', 'manual', 'system'])[1 + at.number % 5] AS source,
    (ARRAY['cashback_coupon', 'promo_campaign', 'api', 'manual', 'system'])[1 + (at.number + 4) % 5] AS source_before,
    at.number >= 41 AS has_past
FROM generate_series(0, 489) AS at (number), generate_series(0, 6) AS kind (number);

INSERT INTO wallet_transactions
SELECT
    id,
    occurred_at,
    occurred_at + interval '3 minutes' AS recorded_at,
    user_id,
    'grocery-rewards' AS wallet_id,
    transaction_type,
    transaction_source,
    points,
    0 AS balance_after,
    CASE WHEN transaction_source = 'promo_campaign' THEN 'campaign-1' END AS campaign_id,
    CASE id % 3 WHEN 0 THEN 'COUPON-' || id WHEN 1 THEN '' END AS coupon_code,
    CASE WHEN transaction_type IN ('credit', 'debit') THEN 'order-' || step END AS order_id,
    (ARRAY['app', 'web', 'store', NULL])[1 + id % 4] AS sale_channel,
    CASE WHEN id % 4 = 2 THEN '007' END AS location_id,
    CASE WHEN transaction_type = 'credit' THEN 12.30 + id % 7 END AS sale_amount,
    related_transaction_id,
    CASE WHEN transaction_type = 'promised' THEN occurred_at + interval '246 hours' END AS unlocks_at,
    CASE WHEN transaction_type = 'credit' AND step % 5 > 0 THEN occurred_at + interval '200 days' END AS expires_at,
    (ARRAY[
        NULL, '', 'plain', 'a, b and "c"', E'two\nlines', E'windows\r\nline', '=SUM(A1:A2)', '-10 % week', '@home',
        'Caffè crème', E'\u304a\u8cb7\u3044\u7269', E'tab\there', ' spaces ', E'back\\slash \\N \\.', '''quoted', 'NULL'
    ])[1 + id % 16] AS description
FROM (
    SELECT
        steps.*,
        CASE kind WHEN 0 THEN 100.25 + step % 10 WHEN 1 THEN 20 WHEN 2 THEN -30 ELSE
            CASE WHEN NOT has_past THEN 1.01 WHEN kind = 3 THEN -5.50 WHEN kind = 4 THEN -3 WHEN kind = 5 THEN 2 ELSE 20 END
        END AS points,
        CASE kind WHEN 0 THEN 'credit' WHEN 1 THEN 'promised' WHEN 2 THEN 'debit' ELSE
            CASE WHEN NOT has_past OR kind = 6 THEN 'credit' WHEN kind = 3 THEN 'expired' WHEN kind = 4 THEN 'reverse'
                ELSE 'refund' END
        END AS transaction_type,
        CASE WHEN kind IN (0, 2) THEN source WHEN kind = 1 THEN 'promo_campaign' WHEN NOT has_past THEN 'api'
            WHEN kind = 6 THEN 'system' ELSE source_before END AS transaction_source,
        -- kinds 0, 1 and 2 have the ids 0, 3 and 6 within an instant
        CASE WHEN has_past THEN CASE kind WHEN 3 THEN related WHEN 4 THEN related WHEN 5 THEN related + 6 WHEN 6 THEN related + 3
            END END AS related_transaction_id
    FROM steps
) AS rows;

-- Rows around both readings of 01:30 on 2026-11-01, and on both sides of the midnight after it.
INSERT INTO wallet_transactions (
    transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points, balance_after
)
SELECT 20000 + n, at, at, 'member-900', 'grocery-rewards', 'credit', 'api', 0.01 * n, 0
FROM unnest(ARRAY[
    '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z', '2026-11-02T04:59:59.999999Z', '2026-11-02T05:00:00Z'
]::timestamptz[]) WITH ORDINALITY AS moments (at, n);

INSERT INTO wallet_transactions (
    transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points, balance_after,
    expires_at
)
SELECT 30000 + n, at, at, 'member-' || lpad((n % 41)::text, 3, '0'), wallet, 'credit', 'api', points, 0, at + interval '90 days'
FROM (
    SELECT n, 'fuel-points' AS wallet, '2026-10-01T00:00:00Z'::timestamptz + n * interval '8 hours' AS at, n * 0.5 AS points
    FROM generate_series(1, 90) AS n
    UNION ALL
    SELECT n, 'at-the-limit', '2026-09-02T12:00:00Z'::timestamptz + n / 100 * interval '1 day', 1
    FROM generate_series(1000, 1999) AS n
    UNION ALL
    SELECT n, 'at-the-limit', '2026-10-15T12:00:00Z'::timestamptz, 1 FROM generate_series(2000, 3000) AS n
    UNION ALL
    SELECT n, 'hourly', '2026-10-29T00:00:00 America/New_York'::timestamptz + (n - 4000) * interval '1 hour', 2
    FROM generate_series(4000, 4200) AS n
    UNION ALL
    SELECT n, 'corrected', '2026-09-10T12:00:00Z'::timestamptz + (n - 5000) * interval '1 minute', 3
    FROM generate_series(5000, 5049) AS n
    UNION ALL
    SELECT n, 'fresh', date_trunc('hour', now()) - (n - 6000) * interval '1 hour', 4 FROM generate_series(6000, 6240) AS n
) AS rows;

UPDATE wallet_transactions AS t
SET balance_after = s.balance
FROM (
    SELECT
        transaction_id,
        sum(points) FILTER (WHERE transaction_type <> 'promised')
            OVER (PARTITION BY wallet_id, user_id ORDER BY occurred_at, transaction_id) AS balance
    FROM wallet_transactions
) AS s
WHERE s.transaction_id = t.transaction_id AND s.balance IS NOT NULL;

INSERT INTO voucher_assignments
SELECT
    (n * 7) % 601, at, at, 'member-' || n % 41, 'list-' || (1 + n % 3), 'CODE-' || n,
    CASE WHEN n % 2 = 0 THEN 'promo_campaign' ELSE 'api' END,
    CASE WHEN n % 2 = 0 THEN 'campaign-' || (1 + n % 4 / 2) END,
    CASE WHEN n % 5 = 0 THEN at + interval '2 days' END
FROM (
    SELECT n, '2026-08-01T04:00:00Z'::timestamptz + n / 4 * interval '18 hours' AS at FROM generate_series(1, 600) AS n
) AS rows;

INSERT INTO reward_assignments
SELECT
    (n * 11) % 701, at, at, 'campaign-' || (1 + n % 2), 'member-' || n % 41, kind,
    CASE kind WHEN 'wallet_points' THEN 100.25 ELSE 1.50 + n % 9 END,
    CASE kind WHEN 'wallet_points' THEN 'grocery-rewards' END,
    CASE kind WHEN 'coupon' THEN 'COUPON-' || n END,
    CASE kind WHEN 'partner_voucher' THEN 'CODE-' || n END,
    CASE kind WHEN 'wallet_points' THEN 10000 + n END
FROM (
    SELECT
        n,
        '2026-08-01T04:00:00Z'::timestamptz + n / 6 * interval '18 hours' AS at,
        (ARRAY['wallet_points', 'coupon', 'partner_voucher'])[1 + n % 3] AS kind
    FROM generate_series(1, 700) AS n
) AS rows;

INSERT INTO user_errors
SELECT
    (n * 13) % 401, at, at, 'campaign-' || (1 + n % 2), 'member-' || n % 41,
    (ARRAY['wallet_points', 'coupon', 'partner_voucher'])[1 + n % 3],
    'user_budget_exceeded', 'user''s points budget exceeded: "' || n || '" of ' || n % 10, 1 + n % 3
FROM (
    SELECT n, '2026-08-15T04:00:00Z'::timestamptz + n / 5 * interval '1 day' AS at FROM generate_series(1, 400) AS n
) AS rows;

ANALYZE;
