-- What an issued document says of seller, buyer and terms, as it was when it was issued; and what has been paid and credited since.
alter table billing.invoices
    add column document jsonb,
    add column paid numeric not null default 0,
    add column credited numeric not null default 0;

-- The checks of number and status had no names of their own.
do $$
declare name text;
begin
    for name in select conname from pg_constraint
        where conrelid = 'billing.invoices'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%''Draft''%number%' loop
        execute format('alter table billing.invoices drop constraint %I', name);
    end loop;
end $$;

-- A draft that is voided never had a number; an issued invoice that is voided keeps its own.
alter table billing.invoices add constraint invoices_number_when_issued check (
    case status when 'Draft' then number is null when 'Void' then true else number is not null end);

-- What is void can be billed again: the keys are of what stands.
drop index billing.invoices_one_per_tenant_and_period;
create unique index invoices_one_per_tenant_and_period on billing.invoices (period_start, period_end, tenant_id, seller_id, kind)
    where status <> 'Void';

alter table billing.invoice_lines add column billed boolean not null default true;
alter table billing.invoice_lines drop constraint invoice_lines_billed_once;
create unique index invoice_lines_billed_once
    on billing.invoice_lines (starts_on, tenant_id, subscription_id, charge_key, sku, meter, region) where billed;

create or replace function billing.keep_issued_invoice() returns trigger language plpgsql as $$
begin
    if old.status = 'Draft' then
        if tg_op = 'DELETE' then
            return old;
        end if;
        if new.status = 'Paid' then
            raise exception 'a draft is not paid' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    -- An invoice from before documents were kept gets its own once.
    if tg_op = 'DELETE'
        or (old.status, new.status) not in (
            ('Issued', 'Issued'), ('Issued', 'Paid'), ('Issued', 'Void'), ('Paid', 'Paid'), ('Void', 'Void'))
        or (old.document is not null and new.document is distinct from old.document)
        or to_jsonb(new) - array['status', 'paid', 'credited', 'version', 'document']
            is distinct from to_jsonb(old) - array['status', 'paid', 'credited', 'version', 'document'] then
        raise exception 'invoice % is issued and does not change', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- A line of an issued invoice changes in one thing: that of a void one no longer counts as billed.
drop trigger keep_issued_updated on billing.invoice_lines;
drop trigger keep_issued_moved on billing.invoice_lines;
create function billing.keep_issued_lines_changed() returns trigger language plpgsql as $$
begin
    if exists (
        select from was w full join became b using (invoice_id, tenant_id, position)
        join billing.invoices i on i.id = invoice_id
        where i.status <> 'Draft'
            and (w.currency is null or b.currency is null or to_jsonb(w) - 'billed' is distinct from to_jsonb(b) - 'billed'
                or (w.billed <> b.billed and (b.billed or i.status <> 'Void')))) then
        raise exception 'lines of an issued invoice do not change' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create trigger keep_issued_changed after update on billing.invoice_lines
    referencing old table as was new table as became for each statement execute function billing.keep_issued_lines_changed();

create table billing.payments (
    id         uuid primary key,
    tenant_id  uuid not null,
    owner_path text collate "C" not null,
    seller_id  uuid not null,
    invoice_id uuid not null,
    number     int not null,
    reference  text not null,
    amount     numeric not null check (amount <> 0),
    currency   text not null,
    paid_on    date not null,
    method     text not null,
    created_at timestamptz not null,
    constraint payments_once unique (invoice_id, tenant_id, reference),
    constraint payments_number unique (invoice_id, tenant_id, number)
);
comment on table billing.payments is 'append-only: money that came for an invoice, or went back';

-- One after the other, by the invoice's row. What is paid is never more than what is open; what was credited after it was paid is open the
-- other way round, and a refund is a payment of that.
create function billing.apply_payment() returns trigger language plpgsql as $$
declare owing numeric; owed billing.invoices%rowtype;
begin
    select * into owed from billing.invoices where id = new.invoice_id and tenant_id = new.tenant_id for update;
    owing := owed.total - owed.credited - owed.paid;
    if not found or owed.status not in ('Issued', 'Paid') or owed.currency <> new.currency
        or sign(new.amount) <> sign(owing) or abs(new.amount) > abs(owing) then
        raise exception 'a payment of % is more than is open of invoice %', new.amount, owed.number
            using errcode = 'check_violation', constraint = 'payments_not_above_open';
    end if;
    new.number := (select coalesce(max(number), 0) + 1 from billing.payments where invoice_id = new.invoice_id and tenant_id = new.tenant_id);
    update billing.invoices set paid = paid + new.amount, version = version + 1,
        status = case when owing = new.amount then 'Paid' else status end
    where id = new.invoice_id;
    return new;
end $$;
create trigger apply before insert on billing.payments for each row execute function billing.apply_payment();

create table billing.credit_note_series (
    issuer_id uuid not null,
    year      int not null,
    next      int not null check (next > 0),
    primary key (issuer_id, year)
);

create table billing.credit_notes (
    id           uuid primary key,
    tenant_id    uuid not null,
    owner_path   text collate "C" not null,
    seller_id    uuid not null,
    invoice_id   uuid not null,
    number       text not null,
    issued_at    timestamptz not null,
    reason       text not null,
    voids        boolean not null,
    period_start date not null,
    period_end   date not null,
    currency     text not null,
    net          numeric not null,
    tax          numeric not null,
    total        numeric not null,
    line_count   int not null check (line_count > 0),
    taxes        jsonb not null,
    document     jsonb not null,
    check (total = net + tax),
    constraint credit_notes_number unique (seller_id, number)
);
comment on table billing.credit_notes is 'append-only: what was taken back of issued invoices';
create index credit_notes_invoice on billing.credit_notes (invoice_id, id);
create index credit_notes_owner_path on billing.credit_notes (owner_path, id);

create table billing.credit_note_lines (
    credit_note_id   uuid not null,
    tenant_id        uuid not null,
    position         int not null,
    invoice_id       uuid not null,
    invoice_position int not null,
    description      text not null,
    currency         text not null,
    net              numeric not null,
    tax              numeric not null,
    tax_category     text,
    tax_percent      numeric,
    primary key (credit_note_id, tenant_id, position),
    constraint credit_note_lines_once unique (credit_note_id, tenant_id, invoice_position)
);
comment on table billing.credit_note_lines is 'append-only: what was taken back of invoice lines';
create index credit_note_lines_of on billing.credit_note_lines (invoice_id, tenant_id, invoice_position);

create function billing.apply_credit_note() returns trigger language plpgsql as $$
begin
    update billing.invoices set credited = credited + new.total, version = version + 1,
        status = case when status = 'Issued' and paid <> 0 and total - credited - new.total - paid = 0 then 'Paid' else status end
    where id = new.invoice_id and tenant_id = new.tenant_id and status in ('Issued', 'Paid') and currency = new.currency;
    if not found then
        raise exception 'only an issued invoice is credited' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create trigger apply after insert on billing.credit_notes for each row execute function billing.apply_credit_note();

-- Of a line no more is ever taken back than it has, of its tax neither, nothing is given back again by a note of the other sign, and with the
-- last of its net goes the last of its tax.
-- The invoices' rows are locked first, so that who comes later sees what came before.
create function billing.check_credit_note_lines() returns trigger language plpgsql as $$
begin
    perform from billing.invoices where id in (select invoice_id from added) order by id for update;
    if exists (
        select from (select distinct invoice_id, tenant_id, invoice_position from added) a
        join lateral (
            select sum(c.net) as net, sum(c.tax) as tax from billing.credit_note_lines c
            where c.invoice_id = a.invoice_id and c.tenant_id = a.tenant_id and c.invoice_position = a.invoice_position) taken on true
        left join billing.invoice_lines l
            on l.invoice_id = a.invoice_id and l.tenant_id = a.tenant_id and l.position = a.invoice_position
        where l.invoice_id is null
            or l.net * taken.net < 0 or abs(taken.net) > abs(l.net) or l.tax * taken.tax < 0 or abs(taken.tax) > abs(l.tax)
            or (taken.net = l.net and taken.tax <> l.tax))
        or exists (
            select from added a
            join billing.invoice_lines l on l.invoice_id = a.invoice_id and l.tenant_id = a.tenant_id and l.position = a.invoice_position
            where l.net * a.net < 0 or l.tax * a.tax < 0) then
        raise exception 'more is credited than a line has' using errcode = 'check_violation', constraint = 'credit_notes_within_lines';
    end if;
    if exists (
        select from (select distinct credit_note_id, tenant_id from added) a
        left join billing.credit_notes n on n.id = a.credit_note_id and n.tenant_id = a.tenant_id
        join lateral (
            select count(*) as lines, sum(c.net) as net, sum(c.tax) as tax from billing.credit_note_lines c
            where c.credit_note_id = a.credit_note_id and c.tenant_id = a.tenant_id) summed on true
        where n.id is null or (n.line_count, n.net, n.tax) is distinct from (summed.lines, summed.net, summed.tax)) then
        raise exception 'a credit note is not the sum of its lines' using errcode = 'check_violation', constraint = 'credit_notes_summed';
    end if;
    return null;
end $$;
create trigger within_lines after insert on billing.credit_note_lines
    referencing new table as added for each statement execute function billing.check_credit_note_lines();

-- Double entry of documents: debit is positive, credit negative.
create table billing.journal_entries (
    document_id     uuid not null,
    tenant_id       uuid not null,
    position        int not null,
    owner_path      text collate "C" not null,
    seller_id       uuid not null,
    document_kind   text not null check (document_kind in ('Invoice', 'CreditNote', 'Payment')),
    document_number text collate "C" not null,
    invoice_number  text not null,
    reference       text not null,
    document_on     date not null,
    booked_on       date not null,
    account         text not null check (account in ('Receivable', 'Revenue', 'Tax', 'Cash')),
    tax_category    text,
    tax_percent     numeric,
    currency        text not null,
    amount          numeric not null,
    primary key (document_id, tenant_id, position)
);
comment on table billing.journal_entries is 'append-only: double entry of invoices, credit notes and payments';
create index journal_entries_booked on billing.journal_entries (booked_on, document_number, document_id, position);

-- Months that were exported: nothing is booked into them any more.
create table billing.journal_months (
    month     date primary key check (month = date_trunc('month', month)::date),
    closed_at timestamptz not null
);
comment on table billing.journal_months is 'append-only: months of the journal that are closed';

-- Whoever books holds the month until he commits; who closes it waits for him.
create function billing.check_journal() returns trigger language plpgsql as $$
declare booked date;
begin
    for booked in select distinct date_trunc('month', booked_on)::date from added order by 1 loop
        perform pg_advisory_xact_lock_shared(hashtext('billing.journal'), (extract(year from booked) * 12 + extract(month from booked))::int);
        if exists (select from billing.journal_months where month = booked) then
            raise exception 'month % of the journal is closed', booked using errcode = 'serialization_failure';
        end if;
    end loop;
    if exists (
        select from (select document_id, tenant_id, count(*) as entries from added group by 1, 2) a
        join lateral (
            select count(*) as entries, sum(j.amount) as amount, count(distinct j.currency) as currencies from billing.journal_entries j
            where j.document_id = a.document_id and j.tenant_id = a.tenant_id) whole on true
        where whole.amount <> 0 or whole.entries <> a.entries or whole.currencies <> 1) then
        raise exception 'a document does not balance in the journal' using errcode = 'check_violation', constraint = 'journal_balanced';
    end if;
    return null;
end $$;
create trigger balanced after insert on billing.journal_entries
    referencing new table as added for each statement execute function billing.check_journal();

create function billing.close_journal_month(closing date, at timestamptz) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('billing.journal'), (extract(year from closing) * 12 + extract(month from closing))::int);
    insert into billing.journal_months (month, closed_at) values (closing, at) on conflict (month) do nothing;
end $$;

-- The day of booking: never in a month that is closed, whatever the clock of who books says.
create function billing.booking_day(day date) returns date language sql stable as $$
    select greatest(day, (select (max(month) + interval '1 month')::date from billing.journal_months))
$$;

-- What an amount with its taxes is in entries: the receivable, revenue by rate, tax by rate. Signs are those of an invoice.
create function billing.journal_amounts(net numeric, tax numeric, taxes jsonb)
    returns table (rank int, account text, category text, percent numeric, amount numeric) language sql immutable as $$
    select 1, 'Receivable', null, null::numeric, net + tax
    union all
    select 2, 'Revenue', t.category, t.percent, -t.net from jsonb_to_recordset(taxes) as t (category text, percent numeric, net numeric)
    union all
    select 2, 'Revenue', null, null, -(net - t.taxed)
    from (select coalesce(sum(x.net), 0) as taxed from jsonb_to_recordset(taxes) as x (net numeric)) t where net <> t.taxed
    union all
    select 3, 'Tax', t.category, t.percent, -t.tax from jsonb_to_recordset(taxes) as t (category text, percent numeric, tax numeric)
    where t.tax <> 0
$$;

create function billing.post_invoices(ids uuid[], day date) returns void language sql as $$
    insert into billing.journal_entries (
        document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on, booked_on,
        account, tax_category, tax_percent, currency, amount)
    select i.id, i.tenant_id, row_number() over (partition by i.id order by a.rank, a.category, a.percent), i.owner_path, i.seller_id, 'Invoice',
        i.number, i.number, '', coalesce(day, (i.issued_at at time zone 'UTC')::date),
        billing.booking_day(coalesce(day, (i.issued_at at time zone 'UTC')::date)), a.account, a.category, a.percent, i.currency, a.amount
    from billing.invoices i cross join lateral billing.journal_amounts(i.net, i.tax, i.taxes) a
    where i.id = any (ids) and i.number is not null
$$;

create function billing.post_credit_note(note uuid, day date) returns void language sql as $$
    insert into billing.journal_entries (
        document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on, booked_on,
        account, tax_category, tax_percent, currency, amount)
    select n.id, n.tenant_id, row_number() over (order by a.rank, a.category, a.percent), n.owner_path, n.seller_id, 'CreditNote',
        n.number, i.number, '', day, billing.booking_day(day), a.account, a.category, a.percent, n.currency, -a.amount
    from billing.credit_notes n join billing.invoices i on i.id = n.invoice_id
    cross join lateral billing.journal_amounts(n.net, n.tax, n.taxes) a
    where n.id = note
$$;

-- Numbered after the invoice, so that an invoice's own payments stand behind it.
create function billing.post_payment(payment uuid, day date) returns void language sql as $$
    insert into billing.journal_entries (
        document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on, booked_on,
        account, currency, amount)
    select p.id, p.tenant_id, a.position, p.owner_path, p.seller_id, 'Payment', format('%s-P%s', i.number, lpad(p.number::text, 4, '0')), i.number,
        p.reference, p.paid_on, billing.booking_day(day), a.account, p.currency, a.amount
    from billing.payments p join billing.invoices i on i.id = p.invoice_id
    cross join lateral (values (1, 'Cash', p.amount), (2, 'Receivable', -p.amount)) as a (position, account, amount)
    where p.id = payment
$$;

-- Invoices from before are in the journal by the day of their issue.
select billing.post_invoices(array(select id from billing.invoices where number is not null), null);

create trigger append_only before update or delete on billing.payments for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.payments for each statement execute function billing.refuse_ledger_change();
create trigger append_only before update or delete on billing.credit_notes for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.credit_notes for each statement execute function billing.refuse_ledger_change();
create trigger append_only before update or delete on billing.credit_note_lines for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.credit_note_lines for each statement execute function billing.refuse_ledger_change();
create trigger append_only before update or delete on billing.journal_entries for each row execute function billing.refuse_ledger_change();
create trigger append_only_all before truncate on billing.journal_entries for each statement execute function billing.refuse_ledger_change();
