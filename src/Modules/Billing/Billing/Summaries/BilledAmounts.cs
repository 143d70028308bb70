using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Summaries;

/// <summary>Where an amount stands.</summary>
internal enum BillState { Issued, Drafted, Unbilled }

/// <summary>What one tenant, or one of its subscriptions, owes for a period.</summary>
/// <param name="Discounts">What caps and coupons took off.</param>
/// <param name="Credits">What credits took off, money and units.</param>
/// <param name="Net">What is left to pay without tax.</param>
/// <param name="Credited">What credit notes took back, with tax.</param>
internal sealed record BilledAmount(
    OrganizationId TenantId, string OwnerPath, SubscriptionId? SubscriptionId, Money Discounts, Money Credits, Money Net, Money Tax,
    Exact UsageExact, Money Credited, int Invoices, BillState State);

/// <summary>Sums of drafted and issued invoices, made by the database.</summary>
internal sealed class BilledAmounts(DbSession session)
{
    private const string Within = """
        from billing.invoices i join unnest($3::text[], $4::text[]) as r (lower, upper)
            on i.owner_path >= r.lower collate "C" and i.owner_path < r.upper collate "C"
        """;

    private const string OfPeriod = "where i.period_start = $1 and i.period_end = $2 and i.status <> 'Void'";

    private const string PerTenant = $"""
        select i.tenant_id, i.owner_path, null::uuid, i.currency, i.status = 'Draft', sum(i.discounts), sum(i.credits), sum(i.net), sum(i.tax),
            sum(i.usage_exact::numeric)::text, sum(i.credited), count(*)::int
        {Within}
        {OfPeriod} group by 1, 2, 4, 5
        """;

    // What credit notes took of an invoice may come to nothing, so they are read themselves: once, not for each of many lines.
    private const string PerSubscription = $"""
        with noted as materialized (
            select c.invoice_id, c.tenant_id, c.invoice_position, sum(c.net + c.tax) as credited
            {Within} join billing.credit_note_lines c on c.invoice_id = i.id and c.tenant_id = i.tenant_id
            {OfPeriod} group by 1, 2, 3)
        select i.tenant_id, i.owner_path, l.subscription_id, i.currency, i.status = 'Draft', sum(l.cap_reduction + l.discount), sum(l.credit),
            sum(l.net), sum(l.tax), coalesce(sum(l.unrounded::numeric) filter (where l.is_usage), 0)::text,
            coalesce(sum(n.credited), 0), count(distinct i.id)::int
        {Within} join billing.invoice_lines l on l.invoice_id = i.id and l.tenant_id = i.tenant_id
            left join noted n on n.invoice_id = l.invoice_id and n.tenant_id = l.tenant_id and n.invoice_position = l.position
        {OfPeriod} group by 1, 2, 3, 4, 5
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
            Money Amount(int column) => new(rows.GetDecimal(column), currency);
            amounts.Add(new BilledAmount(
                new OrganizationId(rows.GetGuid(0)), rows.GetString(1), rows.IsDBNull(2) ? null : new SubscriptionId(rows.GetGuid(2)),
                Amount(5), Amount(6), Amount(7), Amount(8), Exact.Parse(rows.GetString(9)), Amount(10), rows.GetInt32(11),
                rows.GetBoolean(4) ? BillState.Drafted : BillState.Issued));
        }

        return amounts;
    }
}
