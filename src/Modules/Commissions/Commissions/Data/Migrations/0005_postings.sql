-- Whether what the closing's statements say is in the journal. Of what was closed before only what is still owed gets there, when next something is booked.
alter table commissions.closings add column posted boolean not null default false;

-- How often it was paid, and by which references what was paid came back: none of these pays it again.
alter table commissions.payouts
    add column payments int not null default 0 check (payments >= 0),
    add column returned text[] not null default '{}';
alter table commissions.payouts disable trigger keep_payout;
update commissions.payouts set payments = 1 where paid_on is not null;
alter table commissions.payouts enable trigger keep_payout;
alter table commissions.payouts
    add constraint payouts_payments check (payments = cardinality(returned) + case when paid_on is null then 0 else 1 end);

-- What is paid stays, unless it comes back, and then it is told by which reference.
create or replace function commissions.keep_payout() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or not new.returned @> old.returned or new.payments < old.payments
        or (old.paid_on is not null and (new.paid_on, new.reference) is distinct from (old.paid_on, old.reference)
            and (new.paid_on is not null or new.returned is distinct from old.returned || old.reference))
        or (new.id, new.statement_id, new.organization_id, new.owner_path, new.amount, new.currency, new.due_on, new.created_at)
            is distinct from
            (old.id, old.statement_id, old.organization_id, old.owner_path, old.amount, old.currency, old.due_on, old.created_at) then
        raise exception 'what is to be paid out does not change, and what is paid is not paid again' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- Which orders were taken back, whatever of them was paid before: their files are not for the bank any more.
create table commissions.payment_order_withdrawals (
    order_id     uuid primary key,
    reason       text not null,
    withdrawn_at timestamptz not null
);
comment on table commissions.payment_order_withdrawals is 'append-only: orders that were taken back';

-- Percentages of their own for what is charged by a plan, or for a product; and by which of them statements and their lines were reached.
alter table commissions.schemes add column rates jsonb not null default '[]';
alter table commissions.statements add column rated jsonb not null default '[]';
alter table commissions.statement_lines add column parts jsonb not null default '[]';
