-- A payment may come from prepaid credit, and one that turns out to be none is reversed, once, whatever is open.
alter table billing.payments
    add column from_credit boolean not null default false,
    add column reverses    uuid;
create unique index payments_reversed_once on billing.payments (reverses) where reverses is not null;

create or replace function billing.apply_payment() returns trigger language plpgsql as $$
declare owing numeric; owed billing.invoices%rowtype;
begin
    select * into owed from billing.invoices where id = new.invoice_id and tenant_id = new.tenant_id for update;
    owing := owed.total - owed.credited - owed.paid;
    if not found or owed.status not in ('Issued', 'Paid') or owed.currency <> new.currency
        or (new.reverses is null and (sign(new.amount) <> sign(owing) or abs(new.amount) > abs(owing))) then
        raise exception 'a payment of % is more than is open of invoice %', new.amount, owed.number
            using errcode = 'check_violation', constraint = 'payments_not_above_open';
    end if;
    if new.reverses is not null and not exists (
        select from billing.payments p
        where p.id = new.reverses and p.invoice_id = new.invoice_id and p.tenant_id = new.tenant_id and p.reverses is null
            and p.amount = -new.amount and p.from_credit = new.from_credit) then
        raise exception 'what is reversed is no payment of % of invoice %', -new.amount, owed.number
            using errcode = 'check_violation', constraint = 'payments_reverse_payments';
    end if;
    new.number := (select coalesce(max(number), 0) + 1 from billing.payments where invoice_id = new.invoice_id and tenant_id = new.tenant_id);
    update billing.invoices set paid = paid + new.amount, version = version + 1,
        status = case
            when owing = new.amount then 'Paid'
            when new.reverses is not null and sign(owing - new.amount) = sign(owed.total) then 'Issued'
            else status end
    where id = new.invoice_id;
    return new;
end $$;

-- What was paid is open again when its payment is reversed.
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
            ('Issued', 'Issued'), ('Issued', 'Paid'), ('Issued', 'Void'), ('Paid', 'Paid'), ('Paid', 'Issued'), ('Void', 'Void'))
        or (old.document is not null and new.document is distinct from old.document)
        or (new.voided_at is distinct from old.voided_at and (old.status = 'Void' or new.status <> 'Void'))
        or to_jsonb(new) - array['status', 'paid', 'credited', 'version', 'document', 'voided_at']
            is distinct from to_jsonb(old) - array['status', 'paid', 'credited', 'version', 'document', 'voided_at'] then
        raise exception 'invoice % is issued and does not change', old.number using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- Prepaid is what was received before it was owed: no cash comes in when it pays.
-- All that is there was checked by the shorter list; whoever books does not wait for a look at it.
alter table billing.journal_entries drop constraint journal_entries_account_check;
alter table billing.journal_entries add constraint journal_entries_account_check
    check (account in ('Receivable', 'Revenue', 'Tax', 'Cash', 'Prepaid')) not valid;

create or replace function billing.post_payment(payment uuid, day date) returns void language sql as $$
    insert into billing.journal_entries (
        document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on, booked_on,
        account, currency, amount)
    select p.id, p.tenant_id, a.position, p.owner_path, p.seller_id, 'Payment', format('%s-P%s', i.number, lpad(p.number::text, 4, '0')), i.number,
        p.reference, p.paid_on, billing.booking_day(day), a.account, p.currency, a.amount
    from billing.payments p join billing.invoices i on i.id = p.invoice_id
    cross join lateral (values (1, case when p.from_credit then 'Prepaid' else 'Cash' end, p.amount), (2, 'Receivable', -p.amount))
        as a (position, account, amount)
    where p.id = payment
$$;
