using System.Text.Json;
using Licensing.Billing.Coupons;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Settlement;

/// <summary>What coupons and credits gave for some tenants' months, in all that stands.</summary>
/// <param name="Paid">The credits that paid something of a month, in the order of their use.</param>
/// <param name="Rates">By which coupons in other currencies were taken off a month, into the currency of its invoice.</param>
/// <param name="Left">What is left of these credits, each in its unit; the drafts that are drawn anew count as not there.</param>
internal sealed record BilledUses(
    ILookup<(OrganizationId Tenant, DateOnly Month), PaidCredit> Paid,
    ILookup<(OrganizationId Tenant, DateOnly Month), (Currency To, Exchange Rate)> Rates,
    IReadOnlyDictionary<(OrganizationId Tenant, Guid Credit), Exact> Left)
{
    /// <summary>What adjustments could spend of each tenant's credits, after the tenant's own bill.</summary>
    public IReadOnlyDictionary<OrganizationId, Dictionary<Guid, Exact>> LeftAfter(
        IReadOnlyList<TenantBill> bills, IEnumerable<OrganizationId> tenants)
    {
        var used = bills.SelectMany(bill => bill.Uses, (bill, use) => (bill.Tenant.Id, Use: use))
            .ToLookup(x => (x.Id, x.Use.Reduction.Id), x => x.Use);
        var left = Left.ToLookup(x => x.Key.Tenant, x => (x.Key.Credit, x.Value));
        return tenants.ToDictionary(tenant => tenant, tenant => left[tenant].ToDictionary(
            x => x.Credit, x => x.Value - Exact.Sum(used[(tenant, x.Credit)].Where(use => use.Consumed.Sign > 0).Select(use => use.Consumed))));
    }
}

/// <summary>Reads them, for all late months of a chunk together.</summary>
internal sealed class UsesRead(DbSession session)
{
    // Own is what paid for the month when that was billed, in advance or not, and not later. The last column: of a draft of the round, which is drawn
    // anew, so that what it used is free and nothing else of it counts.
    private const string Uses =
        """
        select u.tenant_id, coalesce(u.adjusts, i.period_start), u.adjusts is null or u.adjusts > i.period_start, u.amount, u.consumed,
            u.exchange::text, i.currency, c.id, c.subscription_id, c.meter, c.sku, c.remaining,
            i.status = 'Draft' and i.period_start = $4 and i.period_end = $5
        from billing.reduction_uses u
        join billing.invoices i on i.id = u.invoice_id and i.tenant_id = u.tenant_id and i.seller_id = $1
        left join billing.credits c on c.id = u.reduction_id and c.tenant_id = u.tenant_id and u.kind = 'Credit'
        where u.tenant_id = any ($2) and (c.id is not null or u.exchange is not null)
            and (coalesce(u.adjusts, i.period_start) = any ($3) or (i.status = 'Draft' and i.period_start = $4 and i.period_end = $5))
        order by c.quantity is not null, coalesce(c.valid_until, 'infinity'), c.id, u.invoice_id
        """;

    private sealed record Use(
        OrganizationId Tenant, DateOnly Month, bool IsOwn, Exact Amount, Exact Consumed, (Currency To, Exchange Rate)? Rate,
        GrantedReduction? Credit, Exact Remaining, bool IsRedrawn);

    public async Task<BilledUses> ReadAsync(
        OrganizationId seller, Period period, IReadOnlyList<OrganizationId> tenants, IReadOnlyList<DateOnly> months, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Uses, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in (object[])[
            seller.Value, tenants.Select(x => x.Value).ToArray(), months.ToArray(), period.Start, period.End])
            command.Parameters.Add(new() { Value = value });
        var found = new List<Use>();
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                found.Add(Of(rows));

        var paid = found.Where(use => use.Credit is not null && !use.IsRedrawn).GroupBy(use => (use.Tenant, use.Month, use.Credit!.Id))
            .Select(uses => (Of: (uses.Key.Tenant, uses.Key.Month), Paid: new PaidCredit(
                uses.First().Credit!, Exact.Sum(uses.Select(use => use.Amount)), Exact.Sum(uses.Select(use => use.Consumed)))
            {
                OwnAmount = Exact.Sum(uses.Where(use => use.IsOwn).Select(use => use.Amount)),
                OwnConsumed = Exact.Sum(uses.Where(use => use.IsOwn).Select(use => use.Consumed)),
            }));
        var left = found.Where(use => use.Credit is not null).GroupBy(use => (use.Tenant, use.Credit!.Id));
        return new BilledUses(
            paid.ToLookup(x => x.Of, x => x.Paid),
            found.Where(use => use.Rate is not null && !use.IsRedrawn).ToLookup(use => (use.Tenant, use.Month), use => use.Rate!.Value),
            left.ToDictionary(uses => uses.Key, uses => uses.First().Remaining
                + Exact.Sum(uses.Where(use => use.IsRedrawn && use.Consumed.Sign > 0).Select(use => use.Consumed))));
    }

    private static Use Of(NpgsqlDataReader row) => new(
        new OrganizationId(row.GetGuid(0)), row.GetFieldValue<DateOnly>(1), row.GetBoolean(2), ExactText.Parse(row.GetString(3)), row.GetDecimal(4),
        !row.IsDBNull(5) && JsonSerializer.Deserialize<LineExchange>(row.GetString(5), StoredJson.Options) is { } used
            ? (Currency.Parse(row.GetString(6)), new Exchange(used.From, used.Rate, used.On))
            : null,
        row.IsDBNull(7) ? null : Credit(row), row.IsDBNull(11) ? 0 : row.GetDecimal(11), row.GetBoolean(12));

    // As much of it as says what it is for.
    private static GrantedReduction Credit(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new GrantedReduction(row.GetGuid(7), ReductionKind.Credit)
        {
            Quantity = Text(9) is null ? null : (Exact)0,
            Meter = Text(9),
            Sku = Text(10),
            Subscription = row.IsDBNull(8) ? null : new SubscriptionId(row.GetGuid(8)),
        };
    }
}
