-- What a statement carried on and none after it can take over any more, or is not to wait for: paid out, or where it is below zero written off. Once.
create table commissions.settlements (
    statement_id    uuid primary key,
    organization_id uuid not null,
    owner_path      text collate "C" not null,
    amount          numeric not null check (amount <> 0),
    currency        text not null,
    reason          text not null,
    settled_at      timestamptz not null
);
comment on table commissions.settlements is 'append-only: what statements carried on and was settled';

-- What was settled is paid or written off already: whoever does not know of it, and would take it over, is refused.
create function commissions.keep_settled() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select id from commissions.statements where organization_id = new.organization_id order by closing desc limit 1) last
        join commissions.settlements t on t.statement_id = last.id) then
        raise exception 'what was carried on for % is settled', new.organization_id
            using errcode = 'check_violation', constraint = 'settled_not_carried';
    end if;
    return new;
end $$;
create trigger keep_settled before insert on commissions.statements
    for each row when (new.carried_in <> 0) execute function commissions.keep_settled();

-- The end of the newest month of which something is in what a statement carries on: months are closed in any order, and what one carries the next takes over.
create function commissions.carried_until(organization uuid, until int) returns date language sql stable as $$
    with carrying as (
        select s.id, s.period_end from commissions.statements s
        where s.organization_id = organization and s.closing <= until and s.closing > coalesce((
            select max(e.closing) from commissions.statements e left join commissions.settlements t on t.statement_id = e.id
            where e.organization_id = organization and e.closing < until and (e.carried_out = 0 or t.statement_id is not null)), 0))
    select max(ends) from (
        select period_end as ends from carrying union all
        select (a.month + interval '1 month')::date from commissions.adjustments a join carrying c on c.id = a.statement_id) x
$$;
