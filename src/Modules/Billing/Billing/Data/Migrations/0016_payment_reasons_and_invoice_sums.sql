-- Why a payment was taken back is told in words of its own. Until now they stood as the method, which is that of what is taken back.
alter table billing.payments add column reason text;
alter table billing.payments disable trigger append_only;
update billing.payments r set reason = r.method, method = p.method
from billing.payments p where p.id = r.reverses and p.tenant_id = r.tenant_id;
alter table billing.payments enable trigger append_only;
alter table billing.payments add constraint payments_reasons check ((reverses is null) = (reason is null));

-- Every row was checked when it was written, the oldest by a shorter list.
alter table billing.journal_entries validate constraint journal_entries_account_check;

-- Says whether this closed it, and nobody before.
drop function billing.close_journal_month(date, timestamptz);
create function billing.close_journal_month(closing date, at timestamptz) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('billing.journal'), (extract(year from closing) * 12 + extract(month from closing))::int);
    insert into billing.journal_months (month, closed_at) values (closing, at) on conflict (month) do nothing;
    return found;
end $$;

-- What was taken off an invoice's lines, so that a summary of many invoices reads none of their lines. Most have nothing taken off.
alter table billing.invoices
    add column discounts numeric not null default 0,
    add column credits   numeric not null default 0;
alter table billing.invoices disable trigger keep_issued;
update billing.invoices i set discounts = l.discounts, credits = l.credits
from (
    select invoice_id, tenant_id, sum(cap_reduction + discount) as discounts, sum(credit) as credits from billing.invoice_lines
    where cap_reduction <> 0 or discount <> 0 or credit <> 0 group by invoice_id, tenant_id) l
where l.invoice_id = i.id and l.tenant_id = i.tenant_id;
alter table billing.invoices enable trigger keep_issued;

-- Few of many: what is open, what is of days before a transfer. And what was issued on some days.
create index invoices_open on billing.invoices (id) where status in ('Issued', 'Paid') and total - credited - paid > 0;
create index invoices_late on billing.invoices (id) where kind = 'Late';
create index invoices_issued on billing.invoices (issued_at, id) where issued_at is not null;
