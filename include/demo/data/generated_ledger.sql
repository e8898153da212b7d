-- One wallet of generated rows in the order of time; generated_steps.py describes the script, generated_ledger.py calls.
-- Row n belongs to user mod(n, users) and is that user's row number n / users. Nothing is random: h1 and h2 are hashes
-- of user and round, so a row that names another can compute that row's amount, time and id.
CREATE OR REPLACE FUNCTION pg_temp.generated_at(n bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    -- Three rows share each moment: ties in time are normal.
    SELECT CASE WHEN n < %(window_rows)s
        THEN timestamptz %(starts_at)s + n / 3 * 3 * %(window_step_us)s * interval '1 microsecond'
        ELSE timestamptz %(continues_at)s + (n - %(window_rows)s) / 3 * 3 * %(after_step_us)s * interval '1 microsecond'
    END
$$;

INSERT INTO wallet_transactions (
    transaction_id, occurred_at, recorded_at, user_id, wallet_id, transaction_type, transaction_source, points,
    balance_after, campaign_id, coupon_code, order_id, sale_channel, location_id, sale_amount,
    related_transaction_id, unlocks_at, expires_at, description
)
SELECT
    %(first_id)s + n,
    moment,
    moment + CASE
        WHEN mod(n, 997) = 0 AND moment < %(late_before)s THEN interval '1 day'
        ELSE mod(hash, 5000) * interval '1 millisecond'
    END,
    %(user_prefix)s || user_number,
    %(wallet_id)s,
    transaction_type,
    transaction_source,
    points_cents * 0.01,
    (opening + balance_fixed + balance_h1 * h1 + balance_h2 * h2) * 0.01,
    CASE WHEN transaction_source = 'promo_campaign' THEN %(campaign_id)s END,
    CASE WHEN coupon THEN 'GEN-' || lpad(mod(order_number, 100000)::text, 6, '0') END,
    CASE WHEN sale THEN %(user_prefix)s || 'order-' || order_number END,
    CASE WHEN sale THEN (ARRAY['store', 'web', 'app'])[1 + mod(order_number, 3)] END,
    CASE WHEN sale AND mod(order_number, 3) = 0 THEN (300 + mod(hash, 40))::text END,
    CASE WHEN sale THEN abs(points_cents) * 0.1 END,
    %(first_id)s + n - related_lag * %(users)s,
    pg_temp.generated_at(n + unlock_lag * %(users)s),
    CASE
        WHEN expiry_lag IS NOT NULL THEN pg_temp.generated_at(n + expiry_lag * %(users)s)
        WHEN expires THEN moment + (150 + mod(hash, 60)) * interval '1 day'
    END,
    (%(descriptions)s::text[])[1 + mod(hash, %(description_count)s)]
FROM (
    SELECT
        *,
        points_fixed + points_h1 * h1 + points_h2 * h2 AS points_cents,
        n - coalesce(related_lag, 0) * %(users)s AS order_number,
        pg_temp.generated_at(n) AS moment
    FROM (
        SELECT
            *,
            100 + mod(mod(seed, 4294967296) / 4096, 2400) AS h1,
            100 + mod(mod(seed, 4294967291) / 4096, 1900) AS h2
        FROM (
            SELECT
                *,
                mod(user_number * 7919 + position / %(step_count)s * 104729, 1000003) * 2654435761 AS seed,
                CASE
                    WHEN position < 0 THEN (n / %(users)s + 1) * %(left_over)s
                    ELSE (mod(user_number, %(step_count)s) + position / %(step_count)s) * %(left_over)s
                END AS opening,
                CASE WHEN position < 0 THEN -1 ELSE mod(position, %(step_count)s) END AS at_step
            FROM (
                SELECT
                    n,
                    mod(n, %(users)s) AS user_number,
                    n / %(users)s - mod(mod(n, %(users)s), %(step_count)s) AS position,
                    mod(mod(n, 1000003) * 2654435761, 4294967296) / 4096 AS hash
                FROM generate_series(0::bigint, %(rows)s - 1) AS n
                OFFSET 0 -- each level is computed once a row; flattened, PostgreSQL would repeat it at every use
            ) AS place
            OFFSET 0
        ) AS round
        JOIN (VALUES %(steps)s) AS steps (
            step, transaction_type, transaction_source, points_h1, points_h2, points_fixed, balance_h1, balance_h2,
            balance_fixed, related_lag, unlock_lag, expiry_lag, sale, coupon, expires
        ) ON step = at_step
        OFFSET 0
    ) AS drawn
    OFFSET 0
) AS generated
