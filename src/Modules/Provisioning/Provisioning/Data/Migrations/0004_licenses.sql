create table provisioning.licenses (
    id              uuid primary key,
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    partner_id      uuid not null,
    code            text not null,
    license_version int not null,
    quantity        text not null,
    users           int,
    names           jsonb not null,
    info            text,
    demo            boolean not null,
    amount          numeric not null check (amount >= 0),
    currency        text,
    points          numeric not null check (points >= 0),
    duration_months int check (duration_months > 0),
    duration_days   int check (duration_days > 0),
    anchor_on       date,
    anchor_months   int not null check (anchor_months >= 0),
    starts_on       date,
    ends_on         date,
    created_at      timestamptz not null,
    cancelled_at    timestamptz,
    renews_id       uuid references provisioning.licenses (id),
    renewed_by_id   uuid references provisioning.licenses (id),
    version         int not null,
    constraint licenses_days check ((starts_on is null) = (ends_on is null) and ends_on > starts_on),
    constraint licenses_duration check ((duration_months is null) = (duration_days is not null)),
    constraint licenses_demo_is_free check (demo = (currency is null) and (not demo or (amount = 0 and points = 0)))
);

create index licenses_tenant on provisioning.licenses (tenant_id, id);
create index licenses_owner_path on provisioning.licenses (owner_path, id);
-- A licence has one successor; a cancelled one makes room for another.
create unique index licenses_renewed_once on provisioning.licenses (renews_id) where cancelled_at is null;

-- How many demo licences a customer has had, ever; raised under the row's lock, and never above two.
create table provisioning.demo_counts (
    tenant_id uuid primary key,
    used      int not null,
    constraint demo_counts_cap check (used between 1 and 2)
);

-- What the customer area is told of a customer beside what an organisation is.
create table provisioning.customer_profiles (
    tenant_id  uuid primary key,
    owner_path text collate "C" not null,
    industry   text not null,
    language   text not null
);
