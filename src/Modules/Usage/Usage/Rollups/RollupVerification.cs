using Licensing.Catalog.Contracts;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>A rollup that is not what the raw records say; null where there is none.</summary>
internal sealed record RollupDifference(
    Guid TenantId, Guid SubscriptionId, DateOnly Day, string Meter, string Sku, string Region, string What, string? FromRecords, string? FromRollup);

/// <summary>
/// Proves that the rollups equal the raw records: days with the records, months with the days. It computes them again, so its cost is that of
/// the records; billing does not need it, operators and tests do.
/// </summary>
internal sealed class RollupVerification(NpgsqlDataSource database, ICatalog catalog, RollingUp rollups)
{
    private const string Figures = """
        records, trim_scale(total), negative_records, trim_scale(largest), trim_scale(last_quantity), last_started_at, last_received_at,
        last_record_id,
            resources
        """;

    private const string DimensionFigures = "records, trim_scale(total), trim_scale(largest), trim_scale(last_quantity), last_record_id";

    // One statement is one view of the database: records whose batch is still to be merged do not count in it, and days that are still to be
    // computed anew are late, not wrong.
    private const string Settled = """
        wanted as materialized (
            select tenant_id, $1::date as day from unnest($2::uuid[]) as t(tenant_id)
            except select tenant_id, day from usage.dirty_days where day = $1 and batch_id is null)
        """;

    private static readonly string OfDay = $"""
        with {Settled}, {RollupSql.OfDays},
        resources as (
            select distinct {RollupSql.Cell}, resource_id from source where resource_id is not null and meter = any ($3)),
        {RollupSql.Cells("source")},
        expected as (
            select {RollupSql.Cell}, concat_ws(' ', {Figures}, owner_path) as figures
            from (
                select c.*, coalesce(u.resources, 0) as resources
                from cells c left join (select {RollupSql.Cell}, count(*) as resources from resources group by {RollupSql.Cell}) u
                    using ({RollupSql.Cell})) c),
        found as (
            select {RollupSql.Cell}, concat_ws(' ', {Figures}, owner_path) as figures
            from usage.daily_rollups join wanted using (tenant_id, day)),
        found_resources as (select {RollupSql.Cell}, resource_id from usage.daily_resources join wanted using (tenant_id, day))
        select {RollupSql.Cell}, 'day' as what, e.figures as expected, f.figures as found
        from expected e full join found f using ({RollupSql.Cell})
        where e.figures is distinct from f.figures
        union all
        select {RollupSql.Cell}, 'resource', e.named, f.named
        from (select *, resource_id as named from resources) e
        full join (select *, resource_id as named from found_resources) f using ({RollupSql.Cell}, resource_id)
        where e.named is null or f.named is null
        """;

    private static readonly string OfDimensions = $"""
        with {Settled}, {RollupSql.OfDays}, {DimensionSql.Split},
        own as (select d.tenant_id, d.day, d.dimension_set from usage.dimension_sets d join wanted using (tenant_id, day)),
        {DimensionSql.Placed}, {RollupSql.Cells("placed", ", dimension_set")},
        expected as (select {RollupSql.Cell}, dimension_set, concat_ws(' ', {DimensionFigures}, owner_path) as figures from cells),
        found as (
            select {RollupSql.Cell}, dimension_set, concat_ws(' ', {DimensionFigures}, owner_path) as figures
            from usage.daily_dimension_rollups join wanted using (tenant_id, day)),
        resources as ({DimensionSql.Resources("$5")}),
        found_resources as (
            select {RollupSql.Cell}, dimension_set, resource_id from usage.daily_dimension_resources join wanted using (tenant_id, day))
        select {RollupSql.Cell}, 'dimensions ' || dimension_set as what, e.figures as expected, f.figures as found
        from expected e full join found f using ({RollupSql.Cell}, dimension_set)
        where e.figures is distinct from f.figures
        union all
        select {RollupSql.Cell}, 'resource of dimensions ' || dimension_set, e.named, f.named
        from (select *, resource_id as named from resources) e
        full join (select *, resource_id as named from found_resources) f using ({RollupSql.Cell}, dimension_set, resource_id)
        where e.named is null or f.named is null
        """;

    // Everyone's, where nobody is named.
    private const string Theirs = "($2::uuid[] is null or tenant_id = any ($2))";

    private const string NotMerged =
        $"""
        select u.tenant_id, d.day, min(u.reason), count(*) over ()
        from {UnmergedTenants.Lacking} group by u.tenant_id, d.day order by d.day, u.tenant_id limit $3
        """;

    // Both are as of one moment, so their marks do not matter.
    private static readonly string OfMonth = $"""
        with cells as (select * from usage.daily_rollups where day >= $1 and day < $1 + interval '1 month' and {Theirs}),
        resources as (
            select tenant_id, subscription_id, $1::date as month, meter, sku, region, resource_id
            from usage.daily_resources where day >= $1 and day < $1 + interval '1 month' and {Theirs}),
        expected as (
            select {RollupSql.MonthCell}, concat_ws(' ', {Figures}) as figures
            from (
                select m.*, coalesce(u.resources, 0) as resources
                from ({RollupSql.MonthOf("cells")}) m
                left join (
                    select {RollupSql.MonthCell}, count(distinct resource_id) as resources from resources
                    group by {RollupSql.MonthCell}) u using ({RollupSql.MonthCell})) m),
        found as (select {RollupSql.MonthCell}, concat_ws(' ', {Figures}) as figures from usage.monthly_rollups where month = $1 and {Theirs})
        select {RollupSql.MonthCell}, 'month', e.figures, f.figures
        from expected e full join found f using ({RollupSql.MonthCell})
        where e.figures is distinct from f.figures
        union all
        select {RollupSql.MonthCell}, 'month resource', e.named, f.named
        from (select distinct {RollupSql.MonthCell}, resource_id, resource_id as named from resources) e
        full join (
            select {RollupSql.MonthCell}, resource_id, resource_id as named from usage.monthly_resources where month = $1 and {Theirs}) f
            using ({RollupSql.MonthCell}, resource_id)
        where e.named is null or f.named is null
        """;

    private const int MostDifferences = 1000;

    // From one tenant's entries of the index to the next one's, however many there are of each.
    private static string TenantsOf(string table) => $"""
        (with recursive t as (
            (select tenant_id from usage.{table} order by tenant_id limit 1)
            union all
            select (select r.tenant_id from usage.{table} r where r.tenant_id > t.tenant_id order by r.tenant_id limit 1)
            from t where t.tenant_id is not null)
        select tenant_id from t where tenant_id is not null)
        """;

    private static readonly string Tenants = string.Join(
        " union ",
        ((string[])["records", "daily_rollups", "daily_resources", "daily_dimension_rollups", "daily_dimension_resources"]).Select(TenantsOf));

    /// <summary>From the month of the first to the last day of which there is anything; null when there is nothing.</summary>
    public async Task<Period?> ExtentAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("""
            select date_trunc('month', min(first)::timestamp)::date, max(last) + 1 from (
                select min(day) as first, max(day) as last from usage.record_keys
                union all select min(day), max(day) from usage.daily_rollups) d
            """);
        command.CommandTimeout = 0;
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) && !await rows.IsDBNullAsync(0, ct)
            ? new Period(rows.GetFieldValue<DateOnly>(0), rows.GetFieldValue<DateOnly>(1))
            : null;
    }

    /// <param name="period">Which days, and the months of which it has the first day.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="progress">Told how many days of how many are done.</param>
    /// <returns>The first differences; empty when rollups and records agree.</returns>
    public async Task<IReadOnlyList<RollupDifference>> DifferencesAsync(Period period, CancellationToken ct, Action<long, long>? progress = null)
    {
        await rollups.CatchUpAsync(period, null, ct);
        var meters = CountedMeters.Of(await catalog.MetersAsync(ct));
        var differences = new List<RollupDifference>();
        await using var connection = await database.OpenConnectionAsync(ct);
        // Told besides, however many they are: of all others it is proved that they are right.
        var notMerged = await NotMergedAsync(connection, period, ct);
        var tenants = await TenantsAsync(connection, ct);
        for (var day = period.Start; day < period.End && differences.Count < MostDifferences; day = day.AddDays(1))
        {
            await ReadAsync(OfDay, day, tenants, meters.Unique);
            if (meters.Dimensioned.Length > 0)
                await ReadAsync(OfDimensions, day, tenants, meters.Dimensioned, meters.Keys, meters.Unique);
            if (day.Day == 1)
                await ReadAsync(OfMonth, day, null);
            progress?.Invoke(day.DayNumber - period.Start.DayNumber + 1, period.Days);
        }

        return [.. differences, .. notMerged];

        async Task ReadAsync(string sql, DateOnly day, Guid[]? whose, params string[][] values)
        {
            try
            {
                await AddAsync(connection, sql, [new() { Value = day }, new NpgsqlParameter<Guid[]?> { TypedValue = whose },
                    .. values.Select(value => new NpgsqlParameter { Value = value })], differences, ct);
            }
            catch (PostgresException damaged) when (DamagedData.Is(damaged))
            {
                // Perhaps of one of them: he is looked for, and told; the others are proved.
                await DamagedData.GoOnAsync(connection, ct);
                if (whose is [var one])
                    differences.Add(Unreadable(one, day, "cannot be read", damaged.MessageText));
                else
                    foreach (var half in Halves(whose ?? tenants))
                        await ReadAsync(sql, day, half, values);
            }
        }
    }

    private static RollupDifference Unreadable(Guid tenant, DateOnly day, string what, string reason) =>
        new(tenant, Guid.Empty, day, "", "", "", what, reason, null);

    private static IEnumerable<Guid[]> Halves(Guid[] tenants) =>
        ((Guid[][])[tenants[..(tenants.Length / 2)], tenants[(tenants.Length / 2)..]]).Where(half => half.Length > 0);

    private static async Task<List<RollupDifference>> NotMergedAsync(NpgsqlConnection connection, Period period, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(NotMerged, connection)
        {
            Parameters = { new() { Value = period.Start }, new() { Value = period.End }, new() { Value = MostDifferences } },
        };
        var (differences, all) = (new List<RollupDifference>(), 0L);
        await using var rows = await command.ExecuteReaderAsync(ct);
        for (; await rows.ReadAsync(ct); all = rows.GetInt64(3))
            differences.Add(Unreadable(rows.GetGuid(0), rows.GetFieldValue<DateOnly>(1), "not merged", rows.GetString(2)));
        if (all > differences.Count)
            differences[^1] = differences[^1] with { What = $"not merged, the last told of {all} such days" };
        return differences;
    }

    private static async Task AddAsync(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, List<RollupDifference> differences, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"{sql} order by 1, 2, 3, 4, 5, 6, 7, 8, 9 limit {MostDifferences}", connection);
        command.CommandTimeout = 0;
        command.Parameters.AddRange(parameters);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct) && differences.Count < MostDifferences)
            differences.Add(new(
                rows.GetGuid(0), rows.GetGuid(1), rows.GetFieldValue<DateOnly>(2), rows.GetString(3), rows.GetString(4), rows.GetString(5),
                rows.GetString(6),
                await rows.IsDBNullAsync(7, ct) ? null : rows.GetString(7), await rows.IsDBNullAsync(8, ct) ? null : rows.GetString(8)));
    }

    private static async Task<Guid[]> TenantsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Tenants, connection) { CommandTimeout = 0 };
        var tenants = new List<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(rows.GetGuid(0));
        return [.. tenants];
    }
}
