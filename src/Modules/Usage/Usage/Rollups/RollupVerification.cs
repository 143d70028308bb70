using Licensing.Catalog.Contracts;
using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>A rollup that is not what the raw records say; null where there is none.</summary>
internal sealed record RollupDifference(
    Guid TenantId, Guid SubscriptionId, DateOnly Day, string Meter, string Sku, string Region, string What, string? FromRecords, string? FromRollup);

/// <summary>
/// Proves that the rollups equal the raw records. It computes them again, so its cost is that of the records; billing does not need it,
/// operators and tests do.
/// </summary>
internal sealed class RollupVerification(NpgsqlDataSource database, ICatalog catalog, IUsageTotals totals)
{
    // One statement is one view of the database. Days that gained records since the catch-up are still marked in it: they are
    // late, not wrong.
    private const string Compare = $"""
        with clean as materialized (
            select tenant_id, day from usage.records where day >= $3 and day < $4
            union select tenant_id, day from usage.daily_rollups where day >= $3 and day < $4
            union select tenant_id, day from usage.daily_resources where day >= $3 and day < $4),
        wanted as materialized (select * from clean except select tenant_id, day from usage.dirty_days),
        {RollupSql.Meters}, {RollupSql.Cells}, {RollupSql.Resources},
        kept as (select t.* from usage.daily_rollups t join wanted using (tenant_id, day)),
        kept_resources as (select t.* from usage.daily_resources t join wanted using (tenant_id, day))
        select {RollupSql.Cell}, 'rollup' as what,
            case when c.records is not null then concat_ws(' ', c.aggregation, trim_scale(c.quantity)::text, c.records, c.owner_path) end as expected,
            case when k.records is not null then concat_ws(' ', k.aggregation, trim_scale(k.quantity)::text, k.records, k.owner_path) end as found
        from cells c full join kept k using ({RollupSql.Cell})
        where (c.aggregation, c.quantity, c.records, c.owner_path) is distinct from (k.aggregation, k.quantity, k.records, k.owner_path)
        union all
        select {RollupSql.Cell}, 'resource', case when c.meter is not null then resource_id end, case when k.meter is not null then resource_id end
        from (select *, meter as named from resources) c full join (select * from kept_resources) k using ({RollupSql.Cell}, resource_id)
        where c.named is null or k is null
        order by 1, 2, 3, 4, 5, 6, 7, 8, 9 limit $5
        """;

    private const int MostDifferences = 1000;

    /// <returns>The first differences; empty when rollups and records agree.</returns>
    public async Task<IReadOnlyList<RollupDifference>> DifferencesAsync(Period period, CancellationToken ct)
    {
        await totals.CatchUpAsync(period, ct);
        var meters = await catalog.MetersAsync(ct);
        await using var command = database.CreateCommand(Compare);
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = meters.Values.Select(m => m.Key).ToArray() });
        command.Parameters.Add(new() { Value = meters.Values.Select(m => m.Aggregation.ToString()).ToArray() });
        command.Parameters.Add(new() { Value = period.Start });
        command.Parameters.Add(new() { Value = period.End });
        command.Parameters.Add(new() { Value = MostDifferences });
        var differences = new List<RollupDifference>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            differences.Add(new(
                rows.GetGuid(0), rows.GetGuid(1), rows.GetFieldValue<DateOnly>(2), rows.GetString(3), rows.GetString(4), rows.GetString(5),
                rows.GetString(6),
                await rows.IsDBNullAsync(7, ct) ? null : rows.GetString(7), await rows.IsDBNullAsync(8, ct) ? null : rows.GetString(8)));
        return differences;
    }
}
