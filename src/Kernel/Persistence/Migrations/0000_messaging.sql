create schema if not exists {schema};

-- A row lives for one insert, one claim and one delete. Half of each page stays free, and no index holds a column that a claim
-- changes, so that the claim is a heap-only update on the row's own page and costs no index entry.
create table {schema}.outbox (
    id uuid primary key,
    message_id uuid not null,
    name text not null,
    subscriber text not null,
    body jsonb not null,
    occurred_at timestamptz not null,
    deliver_at timestamptz not null,
    trace text,
    state text not null default 'waiting' constraint outbox_state check (state in ('waiting', 'parked')),
    attempts int not null default 0,
    claimed_by uuid,
    claimed_until timestamptz,
    last_error text,
    parked_at timestamptz
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 1000
);

create index outbox_waiting on {schema}.outbox (deliver_at, id) where state = 'waiting';

create index outbox_parked on {schema}.outbox (parked_at, id) where state = 'parked';

-- What each subscriber of this schema has done already, so that a redelivery does nothing.
create table {schema}.inbox (
    message_id uuid not null,
    subscriber text not null,
    received_at timestamptz not null,
    primary key (message_id, subscriber)
);

create index inbox_received_at on {schema}.inbox (received_at);
