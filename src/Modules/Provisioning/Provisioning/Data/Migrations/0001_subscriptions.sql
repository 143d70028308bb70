create table provisioning.subscriptions (
    id              uuid primary key,
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    plan_id         uuid not null,
    plan_version_id uuid not null,
    product         text not null,
    reference       text,
    starts_on       date not null,
    expires_on      date,
    cancelled_on    date,
    ends_on         date,
    suspended_on    date,
    history         jsonb not null,
    suspensions     jsonb not null,
    created_at      timestamptz not null,
    version         int not null,
    constraint subscriptions_reference unique (tenant_id, reference),
    constraint subscriptions_term check (expires_on > starts_on),
    constraint subscriptions_end check (ends_on is not distinct from least(cancelled_on, expires_on) and ends_on >= starts_on)
);

-- Lists by branch, newest first within it.
create index subscriptions_owner on provisioning.subscriptions (owner_path, id);

-- Billing walks the tenants in order and skips what lies outside the period without reading its row.
create index subscriptions_tenant on provisioning.subscriptions (tenant_id, starts_on, ends_on);

create table provisioning.subscription_history (
    id              uuid primary key,
    subscription_id uuid not null references provisioning.subscriptions (id),
    at              timestamptz not null,
    what            text not null,
    effective_on    date not null,
    quantities      jsonb,
    reason          text,
    "by"            text not null
);

create index subscription_history_subscription on provisioning.subscription_history (subscription_id, id);
