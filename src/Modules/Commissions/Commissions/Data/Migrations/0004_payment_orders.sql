-- Where an organisation is paid; the platform's own is where payments come from.
create table commissions.bank_accounts (
    organization_id uuid primary key,
    owner_path      text collate "C" not null,
    holder          text not null,
    iban            text not null check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
    bic             text check (bic ~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$'),
    changed_at      timestamptz not null,
    version         int not null
);
create index bank_accounts_owner_path on commissions.bank_accounts (owner_path, organization_id);

-- What a bank was told to pay, as it was told: the file is made of this alone, so it stays the same.
create table commissions.payment_orders (
    id          uuid primary key,
    owner_path  text collate "C" not null,
    currency    text not null,
    executes_on date not null,
    holder      text not null,
    iban        text not null,
    bic         text,
    payouts     int not null check (payouts > 0),
    total       numeric not null check (total > 0),
    created_at  timestamptz not null
);
create index payment_orders_owner_path on commissions.payment_orders (owner_path, id);

create table commissions.payment_order_lines (
    order_id   uuid not null,
    position   int not null check (position > 0),
    payout_id  uuid not null,
    amount     numeric not null check (amount > 0),
    holder     text not null,
    iban       text not null,
    bic        text,
    remittance text not null,
    primary key (order_id, position),
    constraint payment_order_lines_once unique (order_id, payout_id)
);
create index payment_order_lines_payout on commissions.payment_order_lines (payout_id);
comment on table commissions.payment_orders is 'append-only: what a bank was told to pay';
comment on table commissions.payment_order_lines is 'append-only: each payment that a bank was told';

-- The order that is to pay it; none before one, and none again once it has failed.
alter table commissions.payouts
    add column order_id uuid,
    add check (order_id is null or failed_on is null);
create index payouts_ordered on commissions.payouts (order_id) where order_id is not null;
