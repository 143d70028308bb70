using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Rollups;
using Npgsql;

namespace Licensing.Usage.Thresholds;

/// <summary>What one subscription used of a meter in a month, over all SKUs and regions.</summary>
internal sealed record SubscriptionUsage(Guid Subscription, string Meter, Exact Quantity);

/// <summary>Reads months from their rollups, for thresholds.</summary>
internal sealed class MonthUsage(DbSession session)
{
    private static readonly string Sql = $"""
        with cells as (
            select k.tenant_id, k.month, k.subscription_id, k.meter, m.combining, {TotalsSql.Quantity} as quantity
            from unnest($4, $5) as w(tenant_id, month)
            join usage.monthly_rollups k on k.month = w.month and k.tenant_id = w.tenant_id
            join unnest($1, $2, $3) as m(meter, aggregation, combining) on m.meter = k.meter)
        select tenant_id, month, subscription_id, meter, trim_scale({TotalsSql.Together("""
            (select count(distinct r.resource_id) from usage.monthly_resources r
            where r.month = c.month and r.tenant_id = c.tenant_id and r.subscription_id = c.subscription_id and r.meter = c.meter)
            """)})::text
        from cells c
        group by tenant_id, month, subscription_id, meter, combining
        """;

    public async Task<ILookup<TenantMonth, SubscriptionUsage>> OfAsync(
        IReadOnlyList<TenantMonth> months, IReadOnlyDictionary<string, MeterRef> meters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var parameter in TotalsSql.WithCombining(meters))
            command.Parameters.Add(parameter);
        command.Parameters.Add(new() { Value = months.Select(m => m.Tenant).ToArray() });
        command.Parameters.Add(new() { Value = months.Select(m => m.Month).ToArray() });
        var used = new List<(TenantMonth Month, SubscriptionUsage Usage)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            used.Add((new(rows.GetGuid(0), rows.GetFieldValue<DateOnly>(1)),
                new(rows.GetGuid(2), rows.GetString(3), Exact.Parse(rows.GetString(4)))));
        return used.ToLookup(u => u.Month, u => u.Usage);
    }
}
