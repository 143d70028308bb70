using Licensing.Catalog.Contracts;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>A mark of the log: a batch of a tenant's day that is to be merged, or, without a batch, a day that is to be computed anew.</summary>
internal readonly record struct TenantDay(Guid Tenant, DateOnly Day, Guid? Batch = null)
{
    public DateOnly Month => new(Day.Year, Day.Month, 1);
}

/// <summary>What of the meters matters when records become cells. Meters never change, so neither does what was decided by them.</summary>
internal sealed record CountedMeters(string[] Unique, string[] Dimensioned, string[] Keys)
{
    public static CountedMeters Of(IReadOnlyDictionary<string, MeterRef> meters)
    {
        var keys = meters.Values.SelectMany(m => m.Dimensions.Select(key => (m.Key, Dimension: key))).ToList();
        return new([.. meters.Values.Where(m => m.Aggregation is MeterAggregation.Unique).Select(m => m.Key)],
            [.. keys.Select(k => k.Key)], [.. keys.Select(k => k.Dimension)]);
    }
}

/// <summary>
/// The statements of one round, in one transaction that holds the locks of its tenants. Each statement sees what is committed by then, but only
/// whoever holds the lock takes marks away: a record counts in all of them or, while its mark is there, in none.
/// </summary>
internal sealed class RollupRound(NpgsqlConnection connection, CountedMeters meters, int mostDimensionSets, int seconds)
{
    private static readonly string Merge = $"""
        with {RollupSql.OfBatches("$4", "$5")},
        {RollupSql.NewResources}, {RollupSql.NewMonthlyResources("new_resources")}, {RollupSql.Cells("source")},
        daily as ({RollupSql.AddDaily}), monthly as ({RollupSql.AddMonthly("cells")})
        {RollupSql.NoteChanges("cells")}
        """;

    private static readonly string MergeDimensions = DimensionSql.Add(RollupSql.OfBatches("$7", "$8"));

    private static readonly string[] ClearDays =
        [.. ((string[])["daily_rollups", "daily_resources", "daily_dimension_rollups", "daily_dimension_resources"]).Select(table =>
            $"delete from usage.{table} t using unnest($1, $2) as w(tenant_id, day) where t.tenant_id = w.tenant_id and t.day = w.day")];

    private static readonly string ComputeDays =
        $"with {RollupSql.Wanted}, {RollupSql.OfDays}, {RollupSql.NewResources}, {RollupSql.Cells("source")} {RollupSql.AddDaily}";

    private static readonly string ComputeDimensions = DimensionSql.Add($"{RollupSql.Wanted}, {RollupSql.OfDays}");

    private static readonly string[] ClearMonths =
        [.. ((string[])["monthly_rollups", "monthly_resources"]).Select(table =>
            $"delete from usage.{table} t using unnest($1, $2) as w(tenant_id, month) where t.month = w.month and t.tenant_id = w.tenant_id")];

    private static readonly string ComputeMonths = $"""
        with wanted as materialized (select * from unnest($1::uuid[], $2::date[]) as w(tenant_id, month)),
        cells as materialized (
            select d.* from wanted w join usage.daily_rollups d
                on d.tenant_id = w.tenant_id and d.day >= w.month and d.day < w.month + interval '1 month'),
        resources as (
            select d.* from wanted w join usage.daily_resources d
                on d.tenant_id = w.tenant_id and d.day >= w.month and d.day < w.month + interval '1 month'),
        {RollupSql.NewMonthlyResources("resources")}
        {RollupSql.AddMonthly("cells")}
        """;

    private static readonly string NoteMonths = RollupSql.NoteChanges("unnest($1::uuid[], $2::date[]) as w(tenant_id, day)");

    /// <summary>Adds what these batches brought; the cost is that of their records, however much the days hold.</summary>
    public async Task MergeAsync(IReadOnlyCollection<TenantDay> batches, CancellationToken ct)
    {
        if (batches.Count == 0)
            return;
        await using var batch = new NpgsqlBatch(connection) { Timeout = seconds };
        Add(batch, Merge, batches, [new() { Value = meters.Unique }, .. Batches(batches)]);
        if (meters.Dimensioned.Length > 0)
            Add(batch, MergeDimensions, batches, [.. Dimensions(), .. Batches(batches)]);
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Computes days from all their records, and their months from their days.</summary>
    public async Task ComputeAsync(IReadOnlyCollection<TenantDay> days, CancellationToken ct)
    {
        if (days.Count == 0)
            return;
        TenantDay[] months = [.. days.Select(d => new TenantDay(d.Tenant, d.Month)).Distinct()];
        await using var batch = new NpgsqlBatch(connection) { Timeout = seconds };
        foreach (var clear in ClearDays)
            Add(batch, clear, days);
        Add(batch, ComputeDays, days, new NpgsqlParameter { Value = meters.Unique });
        if (meters.Dimensioned.Length > 0)
            Add(batch, ComputeDimensions, days, [.. Dimensions()]);
        foreach (var clear in ClearMonths)
            Add(batch, clear, months);
        Add(batch, ComputeMonths, months);
        Add(batch, NoteMonths, months);
        await batch.ExecuteNonQueryAsync(ct);
    }

    private static IEnumerable<NpgsqlParameter> Batches(IReadOnlyCollection<TenantDay> batches) =>
    [
        new() { Value = batches.Select(b => b.Batch!.Value).ToArray() },
        new() { Value = batches.Select(b => Uuids.TimeOf(b.Batch!.Value)).ToArray() },
    ];

    private IEnumerable<NpgsqlParameter> Dimensions() =>
    [
        new() { Value = meters.Dimensioned }, new() { Value = meters.Keys }, new() { Value = mostDimensionSets }, new() { Value = meters.Unique },
    ];

    private static void Add(NpgsqlBatch batch, string sql, IReadOnlyCollection<TenantDay> days, params NpgsqlParameter[] further)
    {
        var command = new NpgsqlBatchCommand(sql)
        {
            Parameters = { new() { Value = days.Select(d => d.Tenant).ToArray() }, new() { Value = days.Select(d => d.Day).ToArray() } },
        };
        foreach (var parameter in further)
            command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }
}
