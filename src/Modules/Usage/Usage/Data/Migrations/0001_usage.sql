-- One row per accepted record, never changed. The unique key is the whole de-duplication (ADR 0020). The record's id leads it, so
-- that senders with time-ordered ids insert at one place of the index; the tenant makes it his own.
create table usage.records (
    record_id text collate "C" not null,
    tenant_id uuid not null,
    subscription_id uuid not null,
    content_hash uuid not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    received_at timestamptz not null,
    day date not null,
    quantity numeric(38, 18) not null,
    owner_path text collate "C" not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    resource_id text collate "C",
    dimensions jsonb,
    constraint records_record_id unique (record_id, tenant_id)
) with (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Rolling up a day of a tenant, and reading a tenant's records newest first.
create index records_tenant_day on usage.records (tenant_id, day, started_at);

-- A log, not a set: a unique key would make two batches of one tenant wait for each other. Rows live until the day is rolled up.
create table usage.dirty_days (
    id bigint generated always as identity primary key,
    tenant_id uuid not null,
    day date not null
) with (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 1000
);

create index dirty_days_tenant_day on usage.dirty_days (tenant_id, day);

create table usage.daily_rollups (
    tenant_id uuid not null,
    subscription_id uuid not null,
    day date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    owner_path text collate "C" not null,
    aggregation text not null,
    quantity numeric not null,
    records bigint not null,
    primary key (tenant_id, subscription_id, day, meter, sku, region)
);

create index daily_rollups_tenant_day on usage.daily_rollups (tenant_id, day);

create index daily_rollups_owner_path on usage.daily_rollups (owner_path, day);

-- The distinct resources of a day, for meters that count them: days cannot be added up to a period's number without knowing which.
create table usage.daily_resources (
    tenant_id uuid not null,
    subscription_id uuid not null,
    day date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    resource_id text collate "C" not null,
    primary key (tenant_id, subscription_id, day, meter, sku, region, resource_id)
);

create index daily_resources_tenant_day on usage.daily_resources (tenant_id, day);
