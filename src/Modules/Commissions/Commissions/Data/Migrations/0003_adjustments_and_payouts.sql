alter table commissions.schemes
    add column holding_days            int not null default 0 check (holding_days between 0 and 366),
    add column minimum_payout          numeric check (minimum_payout > 0),
    add column minimum_payout_currency text,
    add check ((minimum_payout is null) = (minimum_payout_currency is null));

-- What is earned in the month itself, what later news of closed months brought, what was not paid out before; and what is not paid out again.
alter table commissions.statements
    add column adjusted       numeric not null default 0,
    add column carried_in     numeric not null default 0,
    add column payable        numeric,
    add column carried_out    numeric,
    add column due_on         date,
    add column line_count     int not null default 0,
    add column closing        int;

-- Months are closed one after the other, in whatever order; what was not paid out goes to the statement of the next one.
-- What has changed before closings looked for it is looked for by the first one that does.
alter table commissions.closings add column number int, add column settled boolean not null default true;
update commissions.closings set settled = false;
update commissions.closings c set number = n.number
from (select period_start, row_number() over (order by closed_at, period_start) as number from commissions.closings) n
where n.period_start = c.period_start;
alter table commissions.closings alter column number set not null, add constraint closings_number unique (number);

-- Rows of their own: a statement has thousands, is read by pages, and no document counts twice.
create table commissions.statement_lines (
    statement_id    uuid not null,
    position        int not null check (position > 0),
    organization_id uuid not null,
    month           date not null check (extract(day from month) = 1),
    document_id     uuid not null,
    invoice_id      uuid not null,
    reverses        boolean not null,
    number          text not null,
    tenant_id       uuid not null,
    invoiced        numeric not null,
    currency        text not null,
    rate            numeric not null check (rate > 0),
    net             numeric not null,
    commission      numeric not null,
    primary key (statement_id, position),
    -- Whatever month it would be in: a document counts once.
    constraint statement_lines_once unique (organization_id, document_id, reverses)
);

insert into commissions.statement_lines
select s.id, l.position, s.organization_id, s.period_start, (l.line ->> 'invoiceId')::uuid, (l.line ->> 'invoiceId')::uuid, false,
    l.line ->> 'number', (l.line ->> 'tenantId')::uuid, (l.line ->> 'net')::numeric, s.currency, 1, (l.line ->> 'net')::numeric,
    (l.line ->> 'commission')::numeric
from commissions.statements s cross join lateral jsonb_array_elements(s.lines) with ordinality as l (line, position);

-- One row for each closed month of which a later statement tells something.
create table commissions.adjustments (
    statement_id    uuid not null,
    organization_id uuid not null,
    month           date not null check (extract(day from month) = 1),
    basis           numeric not null,
    gross           numeric not null,
    overridden      numeric not null,
    commission      numeric not null,
    primary key (statement_id, month),
    check (commission = gross - overridden)
);
create index adjustments_month on commissions.adjustments (month, organization_id);

-- What one unit was worth when a month was worked out; whoever works it out again takes the same.
create table commissions.exchange_rates (
    day           date not null,
    from_currency text not null,
    to_currency   text not null,
    rate          numeric not null check (rate > 0),
    primary key (day, from_currency, to_currency)
);

create table commissions.payouts (
    id              uuid primary key,
    statement_id    uuid not null,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    amount          numeric not null check (amount > 0),
    currency        text not null,
    due_on          date not null,
    created_at      timestamptz not null,
    failed_on       date,
    failure         text,
    paid_on         date,
    reference       text,
    version         int not null,
    constraint payouts_one_per_statement unique (statement_id),
    check ((failed_on is null) = (failure is null)),
    check ((paid_on is null) = (reference is null)),
    check (paid_on is null or failed_on is null)
);
create index payouts_owner_path on commissions.payouts (owner_path, id);
create index payouts_open on commissions.payouts (due_on, id) where paid_on is null;

alter table commissions.statements disable trigger keep_statement;
update commissions.statements s set line_count = (select count(*) from commissions.statement_lines l where l.statement_id = s.id),
    closing = (select number from commissions.closings c where c.period_start = s.period_start);

-- As it would have been: what is below zero goes on to the next one. What was above was paid out without us, so there are no payouts of it.
do $$
declare
    one commissions.statements;
    carried numeric := 0;
    whose uuid;
begin
    for one in select * from commissions.statements order by organization_id, closing loop
        if whose is distinct from one.organization_id then
            carried := 0;
        end if;
        whose := one.organization_id;
        update commissions.statements set carried_in = carried, payable = commission + carried,
            due_on = case when commission + carried > 0 then period_end end, carried_out = least(commission + carried, 0)
        where id = one.id;
        carried := least(one.commission + carried, 0);
    end loop;
end $$;
alter table commissions.statements enable trigger keep_statement;

alter table commissions.statements
    drop column lines,
    alter column payable set not null,
    alter column carried_out set not null,
    alter column closing set not null,
    add constraint statements_payable check (payable = commission + adjusted + carried_in),
    -- All of it is paid out, or nothing is and all goes on.
    add constraint statements_paid_or_carried check (
        (due_on is not null and payable > 0 and carried_out = 0) or (due_on is null and carried_out = payable));
create unique index statements_organization on commissions.statements (organization_id, closing desc);

create trigger keep_statement before update or delete on commissions.statement_lines
    for each row execute function commissions.keep_statement();
create trigger keep_statement before update or delete on commissions.adjustments
    for each row execute function commissions.keep_statement();

create function commissions.keep_payout() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.paid_on is not null
        or (new.id, new.statement_id, new.organization_id, new.owner_path, new.amount, new.currency, new.due_on, new.created_at)
            is distinct from
            (old.id, old.statement_id, old.organization_id, old.owner_path, old.amount, old.currency, old.due_on, old.created_at) then
        raise exception 'what is to be paid out does not change, and what is paid is not paid again' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger keep_payout before update or delete on commissions.payouts for each row execute function commissions.keep_payout();

comment on table commissions.statements is 'append-only: what was earned in a closed month';
comment on table commissions.statement_lines is 'append-only: the documents that a statement comes from';
comment on table commissions.exchange_rates is 'append-only: the rates by which closed months were worked out';
comment on table commissions.adjustments is 'append-only: what later news of closed months brought';
