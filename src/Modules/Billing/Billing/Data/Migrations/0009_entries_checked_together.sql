-- The three foreign keys of an entry were looked up one by one, which cost the server as much as all the rest of a debit. What entries name is
-- checked for the statement as a whole instead, as their sums are (ADR 0044); and what they name can be neither deleted nor renamed, by nobody.
alter table billing.ledger_entries
    drop constraint ledger_entries_transaction_id_fkey,
    drop constraint ledger_entries_account_id_unit_fkey,
    drop constraint ledger_entries_lot_id_account_id_fkey;

create or replace function billing.apply_ledger_entries() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare bad text;
begin
    -- In one order, for whoever has not locked them before.
    perform from billing.ledger_balances where account_id = any (array(select distinct account_id from added)) order by account_id
        for no key update;

    select format('%s, %s', e.account_id, coalesce(e.lot_id::text, e.unit)) into bad
    from (select distinct account_id, unit, lot_id from added) e
    left join billing.ledger_accounts a on a.id = e.account_id and a.unit = e.unit
    left join billing.credit_lots l on l.id = e.lot_id and l.account_id = e.account_id
    where a.id is null or (e.lot_id is not null and l.id is null) limit 1;
    if bad is not null then
        raise exception 'a ledger entry names an account or a lot that there is not: %', bad
            using errcode = 'foreign_key_violation', constraint = 'ledger_entries_named';
    end if;

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

    -- All entries of a transaction that there is at once, numbered from 1: none can be added to it later, for each place is taken.
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

-- As their foreign keys had it; transactions are never changed anyway.
create trigger named_by_entries before delete or update of id, unit on billing.ledger_accounts
    for each row execute function billing.refuse_ledger_change();
create trigger named_by_entries before delete or update of id, account_id on billing.credit_lots
    for each row execute function billing.refuse_ledger_change();
