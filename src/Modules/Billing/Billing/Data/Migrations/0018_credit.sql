-- Prepaid credit of distributors and tenants, too; credits as a unit of whole numbers; transfers, alerts and automatic top-ups (ADR 0068).
alter table billing.ledger_accounts
    drop constraint ledger_accounts_kind_check,
    add constraint ledger_accounts_kind_check check (kind in ('Prepaid', 'Funded', 'Spent', 'Lapsed', 'Transferred')),
    drop constraint ledger_accounts_unit_check,
    add constraint ledger_accounts_unit_check check (unit in ('points', 'credits') or unit ~ '^[A-Z]{3}$');

-- The two sides of a transfer name each other.
alter table billing.ledger_transactions
    add column counterpart_id uuid,
    drop constraint ledger_transactions_kind_check,
    add constraint ledger_transactions_kind_check check (
        kind in ('TopUp', 'Spending', 'GivingBack', 'Lapse', 'TransferOut', 'TransferIn')
        and (kind in ('TransferOut', 'TransferIn')) = (counterpart_id is not null));

-- Of which lot one that was transferred was a part.
alter table billing.credit_lots add column source_id uuid;

-- Both sides are written by one statement, and what the one loses the other gets, with the same ends.
create function billing.check_transfer_sides() returns trigger language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare bad uuid;
begin
    select a.id into bad from added a left join added b on b.id = a.counterpart_id
    where a.kind in ('TransferOut', 'TransferIn') and (
        b.id is null or b.counterpart_id <> a.id or (a.kind, b.kind) not in (('TransferOut', 'TransferIn'), ('TransferIn', 'TransferOut'))
        or b.owner_id = a.owner_id or b.reference <> a.reference
        or exists (
            select from billing.ledger_entries e join billing.credit_lots l on l.id = e.lot_id
            where e.transaction_id in (a.id, b.id) group by e.unit, l.expires_at having sum(e.amount) <> 0)
        or exists (
            select from billing.ledger_entries e
            where e.transaction_id = a.id and e.lot_id is not null and (e.amount < 0) <> (a.kind = 'TransferOut')))
    limit 1;
    if bad is not null then
        raise exception 'ledger transaction % is not one side of a transfer', bad using errcode = 'check_violation', constraint = 'ledger_paired';
    end if;
    return null;
end $$;

create trigger paired after insert on billing.ledger_transactions
    referencing new table as added for each statement execute function billing.check_transfer_sides();

-- Below which balance somebody is told, and whether he has been since it was last above.
create table billing.credit_thresholds (
    id         uuid primary key,
    account_id uuid not null references billing.ledger_accounts (id),
    owner_id   uuid not null,
    owner_path text collate "C" not null,
    unit       text not null,
    amount     numeric not null check (amount > 0),
    created_at timestamptz not null,
    version    int not null,
    is_below   boolean not null default false,
    crossings  int not null default 0,
    constraint credit_thresholds_once unique (account_id)
);
create index credit_thresholds_owner_path on billing.credit_thresholds (owner_path, id);

create table billing.credit_alerts (
    id           uuid primary key,
    threshold_id uuid not null,
    crossing     int not null,
    owner_id     uuid not null,
    owner_path   text collate "C" not null,
    unit         text not null,
    threshold    numeric not null,
    balance      numeric not null,
    fired_at     timestamptz not null,
    check (balance < threshold),
    constraint credit_alerts_once unique (threshold_id, crossing)
);
create index credit_alerts_owner_path on billing.credit_alerts (owner_path, id);
comment on table billing.credit_alerts is 'append-only: that credit was low';

-- What is added when the balance is below something. is_due: a message on its way will look.
create table billing.top_up_rules (
    id               uuid primary key,
    account_id       uuid not null references billing.ledger_accounts (id),
    owner_id         uuid not null,
    owner_path       text collate "C" not null,
    unit             text not null,
    below            numeric not null check (below > 0),
    amount           numeric not null check (amount > 0),
    times_per_month  int not null check (times_per_month > 0),
    amount_per_month numeric check (amount_per_month >= amount),
    expiry_months    int check (expiry_months > 0),
    active           boolean not null,
    created_at       timestamptz not null,
    version          int not null,
    is_due           boolean not null default false,
    constraint top_up_rules_once unique (account_id)
);
create index top_up_rules_owner_path on billing.top_up_rules (owner_path, id);
