-- A cell holds everything that any aggregation needs, so that what a meter counts is decided where it is read, and merging new records
-- needs the new records only (ADR 0037). What was there is computed anew from the records.
drop table usage.daily_rollups;

drop table usage.daily_resources;

create table usage.daily_rollups (
    tenant_id uuid not null,
    subscription_id uuid not null,
    day date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    owner_path text collate "C" not null,
    records bigint not null,
    total numeric not null,
    largest numeric not null,
    last_quantity numeric not null,
    last_started_at timestamptz not null,
    last_received_at timestamptz not null,
    last_record_id text collate "C" not null,
    resources bigint not null,
    primary key (tenant_id, subscription_id, day, meter, sku, region)
) with (fillfactor = 80);

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

-- A month of billing days, by its first. Billing a month reads these rows and no others. Led by the month: a run reads one month of all.
create table usage.monthly_rollups (
    tenant_id uuid not null,
    subscription_id uuid not null,
    month date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    records bigint not null,
    total numeric not null,
    largest numeric not null,
    last_quantity numeric not null,
    last_started_at timestamptz not null,
    last_received_at timestamptz not null,
    last_record_id text collate "C" not null,
    resources bigint not null,
    primary key (month, tenant_id, subscription_id, meter, sku, region)
) with (fillfactor = 80);

create table usage.monthly_resources (
    tenant_id uuid not null,
    subscription_id uuid not null,
    month date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    resource_id text collate "C" not null,
    primary key (month, tenant_id, subscription_id, meter, sku, region, resource_id)
);

-- The sets of dimensions that have cells of their own: so many per tenant and day, the rest is one set. Which ones is remembered, so
-- that a day computed anew has the same.
create table usage.dimension_sets (
    tenant_id uuid not null,
    day date not null,
    dimension_set uuid not null,
    dimensions jsonb not null,
    primary key (tenant_id, day, dimension_set)
);

create table usage.daily_dimension_rollups (
    tenant_id uuid not null,
    subscription_id uuid not null,
    day date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    dimension_set uuid not null,
    owner_path text collate "C" not null,
    records bigint not null,
    total numeric not null,
    largest numeric not null,
    last_quantity numeric not null,
    last_started_at timestamptz not null,
    last_received_at timestamptz not null,
    last_record_id text collate "C" not null,
    primary key (tenant_id, subscription_id, day, meter, sku, region, dimension_set)
) with (fillfactor = 80);

create index daily_dimension_rollups_tenant_day on usage.daily_dimension_rollups (tenant_id, day);

create index daily_dimension_rollups_owner_path on usage.daily_dimension_rollups (owner_path, day);

-- Which months gained, lost or changed usage, and in which transaction: billing asks what came after it had billed, thresholds what
-- they have not seen yet.
create table usage.month_changes (
    tenant_id uuid not null,
    month date not null,
    changed bigint not null,
    unseen boolean not null,
    primary key (tenant_id, month)
);

create index month_changes_changed on usage.month_changes (changed);

create index month_changes_unseen on usage.month_changes (tenant_id, month) where unseen;

-- A mark of the log without a batch: the day is computed anew from all its records.
insert into usage.dirty_days (tenant_id, day) select distinct tenant_id, day from usage.records;

-- What corrects a record stands beside it; the record itself is never changed. At most one per record.
create table usage.corrections (
    id uuid not null,
    tenant_id uuid not null,
    owner_path text collate "C" not null,
    subscription_id uuid not null,
    record_id text collate "C" not null,
    meter text collate "C" not null,
    day date not null,
    quantity text not null,
    action text not null check (action in ('Reverse', 'Replace')),
    reason text not null,
    replacement_id text collate "C" check ((replacement_id is not null) = (action = 'Replace')),
    made_by text not null,
    made_at timestamptz not null,
    primary key (id, tenant_id),
    constraint corrections_record unique (record_id, tenant_id)
);

comment on table usage.corrections is 'append-only: why a record does not count is never taken back, and neither is the record.';

create index corrections_owner_path on usage.corrections (owner_path, id);

create index corrections_tenant_day on usage.corrections (tenant_id, day);

create table usage.thresholds (
    id uuid primary key,
    tenant_id uuid not null,
    owner_path text collate "C" not null,
    subscription_id uuid,
    meter text collate "C" not null,
    basis text not null check (basis in ('Quota', 'Quantity')),
    levels jsonb not null,
    active boolean not null,
    created_at timestamptz not null,
    version integer not null
);

create index thresholds_tenant on usage.thresholds (tenant_id) where active;

create index thresholds_owner_path on usage.thresholds (owner_path, id);

-- Once per level, month and whose usage it was; this key is what keeps it at that.
create table usage.threshold_alerts (
    id uuid not null,
    threshold_id uuid not null references usage.thresholds (id) on delete cascade,
    tenant_id uuid not null,
    subject_id uuid not null,
    month date not null,
    level numeric not null,
    quantity text not null,
    quota numeric,
    fired_at timestamptz not null,
    primary key (id),
    constraint threshold_alerts_once unique (threshold_id, subject_id, month, level)
);

create index threshold_alerts_page on usage.threshold_alerts (threshold_id, id);
