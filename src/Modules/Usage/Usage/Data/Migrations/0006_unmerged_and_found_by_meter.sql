-- Whose usage the server refused to merge when it was tried last (ADR 0057). While a mark up to the last one is there, the marked days lack usage.
create table usage.unmerged (
    tenant_id uuid primary key,
    last_mark bigint not null,
    reason text not null,
    found_at timestamptz not null
);

-- How many records a batch has of the day, so that a round has no more than one transaction should. Null of a day that is computed anew, and where
-- the mark is of a process of before this.
alter table usage.dirty_days add column records integer;

-- In which months a tenant used a meter, without reading what else it used.
create index monthly_rollups_tenant_meter on usage.monthly_rollups (tenant_id, meter, month, subscription_id);
