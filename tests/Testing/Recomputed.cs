namespace Licensing.Testing;

/// <summary>
/// The rules of <see cref="CommonChecker"/> that compute again what was added up and charged, from what it was made of. They share nothing with
/// the product's own ways: neither its SQL nor its roundings.
/// </summary>
internal static class Recomputed
{
    private const string Cell = "tenant_id, subscription_id, day, meter, sku, region";
    private const string MonthCell = "tenant_id, subscription_id, month, meter, sku, region";
    private const string NewestFirst = "started_at desc, received_at desc, record_id desc";
    private const string NewestCellFirst = "last_started_at desc, last_received_at desc, last_record_id desc";

    // Months of receipt are made from the one on in which the platform began. Where the first that is left is a later one, some were dropped:
    // records of days that are a little later than its start may have come before it, so that these and all before them are not whole.
    private const string Whole = """
        (select case when min(p.from_at) > min(o.created_at) then (min(p.from_at) at time zone 'utc')::date + 2 else '-infinity'::date end
        from usage.record_partitions p, identity.organizations o)
        """;

    // The digits of ISO 4217 of all currencies that have not two.
    private const string Digits = """
        (case when currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
            then 0 when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3 when currency in ('CLF', 'UYW') then 4 else 2 end)
        """;

    public static readonly (string Rule, string Sql)[] Rules =
    [
        // What is corrected does not count, what waits for its merge not yet, and a day that waits to be computed anew may be anything.
        ("a day is what its records add up to", $"""
            with counted as (
                select r.* from usage.records r
                left join usage.corrections c on c.tenant_id = r.tenant_id and c.record_id = r.record_id
                left join usage.dirty_days d on d.tenant_id = r.tenant_id and d.day = r.day and d.batch_id = r.batch_id
                where c.id is null and d.id is null),
            expected as (
                select {Cell}, count(*) as records, count(*) filter (where quantity < 0) as negative_records, sum(quantity) as total,
                    max(quantity) as largest, (array_agg(quantity order by {NewestFirst}))[1] as last_quantity,
                    (array_agg(record_id order by {NewestFirst}))[1] as last_record_id,
                    count(distinct resource_id) filter (where meter in (select key from catalog.meters where aggregation = 'Unique')) as resources
                from counted group by {Cell})
            select wrong.tenant_id || ' ' || wrong.day || ' ' || wrong.meter from (
                select {Cell} from expected e full join usage.daily_rollups k using ({Cell})
                where (e.records, e.negative_records, e.total, e.largest, e.last_quantity, e.last_record_id, e.resources) is distinct from
                    (k.records, k.negative_records, k.total, k.largest, k.last_quantity, k.last_record_id, k.resources)) wrong
            left join usage.dirty_days d on d.tenant_id = wrong.tenant_id and d.day = wrong.day and d.batch_id is null
            where d.id is null and wrong.day > {Whole}
            """),
        ("a day counts the resources that it names", $"""
            select tenant_id || ' ' || day || ' ' || meter from (
                select {Cell}, count(*) as resources from usage.daily_resources group by {Cell}) e
            full join (select * from usage.daily_rollups where resources <> 0) k using ({Cell}) where e.resources is distinct from k.resources
            """),
        ("a day by its dimensions is the day", $"""
            select tenant_id || ' ' || day || ' ' || meter from (
                select {Cell}, sum(records) as records, sum(total) as total, max(largest) as largest
                from usage.daily_dimension_rollups group by {Cell}) e
            left join usage.daily_rollups k using ({Cell})
            where (e.records, e.total, e.largest) is distinct from (k.records::numeric, k.total, k.largest)
            """),
        ("a month is what its days add up to", $"""
            with days as (select *, day - extract(day from day)::int + 1 as month from usage.daily_rollups),
            named as (
                select {MonthCell}, count(distinct resource_id) as resources
                from (select *, day - extract(day from day)::int + 1 as month from usage.daily_resources) r group by {MonthCell}),
            expected as (
                select {MonthCell}, sum(records) as records, sum(negative_records) as negative_records, sum(total) as total,
                    max(largest) as largest, (array_agg(last_quantity order by {NewestCellFirst}))[1] as last_quantity
                from days group by {MonthCell})
            select tenant_id || ' ' || month || ' ' || meter
            from expected e left join named n using ({MonthCell}) full join usage.monthly_rollups k using ({MonthCell})
            where (e.records, e.negative_records, e.total, e.largest, e.last_quantity, coalesce(n.resources, 0)) is distinct from
                (k.records::numeric, k.negative_records::numeric, k.total, k.largest, k.last_quantity, k.resources)
            """),
        // Of an invoice's own lines, whose quantity is all that was used on their days: by price lists of one SKU and region; by a plan where
        // nothing has a SKU, so that no list prices a part of it. Levels (last) are not added up. What was merged after the line was written is
        // late, and for a later invoice. Of subscriptions that are stored: where a test says them, it says the usage, too.
        ("a usage line has the quantity of its days", """
            select invoice_id || ' ' || position from (
                select l.*, m.aggregation, (
                    select case m.aggregation when 'Sum' then sum(k.total) when 'Count' then sum(k.records) when 'Max' then max(k.largest)
                        else (select count(distinct r.resource_id) from usage.daily_resources r
                            where (r.tenant_id, r.subscription_id, r.meter) = (l.tenant_id, l.subscription_id, l.meter)
                                and r.day >= l.starts_on and r.day < l.ends_on and (l.charge_key <> '' or (r.sku, r.region) = (l.sku, l.region))) end
                    from usage.daily_rollups k
                    where (k.tenant_id, k.subscription_id, k.meter) = (l.tenant_id, l.subscription_id, l.meter)
                        and k.day >= l.starts_on and k.day < l.ends_on and (l.charge_key <> '' or (k.sku, k.region) = (l.sku, l.region))) as used
                from billing.invoice_lines l
                join billing.invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id and i.status <> 'Void'
                join provisioning.subscriptions s on s.id = l.subscription_id
                join catalog.meters m on m.key = l.meter and m.aggregation in ('Sum', 'Count', 'Max', 'Unique')
                where l.is_usage and l.adjustment = 0 and l.ahead_of is null
                    and not exists (
                        select from usage.month_changes c
                        where c.tenant_id = l.tenant_id and c.month >= i.period_start and c.month < i.period_end and c.changed > l.xmin::text::bigint)
                    and not exists (
                        select from usage.daily_rollups k
                        where l.charge_key <> '' and k.sku <> '' and k.day >= l.starts_on and k.day < l.ends_on
                            and (k.tenant_id, k.subscription_id, k.meter) = (l.tenant_id, l.subscription_id, l.meter))) x
            where quantity::numeric is distinct from coalesce(used, 0)
            """),
        // A fraction is rounded as one of whole numbers, so that it cannot become a half on the way. A difference to an earlier bill is no more
        // than is left of that, so it is not what its own digits round to.
        ("a line is rounded once, half away from zero, before what was taken off it", $"""
            select invoice_id || ' ' || position from (
                select *, split_part(unrounded, '/', 1)::numeric as a, coalesce(nullif(split_part(unrounded, '/', 2), ''), '1')::numeric as b,
                    10::numeric ^ {Digits} as units
                from billing.invoice_lines where adjustment = 0) l
            where net + cap_reduction + discount + credit <> sign(a) * div(2 * abs(a) * units + b, 2 * b) / units
            """),
        ("an invoice's taxes are those of its lines, each rounded once", $"""
            with taxes as (
                select i.id, i.currency, t->>'category' as category, (t->>'percent')::numeric as percent, (t->>'net')::numeric as net,
                    (t->>'tax')::numeric as tax
                from billing.invoices i, jsonb_array_elements(i.taxes) t),
            lines as (
                select invoice_id as id, tax_category as category, tax_percent as percent, sum(net) as net, sum(tax) as tax
                from billing.invoice_lines where tax_percent is not null group by 1, 2, 3)
            select id::text from taxes t full join lines l using (id, category, percent)
            where (t.net, t.tax) is distinct from (l.net, l.tax)
            union all
            select t.id::text from (select *, count(*) over (partition by id, percent) as categories, 10::numeric ^ {Digits} as units from taxes) t
            where categories = 1 and tax <> sign(net) * div(2 * abs(net) * percent * units + 100, 200) / units
            union all
            select invoice_id::text from (select *, 10::numeric ^ {Digits} as units from billing.invoice_lines) l
            where case when tax_percent is null then tax <> 0 else abs(tax - net * tax_percent / 100) * units >= 1 end
            """),
    ];
}
