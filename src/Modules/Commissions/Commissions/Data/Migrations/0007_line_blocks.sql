-- The lines of a statement's own month, by the thousand and by columns: they are written and read together and never change, and as rows of their own
-- with keys of their own they are most of what a close takes (ADR 0073). Null where nothing differs from what nearly all have.
create table commissions.line_blocks (
    statement_id   uuid not null,
    first_position int not null check (first_position > 0),
    last_position  int not null,
    document_ids   uuid[] not null,
    -- Null: each document is an invoice.
    invoice_ids    uuid[],
    numbers        text[] not null,
    tenant_ids     uuid[] not null,
    invoiced       numeric[] not null,
    -- Null: all are in the statement's currency, and count as they are.
    currencies     text[],
    rates          numeric[],
    nets           numeric[],
    commissions    numeric[] not null,
    -- Null: by no scheme with rates of its own.
    parts          jsonb[],
    primary key (statement_id, first_position),
    check (last_position = first_position + cardinality(document_ids) - 1 and last_position >= first_position),
    check (cardinality(document_ids) = all (array[cardinality(numbers), cardinality(tenant_ids), cardinality(invoiced), cardinality(commissions)])),
    check (cardinality(invoice_ids) = cardinality(document_ids)),
    check (cardinality(parts) = cardinality(document_ids)),
    check ((currencies is null) = (rates is null) and (rates is null) = (nets is null)),
    check (cardinality(document_ids) = all (array[cardinality(currencies), cardinality(rates), cardinality(nets)])),
    check (0 < all (rates))
);
-- Packing takes longer than writing does.
alter table commissions.line_blocks
    alter document_ids set storage external, alter invoice_ids set storage external, alter numbers set storage external,
    alter tenant_ids set storage external, alter invoiced set storage external, alter currencies set storage external,
    alter rates set storage external, alter nets set storage external, alter commissions set storage external;
comment on table commissions.line_blocks is 'append-only: the documents of a statement''s own month';
create trigger keep_statement before update or delete on commissions.line_blocks
    for each row execute function commissions.keep_statement();

-- Every line of a statement. Whoever reads a part of it says between which places, so that only the blocks with these are opened.
create view commissions.lines as
select b.statement_id, b.first_position + u.n::int - 1 as position, b.first_position as block_start, b.last_position as block_end,
    s.organization_id, s.period_start as month, u.document_id, coalesce(u.invoice_id, u.document_id) as invoice_id, false as reverses, u.number,
    u.tenant_id, u.invoiced, coalesce(u.currency, s.currency) as currency, coalesce(u.rate, 1) as rate, coalesce(u.net, u.invoiced) as net,
    u.commission, coalesce(u.parts, '[]') as parts
from commissions.line_blocks b
join commissions.statements s on s.id = b.statement_id
cross join lateral unnest(
    b.document_ids, b.invoice_ids, b.numbers, b.tenant_ids, b.invoiced, b.currencies, b.rates, b.nets, b.commissions, b.parts)
    with ordinality as u (document_id, invoice_id, number, tenant_id, invoiced, currency, rate, net, commission, parts, n)
union all
select statement_id, position, position, position, organization_id, month, document_id, invoice_id, reverses, number, tenant_id, invoiced, currency,
    rate, net, commission, parts
from commissions.statement_lines;

-- Rows are the lines of adjustments from now on. What counts in its own month, or was counted there, is not counted again.
create function commissions.check_counted_once() returns trigger language plpgsql set enable_nestloop = off as $$
declare twice uuid;
begin
    if not exists (select from added where not reverses) then
        return null;
    end if;
    -- Each block is opened once, however many rows there are.
    select a.document_id into twice
    from (
        select s.organization_id, s.period_start as month, d.id
        from (select distinct organization_id, month from added where not reverses) wanted
        join commissions.statements s on s.organization_id = wanted.organization_id and s.period_start = wanted.month
        join commissions.line_blocks b on b.statement_id = s.id
        cross join lateral unnest(b.document_ids) as d (id)) counted
    join added a on a.organization_id = counted.organization_id and a.month = counted.month and a.document_id = counted.id
    where not a.reverses limit 1;
    if found then
        raise exception 'document % counts already', twice using errcode = 'unique_violation', constraint = 'statement_lines_once';
    end if;
    return null;
end $$;
create trigger counted_once after insert on commissions.statement_lines
    referencing new table as added for each statement execute function commissions.check_counted_once();

-- Which instants were counted: each in one month, whatever time zone months are of later. What closings of before do not say the next close does, by the
-- time zone that it finds.
alter table commissions.closings
    add column counted_from  timestamptz,
    add column counted_until timestamptz,
    add check (counted_from < counted_until),
    add constraint closings_count_once exclude using gist (tstzrange(counted_from, counted_until) with &&)
        where (counted_from is not null);
