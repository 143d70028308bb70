-- How a line came from what was rated to its net, and by which exchange rate. Lines of before had none of it.
alter table billing.invoice_lines
    add column cap_reduction numeric not null default 0,
    add column discount      numeric not null default 0,
    add column credit        numeric not null default 0,
    add column exchange      jsonb;

create table billing.coupons (
    id          uuid primary key,
    code        text not null constraint coupons_code unique,
    name        text not null,
    percent     numeric check (percent > 0 and percent <= 100),
    amount      numeric check (amount > 0),
    currency    text,
    valid_from  date not null,
    valid_until date check (valid_until > valid_from),
    periods     int check (periods > 0),
    plans       jsonb not null,
    charges     jsonb not null,
    created_at  timestamptz not null,
    version     int not null,
    constraint coupons_percent_or_amount check ((percent is null) <> (amount is null) and (amount is null) = (currency is null))
);

-- Once per subscription, and once for a tenant as a whole.
create table billing.coupon_redemptions (
    id              uuid not null,
    coupon_id       uuid not null references billing.coupons (id),
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    subscription_id uuid,
    starts_on       date not null,
    ends_on         date check (ends_on > starts_on),
    created_at      timestamptz not null,
    primary key (id, tenant_id),
    constraint coupon_redemptions_once unique nulls not distinct (coupon_id, tenant_id, subscription_id)
);

create index coupon_redemptions_tenant on billing.coupon_redemptions (tenant_id, id);
create index coupon_redemptions_coupon on billing.coupon_redemptions (coupon_id, id);

create table billing.credits (
    id              uuid not null,
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    subscription_id uuid,
    reference       text not null,
    name            text not null,
    amount          numeric check (amount > 0),
    currency        text,
    quantity        numeric check (quantity > 0),
    meter           text,
    sku             text,
    valid_from      date not null,
    valid_until     date check (valid_until > valid_from),
    remaining       numeric not null,
    created_at      timestamptz not null,
    primary key (id, tenant_id),
    constraint credits_reference unique (tenant_id, reference),
    constraint credits_amount_or_quantity check (
        (amount is null) <> (quantity is null) and (amount is null) = (currency is null) and (quantity is null) = (meter is null)),
    -- Two periods of one tenant may be billed at once: the later one fails here, and is rated anew with what is left.
    constraint credits_not_overspent check (remaining >= 0 and remaining <= coalesce(amount, quantity))
);

create index credits_tenant on billing.credits (tenant_id, id);
create index credits_owner_path on billing.credits (owner_path, id);

-- What an invoice used. It goes with its draft, and with the voiding of an issued one.
create table billing.reduction_uses (
    invoice_id   uuid not null references billing.invoices (id) on delete cascade,
    tenant_id    uuid not null,
    reduction_id uuid not null,
    kind         text not null check (kind in ('Coupon', 'Credit')),
    amount       text not null,
    consumed     numeric not null check (consumed >= 0),
    constraint reduction_uses_once primary key (invoice_id, tenant_id, reduction_id)
);

create index reduction_uses_of on billing.reduction_uses (tenant_id, reduction_id, invoice_id);

create function billing.use_credits() returns trigger language plpgsql as $$
begin
    update billing.credits c set remaining = c.remaining - u.consumed
    from (select reduction_id, tenant_id, sum(consumed) as consumed from added where kind = 'Credit' group by 1, 2 order by 1) u
    where c.id = u.reduction_id and c.tenant_id = u.tenant_id;
    return null;
end $$;

create function billing.give_credits_back() returns trigger language plpgsql as $$
begin
    update billing.credits c set remaining = c.remaining + u.consumed
    from (select reduction_id, tenant_id, sum(consumed) as consumed from removed where kind = 'Credit' group by 1, 2 order by 1) u
    where c.id = u.reduction_id and c.tenant_id = u.tenant_id;
    return null;
end $$;

create function billing.keep_uses() returns trigger language plpgsql as $$
begin
    raise exception 'what an invoice used does not change' using errcode = 'restrict_violation';
end $$;

create trigger use_credits after insert on billing.reduction_uses
    referencing new table as added for each statement execute function billing.use_credits();
create trigger give_back after delete on billing.reduction_uses
    referencing old table as removed for each statement execute function billing.give_credits_back();
create trigger keep before update on billing.reduction_uses for each row execute function billing.keep_uses();

create function billing.forget_uses_of_void() returns trigger language plpgsql as $$
begin
    delete from billing.reduction_uses where invoice_id = new.id and tenant_id = new.tenant_id;
    return null;
end $$;

create trigger forget_uses after update of status on billing.invoices
    for each row when (new.status = 'Void' and old.status <> 'Void') execute function billing.forget_uses_of_void();
