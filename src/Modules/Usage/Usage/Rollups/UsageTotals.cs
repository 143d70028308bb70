using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Usage.Rollups;

internal sealed class UsageTotals(DbSession session, DailyRollups rollups) : IUsageTotals
{
    private static readonly string Totals = $"""
        with {TotalsSql.Of("tenant_id = any ($3)", "")}
        select tenant_id, subscription_id, meter, sku, region, {ExactColumn.Of("quantity", "quantity")}, records
        from totals
        order by tenant_id, subscription_id, meter, sku, region
        """;

    private const string Distinct = """
        select subscription_id, meter, count(distinct resource_id), count(distinct resource_id) filter (where sku = '')
        from usage.daily_resources
        where day >= $1 and day < $2 and tenant_id = any ($3)
        group by subscription_id, meter
        """;

    public async Task CatchUpAsync(Period period, CancellationToken ct) => await rollups.CatchUpAsync(period, int.MaxValue, ct);

    public async Task<IReadOnlyList<UsageTotal>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        await using var command = await CommandAsync(Totals, period, tenants, ct);
        var totals = new List<UsageTotal>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            totals.Add(new UsageTotal(
                new(rows.GetGuid(0)), new(rows.GetGuid(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4),
                await ExactColumn.ReadAsync(rows, 5, ct), rows.GetInt64(7)));
        return totals;
    }

    public async Task<IReadOnlyList<DistinctUsage>> DistinctAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        await using var command = await CommandAsync(Distinct, period, tenants, ct);
        var found = new List<DistinctUsage>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(new DistinctUsage(new(rows.GetGuid(0)), rows.GetString(1), rows.GetInt64(2), rows.GetInt64(3)));
        return found;
    }

    private async Task<NpgsqlCommand> CommandAsync(string sql, Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) =>
        new(sql, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = period.Start }, new() { Value = period.End }, new() { Value = tenants.Select(t => t.Value).ToArray() },
            },
        };
}
