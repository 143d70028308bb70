using Licensing.Catalog.Contracts;
using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>How cells become one number, for each aggregation, by the same texts for billing, thresholds and the summary.</summary>
internal static class TotalsSql
{
    /// <summary>What a total is, where the figures of all its cells are named as those of one.</summary>
    public const string Quantity = """
        case m.aggregation
            when 'Sum' then total when 'Count' then records when 'Max' then largest when 'Last' then last_quantity when 'Unique' then resources
        end
        """;

    private const string NewestFirst = "last_started_at desc, last_received_at desc, last_record_id desc";

    /// <summary>One month as it is kept: $1 its first day, $2 meters and $3 their aggregations. A meter that there is not has no quantity.</summary>
    /// <param name="where">Which rows.</param>
    public static string OfMonth(string where) => $"""
        select tenant_id, subscription_id, meter, sku, region, {ExactColumn.Of("quantity", "quantity")}, records, negative_records
        from (
            select k.*, {Quantity} as quantity
            from usage.monthly_rollups k left join unnest($2::text[], $3::text[]) as m(name, aggregation) on m.name = k.meter
            where k.month = $1 and {where}) k
        order by tenant_id, subscription_id, meter, sku, region
        """;

    /// <summary>
    /// Names <c>totals (tenant_id, subscription_id, meter, sku, region, owner_path, quantity, records, negative_records)</c> and the columns of
    /// <paramref name="further"/>; $1 meters and $2 their aggregations.
    /// </summary>
    /// <param name="cells">Daily cells, all of them that are wanted.</param>
    /// <param name="further">Columns of the cells that split a total, each with a comma behind it.</param>
    public static string Of(string cells, string further) => $"""
        meters as materialized (select * from unnest($1::text[], $2::text[]) as m(meter, aggregation)),
        {Grouped(cells, further, "sum(negative_records)::bigint as negative_records, ")},
        distinct_resources as (
            select tenant_id, subscription_id, meter, sku, region, {further} count(distinct r.resource_id) as resources
            from cells join meters m using (meter)
            join usage.daily_resources r using (tenant_id, subscription_id, day, meter, sku, region)
            where m.aggregation = 'Unique'
            group by tenant_id, subscription_id, meter, sku, {further} region),
        totals as (
            select tenant_id, subscription_id, meter, sku, region, {further} owner_path, records, negative_records, {Quantity} as quantity
            from grouped
            left join (select tenant_id, subscription_id, meter, sku, {further} region, coalesce(resources, 0) as resources from distinct_resources) r
                using (tenant_id, subscription_id, meter, sku, {further} region)
            left join meters m using (meter))
        """;

    /// <summary>
    /// Names <c>combined</c>: what each subscription used, by <paramref name="names"/>, over all its SKUs and regions; with <c>tenant_id,
    /// subscription_id, quantity, records</c>. $1 meters, $2 their aggregations and $3 how those combine.
    /// </summary>
    /// <param name="cells">Daily cells, all of them that are wanted.</param>
    /// <param name="further">Columns of the cells that split a total, each with a comma behind it.</param>
    /// <param name="keys">The columns of <paramref name="names"/>, made of those of a total.</param>
    /// <param name="names">Theirs; the meter must follow from them.</param>
    /// <param name="where">Which of them.</param>
    /// <param name="byDimensions">Whether the cells are those by dimensions.</param>
    public static string Combined(string cells, string further, string keys, string names, string where, bool byDimensions) => $"""
        meters as materialized (select * from unnest($1::text[], $2::text[], $3::text[]) as m(meter, aggregation, combining)),
        {Grouped(cells, further)},
        keyed as (
            select * from (
                select tenant_id, subscription_id, meter, sku, region, {further} records, m.combining, {Quantity} as quantity, {keys}
                from (select *, null::bigint as resources from grouped) g left join meters m using (meter)) k
            {where}),
        resources as (
            select {names}, tenant_id, subscription_id, count(distinct r.resource_id) as resources
            from keyed join cells c using (tenant_id, subscription_id, meter, sku, {further} region)
            join usage.{(byDimensions ? "daily_dimension_resources" : "daily_resources")} r
                using (tenant_id, subscription_id, day, meter, sku, region{(byDimensions ? ", dimension_set" : "")})
            where combining = 'Distinct'
            group by {names}, tenant_id, subscription_id),
        combined as (
            select {names}, tenant_id, subscription_id, {Together("max(resources)")} as quantity, sum(records) as records
            from keyed left join resources using ({names}, tenant_id, subscription_id)
            group by {names}, tenant_id, subscription_id, combining)
        """;

    /// <summary>What the quantities of several cells of one subscription and meter are together, by its <c>combining</c>.</summary>
    /// <param name="distinct">How many different resources all of them have.</param>
    public static string Together(string distinct) => $"""
        case combining
            when '{nameof(Combining.Added)}' then sum(quantity) when '{nameof(Combining.Largest)}' then max(quantity)
            when '{nameof(Combining.Distinct)}' then {distinct}
        end
        """;

    // One cell of many days.
    private static string Grouped(string cells, string further, string more = "") => $"""
        cells as materialized ({cells}),
        grouped as (
            select tenant_id, subscription_id, meter, sku, region, {further} sum(records)::bigint as records, {more}sum(total) as total,
                max(largest) as largest, (array_agg(last_quantity order by {NewestFirst}))[1] as last_quantity,
                (array_agg(owner_path order by {NewestFirst}))[1] as owner_path
            from cells
            group by tenant_id, subscription_id, meter, sku, {further} region)
        """;

    /// <summary>The meters and their aggregations, in parallel.</summary>
    public static IEnumerable<NpgsqlParameter> Parameters(IReadOnlyDictionary<string, MeterRef> meters) =>
    [
        new() { Value = meters.Values.Select(m => m.Key).ToArray() }, new() { Value = meters.Values.Select(m => m.Aggregation.ToString()).ToArray() },
    ];

    /// <summary>The same, and how the quantities of each combine.</summary>
    public static IEnumerable<NpgsqlParameter> WithCombining(IReadOnlyDictionary<string, MeterRef> meters) =>
        [.. Parameters(meters), new() { Value = meters.Values.Select(m => m.Aggregation.Combines.ToString()).ToArray() }];
}
