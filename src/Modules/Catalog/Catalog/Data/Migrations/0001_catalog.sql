create table catalog.meters (
    id          uuid primary key,
    key         text not null constraint meters_key unique,
    unit        text not null,
    aggregation text not null,
    created_at  timestamptz not null,
    version     int not null
);

create table catalog.products (
    id         uuid primary key,
    key        text not null constraint products_key unique,
    name       text not null,
    features   jsonb not null,
    created_at timestamptz not null,
    version    int not null
);

create table catalog.plans (
    id                 uuid primary key,
    key                text not null constraint plans_key unique,
    name               text not null,
    product            text not null references catalog.products (key),
    currency           text not null,
    status             text not null,
    draft              jsonb,
    versions           jsonb not null,
    current_version_id uuid,
    created_at         timestamptz not null,
    version            int not null
);

create table catalog.plan_versions (
    id               uuid primary key,
    plan_id          uuid not null references catalog.plans (id),
    plan_key         text not null,
    number           int not null,
    name             text not null,
    product          text not null,
    currency         text not null,
    charges          jsonb not null,
    uses_price_lists boolean not null,
    trial_days       int not null,
    published_at     timestamptz not null,
    constraint plan_versions_number unique (plan_id, number)
);

-- What was sold stays what it was, whoever holds the connection.
create function catalog.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a published plan version never changes' using errcode = 'restrict_violation';
end
$$;

create trigger plan_versions_immutable before update or delete on catalog.plan_versions
    for each row execute function catalog.refuse_change();

create table catalog.price_lists (
    id              uuid primary key,
    key             text not null constraint price_lists_key unique,
    name            text not null,
    scope           text not null,
    region          text,
    tenant_id       uuid,
    subscription_id uuid,
    owner_path      text collate "C" not null,
    currency        text not null,
    valid_from      date not null,
    valid_until     date,
    items_changed_at timestamptz not null,
    created_at      timestamptz not null,
    version         int not null,
    constraint price_lists_validity check (valid_until > valid_from),
    constraint price_lists_target check (
        (scope = 'Region') = (region is not null)
        and (scope in ('Tenant', 'Subscription')) = (tenant_id is not null)
        and (scope = 'Subscription') = (subscription_id is not null))
);

create index price_lists_owner on catalog.price_lists (owner_path, id);

create index price_lists_tenant on catalog.price_lists (tenant_id) where tenant_id is not null;

create table catalog.price_list_items (
    price_list_id uuid not null references catalog.price_lists (id),
    sku           text collate "C" not null,
    meter         text collate "C" not null,
    name          text not null,
    price         jsonb not null,
    primary key (price_list_id, sku, meter)
);

-- Who else prices this: the question of every change to a global list.
create index price_list_items_sku on catalog.price_list_items (sku, meter, price_list_id);
