-- A run that goes on while the hosts change begins its round anew: what it issued stays, what it drafted is drawn again.
alter table billing.runs drop constraint runs_state_check;
update billing.runs set state = 'Planning' where state in ('Drafting', 'Issuing');
alter table billing.runs add constraint runs_state_check check (state in ('Planning', 'Drafting', 'Held', 'Issuing', 'Finished'));

alter table billing.runs
    add column round int not null default 0,
    -- One instant for all that a round writes, whoever writes it and however often it is killed.
    add column round_at timestamptz,
    add column started_by uuid[] not null default '{}',
    add column started_by_name text,
    add column tenants int not null default 0,
    add column tax_rates jsonb,
    add column deviations jsonb,
    add column confirmed_by uuid,
    add column confirmed_by_name text,
    add column confirmed_at timestamptz;
update billing.runs set round_at = created_at;
alter table billing.runs alter column round_at set not null;
comment on column billing.runs.last_tenant is 'unused; hosts of the version before read it';

-- The parts of a round. A worker holds one by its token until the lease ends; every transaction that writes for it asks for the token first.
create table billing.run_chunks (
    run_id        uuid not null references billing.runs (id),
    number        int not null,
    after_tenant  uuid,
    last_tenant   uuid,
    tenants       int not null,
    state         text not null check (state in ('Waiting', 'Drafted', 'Done')),
    token         uuid,
    claimed_until timestamptz,
    available_at  timestamptz not null,
    attempts      int not null default 0,
    primary key (run_id, number)
) with (fillfactor = 50);

-- Who was left out of the round, and why.
create table billing.run_parked (
    run_id      uuid not null references billing.runs (id),
    tenant_id   uuid not null,
    external_id text not null,
    code        text not null,
    message     text not null,
    primary key (run_id, tenant_id)
);

-- The prices that a round bills by: of everyone in one row, of each tenant that has its own in another.
create table billing.run_prices (
    run_id    uuid not null references billing.runs (id),
    tenant_id uuid,
    prices    jsonb not null,
    constraint run_prices_once unique nulls not distinct (run_id, tenant_id)
);

-- Ends the sessions in which workers of expired claims still write. A process that was stopped in the middle of its COPY keeps unique keys that its
-- successor would wait for, and no timeout of the server counts there. The application's role may not end sessions, not even its own; this
-- ends those alone that the fence of an expired claim has named.
create function billing.end_expired_writers(run uuid, of_state text, at timestamptz) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select pg_terminate_backend(a.pid) from billing.run_chunks c
    join pg_stat_activity a on a.application_name = 'billing-' || replace(c.token::text, '-', '') and a.datname = current_database()
    where c.run_id = run and c.state = of_state and c.claimed_until <= at
$$;
