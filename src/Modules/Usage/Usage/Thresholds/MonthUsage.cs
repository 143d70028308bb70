using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Rollups;
using Npgsql;

namespace Licensing.Usage.Thresholds;

/// <summary>What one subscription used of a meter in a month, over all SKUs and regions.</summary>
internal sealed record SubscriptionUsage(Guid Subscription, string Meter, Exact Quantity);

/// <summary>Reads months from their rollups, for thresholds.</summary>
internal sealed class MonthUsage(DbSession session, UnreadableTenants unreadable, ICatalog catalog)
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
        var question = Ask(months, meters);
        var used = await question.AskAsync(
            question.Tenants, (await session.OpenAsync(ct), session.Transaction), byIndex: true, static (row, _) => ValueTask.FromResult(
                (Month: new TenantMonth(row.GetGuid(0), row.GetFieldValue<DateOnly>(1)),
                    Usage: new SubscriptionUsage(row.GetGuid(2), row.GetString(3), Exact.Parse(row.GetString(4))))), ct);
        return used.ToLookup(u => u.Month, u => u.Usage);
    }

    /// <summary>Those of these months that cannot be read; they are noted. Asked when the transaction in which that was found is over.</summary>
    public async Task<IReadOnlyCollection<Guid>> UnreadableAsync(IReadOnlyList<TenantMonth> months, CancellationToken ct) =>
        await unreadable.FindAsync(Ask(months, await catalog.MetersAsync(ct)), ct);

    private static UsageQuestion Ask(IReadOnlyList<TenantMonth> months, IReadOnlyDictionary<string, MeterRef> meters)
    {
        var ofTenant = months.ToLookup(m => m.Tenant, m => m.Month);
        return new(Sql, [.. ofTenant.Select(tenant => tenant.Key)], Of, tenant => ofTenant[tenant]);

        IEnumerable<NpgsqlParameter> Of(IReadOnlyCollection<Guid> some, Period? only)
        {
            var asked = some.SelectMany(tenant => ofTenant[tenant].Select(month => new TenantMonth(tenant, month)))
                .Where(asked => only?.Contains(asked.Month) ?? true).ToList();
            return
            [
                .. TotalsSql.WithCombining(meters), new() { Value = asked.Select(m => m.Tenant).ToArray() },
                new() { Value = asked.Select(m => m.Month).ToArray() },
            ];
        }
    }
}
