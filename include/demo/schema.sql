-- The promo database: append-only ledgers of wallets, vouchers, campaigns and their errors.
-- occurred_at/assigned_at is when it happened (the reports' window and order); recorded_at is when the row was written.

CREATE TABLE wallets (
    wallet_id   text PRIMARY KEY,
    name        text NOT NULL,
    points_name text NOT NULL,
    status      text NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at  timestamptz NOT NULL
);

CREATE TABLE campaigns (
    campaign_id   text PRIMARY KEY,
    name          text NOT NULL,
    campaign_type text NOT NULL,
    status        text NOT NULL CHECK (status IN ('scheduled', 'running', 'ended')),
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL
);

CREATE TABLE voucher_lists (
    voucher_list_id text PRIMARY KEY,
    partner         text NOT NULL,
    list_tag        text NOT NULL,
    status          text NOT NULL CHECK (status IN ('active', 'inactive', 'exhausted', 'expired')),
    expires_at      timestamptz,
    UNIQUE (partner, list_tag)
);

-- points are signed. promised points are locked: they do not change balance_after; when they unlock, a credit row
-- names them in related_transaction_id. reverse and expired rows name their credit, or the promise that they take back
-- without a change of balance_after; refund rows name their debit.
CREATE TABLE wallet_transactions (
    transaction_id         bigint PRIMARY KEY,
    occurred_at            timestamptz NOT NULL,
    recorded_at            timestamptz NOT NULL,
    user_id                text NOT NULL,
    wallet_id              text NOT NULL REFERENCES wallets,
    transaction_type       text NOT NULL
        CHECK (transaction_type IN ('credit', 'debit', 'expired', 'promised', 'reverse', 'refund')),
    transaction_source     text NOT NULL
        CHECK (transaction_source IN ('cashback_coupon', 'system', 'api', 'promo_campaign', 'manual')),
    points                 numeric(18, 2) NOT NULL,
    balance_after          numeric(18, 2) NOT NULL,
    campaign_id            text REFERENCES campaigns,
    coupon_code            text,
    order_id               text,
    sale_channel           text,
    location_id            text,
    sale_amount            numeric(18, 2),
    related_transaction_id bigint,
    unlocks_at             timestamptz,
    expires_at             timestamptz,
    description            text
);
CREATE INDEX wallet_transactions_window ON wallet_transactions (wallet_id, occurred_at, transaction_id);

CREATE TABLE voucher_assignments (
    assignment_id   bigint PRIMARY KEY,
    assigned_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    user_id         text NOT NULL,
    voucher_list_id text NOT NULL REFERENCES voucher_lists,
    voucher_code    text NOT NULL,
    source          text NOT NULL,
    campaign_id     text REFERENCES campaigns,
    redeemed_at     timestamptz
);
CREATE INDEX voucher_assignments_window ON voucher_assignments (voucher_list_id, assigned_at, assignment_id);

CREATE TABLE reward_assignments (
    assignment_id  bigint PRIMARY KEY,
    assigned_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    campaign_id    text NOT NULL REFERENCES campaigns,
    user_id        text NOT NULL,
    reward_type    text NOT NULL CHECK (reward_type IN ('wallet_points', 'coupon', 'partner_voucher')),
    reward_value   numeric(18, 2) NOT NULL,
    wallet_id      text REFERENCES wallets,
    coupon_code    text,
    voucher_code   text,
    transaction_id bigint
);
CREATE INDEX reward_assignments_window ON reward_assignments (campaign_id, assigned_at, assignment_id);

CREATE TABLE user_errors (
    error_id      bigint PRIMARY KEY,
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    campaign_id   text NOT NULL REFERENCES campaigns,
    user_id       text NOT NULL,
    reward_type   text NOT NULL CHECK (reward_type IN ('wallet_points', 'coupon', 'partner_voucher')),
    error_code    text NOT NULL,
    error_message text NOT NULL,
    attempt       integer NOT NULL
);
CREATE INDEX user_errors_window ON user_errors (campaign_id, occurred_at, error_id);
