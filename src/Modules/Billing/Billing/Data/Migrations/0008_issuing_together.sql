-- Issuing is of thousands of invoices at once: what is so for all of them is found out once, and nothing is looked up for each.

-- The taxes of an invoice are taken apart once and not three times; nearly all have one.
create or replace function billing.journal_amounts(net numeric, tax numeric, taxes jsonb)
    returns table (rank int, account text, category text, percent numeric, amount numeric) language sql immutable as $$
    select 1, 'Receivable', null, null::numeric, net + tax
    union all
    select v.rank, v.account, t.category, t.percent, -v.amount
    from jsonb_to_recordset(taxes) as t (category text, percent numeric, net numeric, tax numeric)
    cross join lateral (values (2, 'Revenue', t.net), (3, 'Tax', t.tax)) as v (rank, account, amount)
    where v.rank = 2 or v.amount <> 0
    union all
    select 2, 'Revenue', null, null, -(net - t.taxed)
    from (
        select case jsonb_array_length(taxes) when 1 then (taxes -> 0 ->> 'net')::numeric
            else (select coalesce(sum(x.net), 0) from jsonb_to_recordset(taxes) as x (net numeric)) end as taxed) t
    where net <> t.taxed
$$;

-- The day of booking is asked for once; materialized, or it would be asked for with each entry.
create or replace function billing.post_invoices(ids uuid[], day date) returns void language sql as $$
    with booking as materialized (select billing.booking_day(day) as booked_on)
    insert into billing.journal_entries (
        document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on, booked_on,
        account, tax_category, tax_percent, currency, amount)
    select i.id, i.tenant_id, row_number() over (partition by i.id order by a.rank, a.category, a.percent), i.owner_path, i.seller_id, 'Invoice',
        i.number, i.number, '', coalesce(day, (i.issued_at at time zone 'UTC')::date),
        case when day is null then billing.booking_day((i.issued_at at time zone 'UTC')::date) else b.booked_on end,
        a.account, a.category, a.percent, i.currency, a.amount
    from booking b cross join billing.invoices i cross join lateral billing.journal_amounts(i.net, i.tax, i.taxes) a
    where i.id = any (ids) and i.number is not null
$$;

-- All entries of a document come at once, numbered from 1: none can be added to it later, for each place is taken.
create or replace function billing.check_journal() returns trigger language plpgsql as $$
declare booked date;
begin
    for booked in select distinct date_trunc('month', d.booked_on)::date from (select distinct booked_on from added) d order by 1 loop
        perform pg_advisory_xact_lock_shared(hashtext('billing.journal'), (extract(year from booked) * 12 + extract(month from booked))::int);
        if exists (select from billing.journal_months where month = booked) then
            raise exception 'month % of the journal is closed', booked using errcode = 'serialization_failure';
        end if;
    end loop;
    if exists (
        select from added group by document_id, tenant_id
        having sum(amount) <> 0 or min(position) <> 1 or max(position) <> count(*) or min(currency) <> max(currency)) then
        raise exception 'a document does not balance in the journal' using errcode = 'check_violation', constraint = 'journal_balanced';
    end if;
    return null;
end $$;

-- A draft may become anything but paid; only for the rest is the function asked.
drop trigger keep_issued on billing.invoices;
create trigger keep_issued before update on billing.invoices for each row when (old.status <> 'Draft' or new.status = 'Paid')
    execute function billing.keep_issued_invoice();
create trigger keep_issued_deleted before delete on billing.invoices for each row when (old.status <> 'Draft')
    execute function billing.keep_issued_invoice();

-- One look per invoice and not per line, by its key whatever the planner believes of the table.
create or replace function billing.keep_issued_lines() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct invoice_id from touched) t
        cross join lateral (select i.status from billing.invoices i where i.id = t.invoice_id offset 0) i where i.status <> 'Draft') then
        raise exception 'lines of an issued invoice do not change' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
