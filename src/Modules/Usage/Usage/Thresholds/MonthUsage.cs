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
    private const string Sql = """
        select w.tenant_id, w.month, k.subscription_id, k.meter, trim_scale(case m.aggregation
            when 'Sum' then sum(k.total) when 'Count' then sum(k.records) when 'Max' then max(k.largest)
            when 'Last' then (array_agg(k.last_quantity order by k.last_started_at desc, k.last_received_at desc, k.last_record_id desc))[1]
            when 'Unique' then (
                select count(distinct r.resource_id) from usage.monthly_resources r
                where r.month = w.month and r.tenant_id = w.tenant_id and r.subscription_id = k.subscription_id and r.meter = k.meter)
            end)::text
        from unnest($3, $4) as w(tenant_id, month)
        join usage.monthly_rollups k on k.month = w.month and k.tenant_id = w.tenant_id
        join unnest($1, $2) as m(meter, aggregation) on m.meter = k.meter
        group by w.tenant_id, w.month, k.subscription_id, k.meter, m.aggregation
        """;

    public async Task<ILookup<TenantMonth, SubscriptionUsage>> OfAsync(
        IReadOnlyList<TenantMonth> months, IReadOnlyDictionary<string, MeterRef> meters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var parameter in TotalsSql.Parameters(meters))
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
