using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Summaries;

/// <summary>What one tenant, or one of its subscriptions, owes for a period.</summary>
internal sealed record BilledAmount(
    OrganizationId TenantId, string OwnerPath, SubscriptionId? SubscriptionId, Money Net, Money Tax, Exact UsageExact, int Invoices, bool Estimated);

/// <summary>Sums of drafted and issued invoices, made by the database.</summary>
internal sealed class BilledAmounts(DbSession session)
{
    private const string Within = """
        from billing.invoices i join unnest($3::text[], $4::text[]) as r (lower, upper)
            on i.owner_path >= r.lower collate "C" and i.owner_path < r.upper collate "C"
        """;

    private const string OfPeriod = "where i.period_start = $1 and i.period_end = $2 and i.status <> 'Void'";

    private const string PerTenant = $"""
        select i.tenant_id, i.owner_path, null::uuid, i.currency, sum(i.net), sum(i.tax), sum(i.usage_exact::numeric)::text, count(*)::int
        {Within} {OfPeriod} group by 1, 2, 4
        """;

    private const string PerSubscription = $"""
        select i.tenant_id, i.owner_path, l.subscription_id, i.currency, sum(l.net), sum(l.tax),
            coalesce(sum(l.unrounded::numeric) filter (where l.is_usage), 0)::text, count(distinct i.id)::int
        {Within} join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id
        {OfPeriod} group by 1, 2, 3, 4
        """;

    public async Task<IReadOnlyList<BilledAmount>> OfPeriodAsync(Period period, Scope scope, bool perSubscription, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        var connection = await session.OpenAsync(ct);
        await using var command = new NpgsqlCommand(perSubscription ? PerSubscription : PerTenant, connection)
        {
            Parameters = { new() { Value = period.Start }, new() { Value = period.End }, new() { Value = from }, new() { Value = until } },
        };
        var amounts = new List<BilledAmount>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var currency = Currency.Parse(rows.GetString(3));
            amounts.Add(new BilledAmount(
                new OrganizationId(rows.GetGuid(0)), rows.GetString(1), rows.IsDBNull(2) ? null : new SubscriptionId(rows.GetGuid(2)),
                new Money(rows.GetDecimal(4), currency), new Money(rows.GetDecimal(5), currency), Exact.Parse(rows.GetString(6)), rows.GetInt32(7),
                Estimated: false));
        }

        return amounts;
    }
}
