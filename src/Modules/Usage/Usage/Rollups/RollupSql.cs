namespace Licensing.Usage.Rollups;

/// <summary>
/// What a rollup is, as a query over the raw records; writing the rollups and proving them use the same text. Expects
/// <c>wanted (tenant_id, day)</c> and <c>meters (meter, aggregation)</c> to be named before.
/// </summary>
internal static class RollupSql
{
    public const string Cell = "tenant_id, subscription_id, day, meter, sku, region";

    public const string Meters = "meters as materialized (select * from unnest($1::text[], $2::text[]) as m(meter, aggregation))";

    /// <summary>Cells with owner_path, aggregation, quantity and records.</summary>
    /// <remarks>
    /// A meter without an aggregation yields a null that no rollup can hold: failing is better than guessing how to count. The owner
    /// of a cell is the one of its newest record: a tenant transferred during a day takes that day with it.
    /// </remarks>
    public const string Cells = """
        added as (
            select r.tenant_id, r.subscription_id, r.day, r.meter, r.sku, r.region, m.aggregation, count(*) as records,
                sum(r.quantity) as total, max(r.quantity) as largest,
                count(distinct r.resource_id) filter (where m.aggregation = 'Unique') as resources
            from usage.records r
            join wanted w on w.tenant_id = r.tenant_id and w.day = r.day
            left join meters m on m.meter = r.meter
            group by 1, 2, 3, 4, 5, 6, 7),
        newest as (
            select distinct on (r.tenant_id, r.subscription_id, r.day, r.meter, r.sku, r.region)
                r.tenant_id, r.subscription_id, r.day, r.meter, r.sku, r.region, r.quantity, r.owner_path
            from usage.records r
            join wanted w on w.tenant_id = r.tenant_id and w.day = r.day
            order by r.tenant_id, r.subscription_id, r.day, r.meter, r.sku, r.region, r.started_at desc, r.received_at desc, r.record_id desc),
        cells as (
            select a.tenant_id, a.subscription_id, a.day, a.meter, a.sku, a.region, n.owner_path, a.aggregation,
                case a.aggregation
                    when 'Sum' then a.total when 'Count' then a.records when 'Max' then a.largest when 'Last' then n.quantity
                    when 'Unique' then a.resources end as quantity,
                a.records
            from added a
            join newest n using (tenant_id, subscription_id, day, meter, sku, region))
        """;

    /// <summary>The distinct resources behind the cells of the meters that count them.</summary>
    public const string Resources = """
        resources as (
            select distinct r.tenant_id, r.subscription_id, r.day, r.meter, r.sku, r.region, r.resource_id
            from usage.records r
            join wanted w on w.tenant_id = r.tenant_id and w.day = r.day
            join meters m on m.meter = r.meter and m.aggregation = 'Unique'
            where r.resource_id is not null)
        """;
}
