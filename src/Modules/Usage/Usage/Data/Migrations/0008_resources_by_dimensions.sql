-- The distinct resources of a day by the dimensions of their records, for meters that count them and declare dimensions (ADR 0064): sets can no more
-- be added up than days can.
create table usage.daily_dimension_resources (
    tenant_id uuid not null,
    subscription_id uuid not null,
    day date not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    dimension_set uuid not null,
    resource_id text collate "C" not null,
    primary key (tenant_id, subscription_id, day, meter, sku, region, dimension_set, resource_id)
);

create index daily_dimension_resources_tenant_day on usage.daily_dimension_resources (tenant_id, day);

-- What an upgrade leaves to the first process that starts after it, because no table here says it: which meters these are, and from which day on all
-- records are kept. Who does it takes the row away.
create table usage.upgrade_steps (step text primary key);

insert into usage.upgrade_steps values ('resources by dimensions');
