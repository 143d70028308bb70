-- A record below zero takes from what others said and is no event of its own (ADR 0059): who charges by the event knows how many records are none.
alter table usage.daily_rollups add column negative_records bigint not null default 0;
alter table usage.monthly_rollups add column negative_records bigint not null default 0;

-- Of the records that are merged, each as it counts: not corrected, and of no batch that is still to be merged. Days that are still to be computed
-- anew have it then. Counted and not computed anew, since the older records of a day may be gone.
update usage.daily_rollups k set negative_records = n.negative_records
from (
    select tenant_id, subscription_id, day, meter, sku, region, count(*) as negative_records
    from usage.records r
    where quantity < 0
        and not exists (select from usage.corrections c where c.tenant_id = r.tenant_id and c.day = r.day and c.record_id = r.record_id)
        and not exists (select from usage.dirty_days d where d.tenant_id = r.tenant_id and d.day = r.day and d.batch_id = r.batch_id)
    group by 1, 2, 3, 4, 5, 6) n
where (k.tenant_id, k.subscription_id, k.day, k.meter, k.sku, k.region) = (n.tenant_id, n.subscription_id, n.day, n.meter, n.sku, n.region);

update usage.monthly_rollups k set negative_records = n.negative_records
from (
    select tenant_id, subscription_id, date_trunc('month', day::timestamp)::date as month, meter, sku, region,
        sum(negative_records) as negative_records
    from usage.daily_rollups where negative_records > 0 group by 1, 2, 3, 4, 5, 6) n
where (k.tenant_id, k.subscription_id, k.month, k.meter, k.sku, k.region) = (n.tenant_id, n.subscription_id, n.month, n.meter, n.sku, n.region);
