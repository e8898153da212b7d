CREATE SCHEMA loyalty;
CREATE TYPE loyalty.booking_kind AS ENUM ('earn', 'spend', 'lapse', 'pending', 'clawback', 'giveback');
CREATE TYPE loyalty.origin AS ENUM ('coupon', 'campaign', 'partner_api', 'agent', 'job');
CREATE TYPE loyalty.pool_state AS ENUM ('open', 'empty', 'over');
CREATE TYPE loyalty.reward_kind AS ENUM ('points', 'coupon', 'voucher');
CREATE TABLE loyalty.program (id integer PRIMARY KEY, title text, unit text, deleted_at timestamp);
CREATE TABLE loyalty.promotion (id integer PRIMARY KEY, title text, begins timestamp, deleted_at timestamp);
CREATE TABLE loyalty.coupon_pool (
    id integer PRIMARY KEY, merchant text, tag text, state loyalty.pool_state, valid_until timestamp, deleted_at timestamp
);
CREATE TABLE loyalty.booking (
    id bigint PRIMARY KEY, program_id integer, member_id integer, booked_at timestamp, stored_at timestamp,
    kind loyalty.booking_kind, origin loyalty.origin, cents bigint, balance_cents bigint, promotion_id integer,
    coupon text, order_no integer, channel text, store_no smallint, sale_cents bigint, refers_to bigint,
    lapses_at timestamp, remark text, deleted_at timestamp
);
CREATE TABLE loyalty.coupon_issue (
    id bigint PRIMARY KEY, pool_id integer, member_id integer, code text, origin loyalty.origin, promotion_id integer,
    issued_at timestamp, used_at timestamp, deleted_at timestamp
);
CREATE TABLE loyalty.reward (
    id bigint PRIMARY KEY, promotion_id integer, member_id integer, kind loyalty.reward_kind, cents bigint,
    program_id integer, coupon text, voucher text, booking_id bigint, given_at timestamp, deleted_at timestamp
);
CREATE TABLE loyalty.reward_failure (
    id bigint PRIMARY KEY, promotion_id integer, member_id integer, kind loyalty.reward_kind, code text, message text,
    attempt smallint, failed_at timestamp, deleted_at timestamp
);

INSERT INTO loyalty.program VALUES (7, 'Meilen', 'Meilen', NULL), (8, 'Alt', 'Punkte', '2020-01-01');
INSERT INTO loyalty.promotion VALUES (3, 'Sommer', '2026-06-01', NULL);
INSERT INTO loyalty.coupon_pool VALUES (5, 'Kino', 'gold', 'empty', '2026-12-31 23:59:59', NULL);
-- A row each hour from 28 June on, around the report's window; every tenth is deleted.
INSERT INTO loyalty.booking
SELECT
    i, 7, 100 + i % 3, timestamp '2026-06-28 00:30' + i * interval '1 hour', timestamp '2026-06-28 00:31' + i * interval '1 hour',
    CASE WHEN i % 4 = 3 THEN 'spend' ELSE 'earn' END::loyalty.booking_kind,
    (enum_range(NULL::loyalty.origin))[1 + i % 5],
    CASE WHEN i % 4 = 3 THEN -1 ELSE 1 END * (1000 + i), 5000 + i, CASE WHEN i % 2 = 0 THEN 3 END,
    CASE WHEN i % 5 = 0 THEN 'C' || i END, i, 'web', i % 9, 100 * i + 5, NULL,
    CASE WHEN i % 4 <> 3 THEN timestamp '2027-01-01' + (i % 3) * interval '1 day' END, 'Zeile ' || i,
    CASE WHEN i % 10 = 0 THEN timestamp '2026-07-30' END
FROM generate_series(1, 200) i;
INSERT INTO loyalty.coupon_issue
SELECT i, 5, 100 + i, 'V' || i, 'campaign', 3, timestamp '2026-07-01 02:00' + i * interval '1 hour',
    CASE WHEN i = 4 THEN timestamp '2026-07-04 12:00' END, CASE WHEN i = 5 THEN timestamp '2026-07-05' END
FROM generate_series(1, 8) i;
INSERT INTO loyalty.reward
SELECT i, 3, 100 + i, (enum_range(NULL::loyalty.reward_kind))[1 + i % 3], 250 * i, CASE WHEN i % 3 = 0 THEN 7 END,
    CASE WHEN i % 3 = 1 THEN 'C' || i END, CASE WHEN i % 3 = 2 THEN 'V' || i END, CASE WHEN i % 3 = 0 THEN i END,
    timestamp '2026-07-01 01:00' + i * interval '1 hour', CASE WHEN i = 6 THEN timestamp '2026-07-05' END
FROM generate_series(1, 9) i;
INSERT INTO loyalty.reward_failure
SELECT i, 3, 100 + i, 'points', 'code_' || i, 'Nachricht', i, timestamp '2026-07-01 00:30' + i * interval '1 hour',
    CASE WHEN i = 7 THEN timestamp '2026-07-05' END
FROM generate_series(1, 8) i;
