namespace Licensing.Usage.Rollups;

/// <summary>How the days of a period become one number, for each aggregation, by one text for billing and for the summary.</summary>
internal static class TotalsSql
{
    /// <summary>
    /// Names <c>totals (tenant_id, subscription_id, meter, sku, region, owner_path, quantity, records)</c>, with <c>day</c> too when it is
    /// among <paramref name="further"/>; days are from $1 until before $2.
    /// </summary>
    /// <param name="where">Which rollups; its columns are <c>tenant_id</c> and <c>owner_path</c>.</param>
    /// <param name="further">Columns that split a total, each with a comma behind it.</param>
    public static string Of(string where, string further) => $"""
        days as materialized (
            select * from usage.daily_rollups where day >= $1 and day < $2 and {where}),
        distinct_resources as (
            select tenant_id, subscription_id, meter, sku, region, {further} count(distinct r.resource_id) as resources
            from days d
            join usage.daily_resources r using (tenant_id, subscription_id, day, meter, sku, region)
            where d.aggregation = 'Unique'
            group by tenant_id, subscription_id, meter, sku, {further} region),
        grouped as (
            select tenant_id, subscription_id, meter, sku, region, {further} aggregation,
                sum(quantity) as added, max(quantity) as largest,
                (array_agg(quantity order by day desc) filter (where aggregation = 'Last'))[1] as latest,
                (array_agg(owner_path order by day desc))[1] as owner_path, sum(records)::bigint as records
            from days
            group by tenant_id, subscription_id, meter, sku, region, {further} aggregation),
        totals as (
            select tenant_id, subscription_id, meter, sku, region, {further} g.owner_path, g.records,
                case g.aggregation
                    when 'Max' then g.largest
                    when 'Last' then g.latest
                    when 'Unique' then coalesce(r.resources, 0)
                    else g.added
                end as quantity
            from grouped g
            left join distinct_resources r using (tenant_id, subscription_id, meter, sku, {further} region))
        """;
}
