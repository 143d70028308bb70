-- Raw records by the month of their receipt, so that retention drops whole months; what de-duplicates them is a narrow table of keys
-- that no partition bounds (ADR 0036).

-- The key of a record's id. A UUID in its usual form is its own key, so that time-ordered ids insert at one place of the index;
-- anything else is hashed, into the variant that no such UUID has: two ids share a key only where their hashes do.
-- RecordKey.cs computes the same.
create function usage.record_key(record_id text) returns uuid language sql immutable strict parallel safe as $$
    select case
        when record_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' then record_id::uuid
        else encode(set_byte(hash, 8, get_byte(hash, 8) | 192), 'hex')::uuid
    end
    from (select substring(sha256(convert_to(record_id, 'UTF8')) for 16) as hash) h
$$;

alter table usage.records rename to records_before;

create table usage.record_keys (
    record_key uuid not null,
    tenant_id uuid not null,
    content_hash uuid not null,
    -- Where the record is: with tenant and day what the index of the records leads to.
    batch_id uuid not null,
    day date not null
) with (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

insert into usage.record_keys
select usage.record_key(record_id), tenant_id, content_hash, '00000000-0000-0000-0000-000000000000', day from usage.records_before;

alter table usage.record_keys add constraint record_keys_pkey primary key (record_key, tenant_id);

create table usage.records (
    received_at timestamptz not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    day date not null,
    -- One per request and ordered by time. Made of received_at, so a bound on it is a bound on the partitions.
    batch_id uuid not null,
    tenant_id uuid not null,
    subscription_id uuid not null,
    quantity numeric(38, 18) not null,
    record_id text collate "C" not null,
    owner_path text collate "C" not null,
    meter text collate "C" not null,
    sku text collate "C" not null,
    region text collate "C" not null,
    resource_id text collate "C",
    dimensions jsonb
) partition by range (received_at);

-- A net: no record is refused because its month was not made in time. It is moved when the month is made.
create table usage.records_default partition of usage.records default;

create table usage.record_partitions (
    name text primary key,
    from_at timestamptz not null,
    until_at timestamptz not null
);

-- What was there before is the first partition, as it lies; its rows belong to no batch.
alter table usage.records_before drop constraint records_record_id;

drop index usage.records_tenant_day;

alter table usage.records_before drop column content_hash;

alter table usage.records_before add column batch_id uuid not null default '00000000-0000-0000-0000-000000000000';

alter table usage.records_before alter column batch_id drop default;

do $$
declare
    bound timestamptz;
begin
    perform set_config('timezone', 'UTC', true);
    select date_trunc('month', max(received_at)) + interval '1 month' into bound from usage.records_before;
    if bound is null then
        drop table usage.records_before;
        return;
    end if;
    execute format('alter table usage.records attach partition usage.records_before for values from (minvalue) to (%L)', bound);
    insert into usage.record_partitions values ('records_before', '-infinity', bound);
end $$;

-- Rolling up the new records of a tenant's day, and reading a tenant's records newest first. Records of one batch share the whole key.
create index records_tenant_day_batch on usage.records (tenant_id, day, batch_id);

-- Which batch the day gained records by; null where it was marked before there were batches, and all of the day is to be read.
alter table usage.dirty_days add column batch_id uuid;

-- The three functions below make and drop tables with their owner's rights, so that who works with fewer can do this and nothing else.
-- A lock that is not to be had soon is not waited for: everybody else would wait behind it.
create function usage.make_partitions(starting timestamptz, months int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '5s' as $$
declare
    lower timestamptz;
    upper timestamptz;
    name text;
    grantee name;
    made int := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('usage.record_partitions', 0));
    lower := least(date_trunc('month', starting), (select date_trunc('month', min(received_at)) from usage.records_default));
    while lower < date_trunc('month', starting) + make_interval(months => months) loop
        upper := lower + interval '1 month';
        if not exists (select from usage.record_partitions p where p.from_at < upper and p.until_at > lower) then
            name := 'records_' || to_char(lower, 'YYYY_MM');
            lock table only usage.records in share update exclusive mode;
            lock table usage.records_default in access exclusive mode;
            execute format(
                'create table usage.%I (like usage.records including all)
                    with (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)', name);
            -- Who may use the records may use their months.
            for grantee in
                select r.rolname from pg_class c cross join aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
                where c.oid = 'usage.records'::regclass and a.grantee <> c.relowner group by r.rolname loop
                execute format('grant select, insert on usage.%I to %I', name, grantee);
            end loop;
            execute format(
                'with moved as (delete from usage.records_default where received_at >= %L and received_at < %L returning *)
                    insert into usage.%I select * from moved', lower, upper, name);
            execute format('alter table usage.records attach partition usage.%I for values from (%L) to (%L)', name, lower, upper);
            insert into usage.record_partitions values (name, lower, upper);
            made := made + 1;
        end if;
        lower := upper;
    end loop;
    return made;
end $$;

-- The keys of the records in some pages of a partition; a key that was given to a later batch stays.
create function usage.remove_keys(partition text, from_page bigint, pages int) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    removed int;
begin
    if not exists (select from usage.record_partitions p where p.name = partition) then
        return 0;
    end if;
    execute format(
        'delete from usage.record_keys k using usage.%I r
            where r.ctid >= %L::tid and r.ctid < %L::tid
                and k.record_key = usage.record_key(r.record_id) and k.tenant_id = r.tenant_id and k.batch_id = r.batch_id',
        partition, format('(%s,0)', from_page), format('(%s,0)', from_page + pages));
    get diagnostics removed = row_count;
    return removed;
end $$;

create function usage.drop_partition(partition text, ended_before timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('usage.record_partitions', 0));
    delete from usage.record_partitions p where p.name = partition and p.until_at <= ended_before;
    if not found then
        return false;
    end if;
    execute format('drop table usage.%I', partition);
    return true;
end $$;
