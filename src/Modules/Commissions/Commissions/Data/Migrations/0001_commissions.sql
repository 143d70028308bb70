create table commissions.schemes (
    id              uuid primary key,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    mode            text not null check (mode in ('Graduated', 'Volume')),
    basis           text not null check (basis in ('Own', 'Override')),
    tiers           jsonb not null,
    valid_from      date not null check (extract(day from valid_from) = 1),
    created_at      timestamptz not null,
    version         int not null,
    constraint schemes_one_per_month unique (organization_id, valid_from)
);

create index schemes_owner_path on commissions.schemes (owner_path, id);

-- A closed month; what its close answered is kept, so that closing it again answers the same.
create table commissions.closings (
    period_start date primary key,
    period_end   date not null check (period_end > period_start),
    statements   int not null,
    errors       jsonb not null,
    closed_at    timestamptz not null
);

create table commissions.statements (
    id              uuid primary key,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    kind            text not null,
    external_id     text not null,
    name            text not null,
    period_start    date not null,
    period_end      date not null,
    currency        text not null,
    basis           numeric not null,
    gross           numeric not null,
    overridden      numeric not null,
    commission      numeric not null,
    scheme          jsonb not null,
    lines           jsonb not null,
    closed_at       timestamptz not null,
    check (commission = gross - overridden),
    constraint statements_one_per_period unique (organization_id, period_start)
);

create index statements_owner_path on commissions.statements (owner_path, id);
create index statements_period on commissions.statements (period_start, owner_path);

create function commissions.keep_statement() returns trigger language plpgsql as $$
begin
    raise exception 'a statement is frozen; what comes later is an adjustment of the next one' using errcode = 'restrict_violation';
end $$;

create trigger keep_statement before update or delete on commissions.statements for each row execute function commissions.keep_statement();
