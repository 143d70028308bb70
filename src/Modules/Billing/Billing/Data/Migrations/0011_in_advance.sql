-- A line may be for the month after its invoice's: what is billed in advance. The key of what is billed once holds for such lines too, so that
-- nothing is billed both ahead and by its own month. A difference to it may be of other days than those by which the thing is known: of the days
-- that were not used. Then keyed_on says the thing's first day.
alter table billing.invoice_lines
    add column ahead_of date,
    add column keyed_on date,
    add constraint invoice_lines_ahead check (ahead_of is null or (adjustment = 0 and starts_on >= ahead_of)),
    add constraint invoice_lines_keyed check (keyed_on is null or (adjustment > 0 and keyed_on <> starts_on));
create index invoice_lines_ahead_of on billing.invoice_lines (ahead_of, tenant_id) where ahead_of is not null;

drop index billing.invoice_lines_adjusted_once;
create unique index invoice_lines_adjusted_once on billing.invoice_lines (
    coalesce(keyed_on, starts_on), tenant_id, subscription_id, charge_key, sku, meter, region, adjustment) where billed and adjustment > 0;

-- What a void invoice had billed ahead is owed again by its month, should that be billed already.
create or replace function billing.note_void_months() returns trigger language plpgsql as $$
begin
    insert into billing.late_months (tenant_id, month, noted)
    select new.tenant_id, m.month, pg_current_xact_id()::text::bigint
    from (
        select new.period_start as month where new.kind = 'Regular'
        union
        select adjusts from billing.invoice_lines where invoice_id = new.id and tenant_id = new.tenant_id and adjustment > 0
        union
        select ahead_of from billing.invoice_lines where invoice_id = new.id and tenant_id = new.tenant_id and ahead_of is not null) m
    where m.month = date_trunc('month', m.month)::date
    on conflict (tenant_id, month) do update set noted = excluded.noted;
    return null;
end $$;
