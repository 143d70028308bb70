create table billing.ledger_accounts (
    id         uuid primary key,
    owner_id   uuid not null,
    owner_path text collate "C" not null,
    kind       text not null check (kind in ('Prepaid', 'Funded', 'Spent', 'Lapsed')),
    unit       text not null check (unit = 'points' or unit ~ '^[A-Z]{3}$'),
    created_at timestamptz not null,
    constraint ledger_accounts_once unique (owner_id, kind, unit),
    unique (id, unit)
);

create index ledger_accounts_owner_path on billing.ledger_accounts (owner_path, id);

-- What the entries of an account add up to, kept by their trigger. The comment keeps the application from changing it by any other way.
create table billing.ledger_balances (
    account_id uuid primary key references billing.ledger_accounts (id),
    kind       text not null,
    entries    bigint not null default 0,
    balance    numeric not null default 0,
    constraint ledger_balances_not_overspent check (kind <> 'Prepaid' or balance >= 0)
);

create table billing.ledger_transactions (
    id         uuid primary key,
    owner_id   uuid not null,
    owner_path text collate "C" not null,
    kind       text not null check (kind in ('TopUp', 'Spending', 'GivingBack', 'Lapse')),
    key        text not null,
    reference  text not null,
    entries    int not null check (entries >= 2),
    created_at timestamptz not null,
    constraint ledger_transactions_once unique (owner_id, kind, key)
);

create index ledger_transactions_owner_path on billing.ledger_transactions (owner_path, id);
create index ledger_transactions_owner on billing.ledger_transactions (owner_id, id);

-- Credit bought at once, with one end. What is left of it changes by the entries' trigger alone.
create table billing.credit_lots (
    id         uuid primary key,
    account_id uuid not null references billing.ledger_accounts (id),
    expires_at timestamptz,
    created_at timestamptz not null,
    remaining  numeric not null default 0,
    constraint credit_lots_not_overspent check (remaining >= 0),
    unique (id, account_id)
);

create index credit_lots_left on billing.credit_lots (account_id, expires_at, id) where remaining > 0;

create table billing.ledger_entries (
    transaction_id uuid not null references billing.ledger_transactions (id),
    position       int not null,
    account_id     uuid not null,
    unit           text not null,
    lot_id         uuid,
    amount         numeric not null check (amount <> 0),
    -- The entry's place in its account and what the account held after it, so that a changed entry shows at its place.
    number         bigint not null,
    balance_after  numeric not null,
    primary key (transaction_id, position),
    constraint ledger_entries_number unique (account_id, number),
    foreign key (account_id, unit) references billing.ledger_accounts (id, unit),
    foreign key (lot_id, account_id) references billing.credit_lots (id, account_id)
);

create index ledger_entries_lot on billing.ledger_entries (lot_id) where lot_id is not null;

comment on table billing.ledger_balances is 'append-only for the application: the entries'' trigger changes it';
comment on table billing.ledger_transactions is 'append-only: what was done with credit';
comment on table billing.credit_lots is 'append-only for the application: the entries'' trigger changes what is left';
comment on table billing.ledger_entries is 'append-only: double entry';

create function billing.open_ledger_balance() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into billing.ledger_balances (account_id, kind) values (new.id, new.kind);
    return null;
end $$;

create trigger open_balance after insert on billing.ledger_accounts for each row execute function billing.open_ledger_balance();

create function billing.apply_ledger_entry() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare account_kind text;
begin
    update billing.ledger_balances set balance = balance + new.amount, entries = entries + 1 where account_id = new.account_id
        returning kind, entries, balance into account_kind, new.number, new.balance_after;
    if (account_kind = 'Prepaid') <> (new.lot_id is not null) then
        raise exception 'an entry names a lot exactly when it is of prepaid credit' using errcode = 'check_violation';
    end if;
    if new.lot_id is not null then
        update billing.credit_lots set remaining = remaining + new.amount where id = new.lot_id;
    end if;
    return new;
end $$;

create trigger apply before insert on billing.ledger_entries for each row execute function billing.apply_ledger_entry();

-- At the commit, when all entries are there: whatever wrote them, each unit adds up to nothing, and there are as many as the transaction says,
-- so that none is added to it later either.
create function billing.check_ledger_transaction() returns trigger language plpgsql as $$
declare checked uuid := case when tg_table_name = 'ledger_entries' then (to_jsonb(new) ->> 'transaction_id')::uuid else (to_jsonb(new) ->> 'id')::uuid end;
begin
    if (select count(*) from billing.ledger_entries where transaction_id = checked)
            <> (select entries from billing.ledger_transactions where id = checked)
        or exists (select from billing.ledger_entries where transaction_id = checked group by unit having sum(amount) <> 0) then
        raise exception 'ledger transaction % does not balance', checked using errcode = 'check_violation', constraint = 'ledger_balanced';
    end if;
    return null;
end $$;

create constraint trigger balanced after insert on billing.ledger_entries
    deferrable initially deferred for each row execute function billing.check_ledger_transaction();
create constraint trigger balanced after insert on billing.ledger_transactions
    deferrable initially deferred for each row execute function billing.check_ledger_transaction();

create function billing.refuse_ledger_change() returns trigger language plpgsql as $$
begin
    raise exception 'The ledger is append-only.' using errcode = 'restrict_violation';
end $$;

create trigger append_only before update or delete on billing.ledger_entries for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.ledger_entries for each statement execute function billing.refuse_ledger_change();
create trigger append_only before update or delete on billing.ledger_transactions for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.ledger_transactions for each statement execute function billing.refuse_ledger_change();
