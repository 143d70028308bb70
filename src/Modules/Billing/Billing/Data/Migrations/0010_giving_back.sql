-- A correction to less than what a credit paid gives back to the credit, and never pays out: a use below zero, of the month that is adjusted.
-- A coupon in another currency keeps the rate by which it was taken off.
alter table billing.reduction_uses
    add column adjusts  date,
    add column exchange jsonb;
alter table billing.reduction_uses drop constraint reduction_uses_once;
alter table billing.reduction_uses
    add constraint reduction_uses_once unique nulls not distinct (invoice_id, tenant_id, reduction_id, adjusts);
alter table billing.reduction_uses drop constraint reduction_uses_consumed_check;
alter table billing.reduction_uses
    add constraint reduction_uses_consumed check (consumed >= 0 or (adjusts is not null and kind = 'Credit'));

-- While the invoice that a credit paid is void and the one that gave back stands, more is left than was granted.
alter table billing.credits drop constraint credits_not_overspent;
alter table billing.credits add constraint credits_not_overspent check (remaining >= 0);

-- Whether an invoice gives back to a credit. Only one that is issued does: what a draft gave could be spent before it is drawn anew.
alter table billing.invoices
    add column gives_back boolean not null default false,
    add column voided_at  timestamptz;

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
    -- An invoice from before documents were kept gets its own once, and one that becomes void its instant.
    if tg_op = 'DELETE'
        or (old.status, new.status) not in (
            ('Issued', 'Issued'), ('Issued', 'Paid'), ('Issued', 'Void'), ('Paid', 'Paid'), ('Void', 'Void'))
        or (old.document is not null and new.document is distinct from old.document)
        or (new.voided_at is distinct from old.voided_at and (old.status = 'Void' or new.status <> 'Void'))
        or to_jsonb(new) - array['status', 'paid', 'credited', 'version', 'document', 'voided_at']
            is distinct from to_jsonb(old) - array['status', 'paid', 'credited', 'version', 'document', 'voided_at'] then
        raise exception 'invoice % is issued and does not change', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function billing.use_credits() returns trigger language plpgsql as $$
begin
    update billing.credits c set remaining = c.remaining - u.consumed
    from (
        select reduction_id, tenant_id, sum(consumed) as consumed from added where kind = 'Credit' and consumed > 0 group by 1, 2 order by 1) u
    where c.id = u.reduction_id and c.tenant_id = u.tenant_id;
    if not exists (select from added where consumed < 0) then
        return null;
    end if;
    if exists (
        select from (select distinct tenant_id, reduction_id, adjusts from added where consumed < 0) a
        where 0 > (
            select sum(u.consumed) from billing.reduction_uses u
            join billing.invoices i on i.id = u.invoice_id and i.tenant_id = u.tenant_id
            where u.tenant_id = a.tenant_id and u.reduction_id = a.reduction_id and coalesce(u.adjusts, i.period_start) = a.adjusts)) then
        raise exception 'a credit gets back more of a month than it paid' using errcode = 'check_violation', constraint = 'credits_paid_first';
    end if;
    update billing.invoices set gives_back = true where id in (select invoice_id from added where consumed < 0);
    return null;
end $$;

create or replace function billing.give_credits_back() returns trigger language plpgsql as $$
begin
    update billing.credits c set remaining = c.remaining + u.consumed
    from (
        select reduction_id, tenant_id, sum(consumed) as consumed from removed where kind = 'Credit' and consumed > 0 group by 1, 2 order by 1) u
    where c.id = u.reduction_id and c.tenant_id = u.tenant_id;
    return null;
end $$;

create function billing.give_with_invoice() returns trigger language plpgsql as $$
begin
    update billing.credits c set remaining = c.remaining - u.consumed
    from (
        select reduction_id, sum(consumed) as consumed from billing.reduction_uses
        where invoice_id = new.id and tenant_id = new.tenant_id and consumed < 0 group by 1 order by 1) u
    where c.id = u.reduction_id and c.tenant_id = new.tenant_id;
    return null;
end $$;

create trigger give_with_invoice after update of status on billing.invoices
    for each row when (new.gives_back and old.status = 'Draft' and new.status = 'Issued') execute function billing.give_with_invoice();

-- What it used comes back first, so that what it gave can be taken back of that.
create or replace function billing.forget_uses_of_void() returns trigger language plpgsql as $$
declare credits uuid[]; given numeric[];
begin
    if old.status <> 'Draft' and new.gives_back then
        select array_agg(u.reduction_id order by u.reduction_id), array_agg(u.consumed order by u.reduction_id) into credits, given from (
            select reduction_id, sum(consumed) as consumed from billing.reduction_uses
            where invoice_id = new.id and tenant_id = new.tenant_id and consumed < 0 group by 1) u;
    end if;
    delete from billing.reduction_uses where invoice_id = new.id and tenant_id = new.tenant_id;
    update billing.credits c set remaining = c.remaining + u.consumed
    from unnest(credits, given) as u (id, consumed) where c.id = u.id and c.tenant_id = new.tenant_id;
    return null;
end $$;

-- Who adjusts an invoice has read what it says and what was credited of it. Nobody credits, withdraws or redraws it until that is written; where
-- someone has meanwhile, all is read anew.
create function billing.hold_adjusted(ids uuid[], versions int[]) returns void language plpgsql as $$
begin
    perform from billing.invoices where id = any (ids) order by id for share;
    if cardinality(ids) <> (
        select count(*) from unnest(ids, versions) as r (id, version) join billing.invoices i on i.id = r.id and i.version = r.version) then
        raise exception 'an invoice that is adjusted has changed since it was read' using errcode = 'serialization_failure';
    end if;
end $$;

-- Of the lines of an invoice that others adjust, or that adjust others: what is left of the thing as a whole, less what credit notes took back.
create function billing.left_of_adjusted(invoice uuid, tenant uuid) returns table (line_position int, net numeric) language sql stable as $$
    select l.position, s.net
    from billing.invoice_lines l
    join billing.invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id
    cross join lateral (
        select sum(x.net - coalesce((
                select sum(c.net) from billing.credit_note_lines c
                where c.invoice_id = x.invoice_id and c.tenant_id = x.tenant_id and c.invoice_position = x.position), 0)) as net,
            max(x.adjustment) as adjustments
        from (
            select o.invoice_id, o.tenant_id, o.position, o.net, 0 as adjustment from billing.invoice_lines o
            where o.billed and o.adjustment = 0 and o.starts_on = l.starts_on and o.tenant_id = l.tenant_id
                and o.subscription_id = l.subscription_id and o.charge_key = l.charge_key and o.sku = l.sku and o.meter = l.meter
                and o.region = l.region
            union all
            select o.invoice_id, o.tenant_id, o.position, o.net, o.adjustment from billing.invoice_lines o
            where o.billed and o.adjustment > 0 and o.adjusts = coalesce(l.adjusts, i.period_start)
                and o.starts_on = l.starts_on and o.tenant_id = l.tenant_id
                and o.subscription_id = l.subscription_id and o.charge_key = l.charge_key and o.sku = l.sku and o.meter = l.meter
                and o.region = l.region
            ) x) s
    where l.invoice_id = invoice and l.tenant_id = tenant and s.adjustments > 0
$$;

-- What a correction took back is not credited once more; the void of an invoice takes back all of it, and its month is billed anew.
create function billing.check_credit_of_adjusted() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct credit_note_id, tenant_id, invoice_id from added) a
        join billing.credit_notes n on n.id = a.credit_note_id and n.tenant_id = a.tenant_id and not n.voids
        cross join lateral billing.left_of_adjusted(a.invoice_id, a.tenant_id) t
        join added l on l.credit_note_id = a.credit_note_id and l.invoice_id = a.invoice_id and l.invoice_position = t.line_position
        where l.net > 0 and t.net < 0) then
        raise exception 'a correction took back already what is credited' using errcode = 'check_violation', constraint = 'credit_notes_within_lines';
    end if;
    return null;
end $$;
create trigger check_of_adjusted after insert on billing.credit_note_lines
    referencing new table as added for each statement execute function billing.check_credit_of_adjusted();
