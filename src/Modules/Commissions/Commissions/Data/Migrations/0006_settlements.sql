-- What a statement carried on and none after it can take over any more, or is not to wait for: paid out, or where it is below zero written off. Once.
create table commissions.settlements (
    statement_id    uuid primary key,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    amount          numeric not null check (amount <> 0),
    currency        text not null,
    reason          text not null,
    settled_at      timestamptz not null
);
comment on table commissions.settlements is 'append-only: what statements carried on and was settled';
