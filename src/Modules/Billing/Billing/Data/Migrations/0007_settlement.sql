-- What comes late to a billed month is a line of a later invoice: an adjustment, numbered per thing that is billed. Two runs that find the same
-- difference take the same number; the later of them fails here and reads anew.
alter table billing.invoice_lines
    add column adjusts       date,
    add column adjustment    int not null default 0,
    add column billed_before numeric,
    add constraint invoice_lines_adjustment
        check ((adjustment > 0) = (adjusts is not null) and adjustment >= 0 and (adjusts is null) = (billed_before is null));
drop index billing.invoice_lines_billed_once;
create unique index invoice_lines_billed_once
    on billing.invoice_lines (starts_on, tenant_id, subscription_id, charge_key, sku, meter, region) where billed and adjustment = 0;
create unique index invoice_lines_adjusted_once
    on billing.invoice_lines (starts_on, tenant_id, subscription_id, charge_key, sku, meter, region, adjustment) where billed and adjustment > 0;
create index invoice_lines_adjusts on billing.invoice_lines (tenant_id, adjusts) where adjustment > 0;

-- Late: adjustments of months in which the tenant stood elsewhere. They belong to whom the month belonged to.
alter table billing.invoices drop constraint invoices_kind_check;
alter table billing.invoices add constraint invoices_kind_check check (kind in ('Regular', 'Late'));

-- Months that may owe something although they are billed. Only a hint, to be looked at by the next run: what is owed follows from the usage and
-- from what was billed. A row goes when nothing is owed any more and nobody has noted it anew.
create table billing.late_months (
    tenant_id uuid not null,
    month     date not null check (month = date_trunc('month', month)::date),
    noted     bigint not null,
    primary key (tenant_id, month)
);

-- Up to where Usage has told which months changed. It is read and moved on in the transaction that notes them.
create table billing.usage_marks (
    seller_id uuid primary key,
    mark      bigint not null
);
insert into billing.usage_marks (seller_id, mark)
select distinct seller_id, pg_snapshot_xmin(pg_current_snapshot())::text::bigint from billing.runs;

-- Whose changes are late: those of a month that some round has planned.
alter table billing.runs add column planned boolean not null default false;
update billing.runs set planned = true where operation_id is not null;

-- What a void invoice had adjusted is owed again, and what others have adjusted of its own month is to be taken back when that is billed anew.
create function billing.note_void_months() returns trigger language plpgsql as $$
begin
    insert into billing.late_months (tenant_id, month, noted)
    select new.tenant_id, m.month, pg_current_xact_id()::text::bigint
    from (
        select new.period_start as month where new.kind = 'Regular'
        union
        select adjusts from billing.invoice_lines where invoice_id = new.id and tenant_id = new.tenant_id and adjustment > 0) m
    where m.month = date_trunc('month', m.month)::date
    on conflict (tenant_id, month) do update set noted = excluded.noted;
    return null;
end $$;

create trigger note_void after update of status on billing.invoices
    for each row when (new.status = 'Void' and old.status <> 'Void') execute function billing.note_void_months();
