-- Many transactions are written by one statement, with all their entries, and checked as a whole: triggers of the statement instead of the row, so
-- that an account is changed once however many entries it gets. What is there already stays as it is; the checks are of what is added.
alter table billing.ledger_transactions add column description text;

drop trigger apply on billing.ledger_entries;
drop trigger balanced on billing.ledger_entries;
drop trigger balanced on billing.ledger_transactions;
drop function billing.apply_ledger_entry();
drop function billing.check_ledger_transaction();

-- What is added is looked up by keys, whatever the planner believes of tables that have grown since it was last told of them.
create function billing.apply_ledger_entries() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare bad text;
begin
    -- In one order, for whoever has not locked them before.
    perform from billing.ledger_balances where account_id = any (array(select distinct account_id from added)) order by account_id
        for no key update;

    -- Each entry says its number in its account and what that holds after it, so that a changed entry shows at its place.
    select format('%s/%s', transaction_id, position) into bad from (
        select e.transaction_id, e.position, b.account_id is not null
            and e.number = b.entries + row_number() over account and e.balance_after = b.balance + sum(e.amount) over account
            and (b.kind = 'Prepaid') = (e.lot_id is not null) as good
        from added e left join billing.ledger_balances b on b.account_id = e.account_id
        window account as (partition by e.account_id order by e.number rows unbounded preceding)) x
    where not good limit 1;
    if bad is not null then
        raise exception 'ledger entry % does not follow the one before it in its account, or names a lot where none is, or none where one is', bad
            using errcode = 'check_violation', constraint = 'ledger_chained';
    end if;

    update billing.ledger_balances b set balance = b.balance + s.amount, entries = b.entries + s.entries
    from (select account_id, sum(amount) as amount, count(*) as entries from added group by account_id) s where b.account_id = s.account_id;
    update billing.credit_lots l set remaining = l.remaining + s.amount
    from (select lot_id, sum(amount) as amount from added where lot_id is not null group by lot_id) s where l.id = s.lot_id;

    -- All entries of a transaction at once, numbered from 1: none can be added to it later, for each place is taken.
    select transaction_id::text into bad from (
        select transaction_id, count(*) as entries, min(position) as first, max(position) as last from added group by transaction_id) a
    where first <> 1 or last <> entries
        or entries is distinct from (select t.entries from billing.ledger_transactions t where t.id = a.transaction_id) limit 1;
    if bad is null then
        select transaction_id::text into bad from added group by transaction_id, unit having sum(amount) <> 0 limit 1;
    end if;
    if bad is not null then
        raise exception 'ledger transaction % does not balance', bad using errcode = 'check_violation', constraint = 'ledger_balanced';
    end if;
    return null;
end $$;

create trigger apply after insert on billing.ledger_entries
    referencing new table as added for each statement execute function billing.apply_ledger_entries();

-- By the end of the statement that adds a transaction its entries are there; of those the trigger above has checked each.
create function billing.require_ledger_entries() returns trigger language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare bad uuid;
begin
    select id into bad from added
    where not exists (select from billing.ledger_entries e where e.transaction_id = added.id and e.position = 1) limit 1;
    if bad is not null then
        raise exception 'ledger transaction % has no entries', bad using errcode = 'check_violation', constraint = 'ledger_balanced';
    end if;
    return null;
end $$;

create trigger balanced after insert on billing.ledger_transactions
    referencing new table as added for each statement execute function billing.require_ledger_entries();
