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

-- What is left of a thing as a whole, also of one that was billed in advance and of differences in its days.
create or replace function billing.left_of_adjusted(invoice uuid, tenant uuid) returns table (line_position int, net numeric) language sql stable as $$
    select l.position, s.net
    from (
        select b.*, coalesce(b.keyed_on, b.starts_on) as first_day, coalesce(b.ahead_of, b.adjusts, i.period_start) as month
        from billing.invoice_lines b join billing.invoices i on i.id = b.invoice_id and i.tenant_id = b.tenant_id
        where b.invoice_id = invoice and b.tenant_id = tenant) l
    cross join lateral (
        select sum(x.net - coalesce((
                select sum(c.net) from billing.credit_note_lines c
                where c.invoice_id = x.invoice_id and c.tenant_id = x.tenant_id and c.invoice_position = x.position), 0)) as net,
            max(x.adjustment) as adjustments
        from (
            select o.invoice_id, o.tenant_id, o.position, o.net, 0 as adjustment from billing.invoice_lines o
            where o.billed and o.adjustment = 0 and o.starts_on = l.first_day and o.tenant_id = l.tenant_id
                and o.subscription_id = l.subscription_id and o.charge_key = l.charge_key and o.sku = l.sku and o.meter = l.meter
                and o.region = l.region
            union all
            select o.invoice_id, o.tenant_id, o.position, o.net, o.adjustment from billing.invoice_lines o
            where o.billed and o.adjustment > 0 and o.adjusts = l.month and coalesce(o.keyed_on, o.starts_on) = l.first_day
                and o.tenant_id = l.tenant_id and o.subscription_id = l.subscription_id and o.charge_key = l.charge_key and o.sku = l.sku
                and o.meter = l.meter and o.region = l.region
            ) x) s
    where s.adjustments > 0
$$;
