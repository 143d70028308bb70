-- What a credit paid in advance, or got back of that, was kept as of the month before (until ADR 0051). The lines say how much of it is of which
-- month; where several credits paid, each has its part of it.
alter table billing.reduction_uses disable trigger user;

do $$
declare part record;
begin
    for part in
        with moves as (
            select l.invoice_id, l.tenant_id, null::date as of_month, l.ahead_of as to_month, sum(l.credit) as amount
            from billing.invoice_lines l where l.ahead_of is not null group by 1, 2, 3, 4
            union all
            select l.invoice_id, l.tenant_id, (i.period_start - interval '1 month')::date, i.period_start, sum(l.credit)
            from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id
            where l.adjustment > 0 and l.adjusts = i.period_start group by 1, 2, 3, 4),
        uses as materialized (
            select u.invoice_id, u.tenant_id, u.reduction_id, u.adjusts, u.amount::numeric as amount, u.consumed, c.valid_until
            from billing.reduction_uses u
            join billing.credits c on c.id = u.reduction_id and c.tenant_id = u.tenant_id and c.quantity is null
            where u.kind = 'Credit' and u.amount !~ '/' and u.consumed <> 0),
        missing as (
            select m.invoice_id, m.tenant_id, m.of_month, m.to_month, m.amount - coalesce(sum(u.amount), 0) as amount
            from moves m
            left join uses u on u.invoice_id = m.invoice_id and u.tenant_id = m.tenant_id and u.adjusts = m.to_month
            group by m.invoice_id, m.tenant_id, m.of_month, m.to_month, m.amount
            having sign(m.amount - coalesce(sum(u.amount), 0)) = sign(m.amount) and m.amount <> 0),
        parts as (
            select u.*, m.to_month, m.amount as moved, sum(u.amount) over w as whole,
                sum(u.amount) over (w order by coalesce(u.valid_until, 'infinity'), u.reduction_id) as reached,
                greatest(scale(m.amount), max(scale(u.amount)) over w) as places
            from missing m
            join uses u on u.invoice_id = m.invoice_id and u.tenant_id = m.tenant_id and u.adjusts is not distinct from m.of_month
                and sign(u.amount) = sign(m.amount)
            window w as (partition by u.invoice_id, u.tenant_id, m.to_month))
        select p.*, round(bounded * reached / whole, places) - round(bounded * (reached - amount) / whole, places) as share
        from (select q.*, sign(moved) * least(abs(moved), abs(whole)) as bounded from parts q) p
    loop
        if part.share = 0 then
            continue;
        end if;
        delete from billing.reduction_uses u
        where u.invoice_id = part.invoice_id and u.tenant_id = part.tenant_id and u.reduction_id = part.reduction_id
            and u.adjusts is not distinct from part.adjusts;
        insert into billing.reduction_uses as u (invoice_id, tenant_id, reduction_id, kind, amount, consumed, adjusts)
        select part.invoice_id, part.tenant_id, part.reduction_id, 'Credit', trim_scale(x.amount)::text, x.consumed, x.adjusts
        from (values
            (part.amount - part.share, part.consumed - part.consumed * part.share / part.amount, part.adjusts),
            (part.share, part.consumed * part.share / part.amount, part.to_month)) as x (amount, consumed, adjusts)
        where x.amount <> 0
        on conflict on constraint reduction_uses_once do update
            set amount = trim_scale(u.amount::numeric + excluded.amount::numeric)::text, consumed = u.consumed + excluded.consumed;
    end loop;
end $$;

alter table billing.reduction_uses enable trigger user;

-- A run that was drafting when the rules changed is drafted by both: nothing of its round is issued, but by hand, so it begins anew. One that is held
-- and drafted by the older rules alone, and one that issues, go on: of these some numbers are taken.
update billing.runs r set state = 'Planning', round = r.round + 1, round_at = now(), not_billed = 0, finished_at = null, deviations = null,
    confirmed_by = null, confirmed_by_name = null, confirmed_at = null
where r.state in ('Drafting', 'Held')
    and exists (
        select from billing.invoices i where i.seller_id = r.seller_id and i.period_start = r.period_start and i.period_end = r.period_end
            and i.status = 'Draft' and i.round is null)
    and (r.state = 'Drafting' or exists (
        select from billing.invoices i where i.seller_id = r.seller_id and i.period_start = r.period_start and i.period_end = r.period_end
            and i.status = 'Draft' and i.round = r.round));
