using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Licensing.Billing.Runs;

/// <summary>Section <c>Billing</c> of the configuration.</summary>
internal sealed record BillingSettings
{
    /// <summary>Tenants rated and written in one transaction.</summary>
    public int ChunkTenants { get; init; } = 200;

    /// <summary>Most tenants that a summary rates on the fly.</summary>
    public int EstimatedTenants { get; init; } = 5_000;
}

/// <summary>The next tenants with what they subscribed to.</summary>
/// <param name="Tenants">In the order of their ids.</param>
/// <param name="Subscriptions">All of theirs in the period.</param>
/// <param name="Last">Where the next chunk goes on; null after the last one.</param>
internal sealed record TenantChunk(IReadOnlyList<OrganizationId> Tenants, IReadOnlyList<BillableSubscription> Subscriptions, OrganizationId? Last);

/// <summary>The bills of some tenants.</summary>
/// <param name="Bills">Those with something due.</param>
/// <param name="NotBilled">Those that cannot be billed, by external id.</param>
internal sealed record BilledChunk(IReadOnlyList<TenantBill> Bills, IReadOnlyList<OperationError> NotBilled);

/// <summary>
/// Rates a chunk of tenants: a fixed number of reads however many there are, then everything in memory. (Trials that end within the
/// period add a read per day on which one ends; resources in several SKUs or regions, one more.)
/// </summary>
internal sealed class BillingChunks(
    BillingDb db, ISubscriptionDirectory subscriptions, IUsageTotals usage, ICatalog catalog, IPriceBooks books, IOrganizationDirectory organizations,
    ILogger<BillingChunks> log)
{
    /// <summary>The next <paramref name="most"/> tenants with something to bill in this period.</summary>
    public async Task<TenantChunk> NextAsync(Period period, Scope scope, OrganizationId? after, int most, CancellationToken ct)
    {
        var found = await subscriptions.BillableAsync(period, scope, after, most, ct);
        var ids = found.Select(subscription => subscription.TenantId).Distinct().ToList();
        return new TenantChunk(ids, found, ids.Count < most ? null : ids[^1]);
    }

    /// <summary>Rates those of the chunk that have no invoice of the seller in this period.</summary>
    public async Task<BilledChunk> RateAsync(OrganizationId seller, Period period, TenantChunk chunk, CancellationToken ct)
    {
        var (ids, found) = (chunk.Tenants, chunk.Subscriptions);
        var billed = await db.Invoices.AsNoTracking()
            .Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End && x.SellerId == seller && ids.Contains(x.TenantId)
                && x.Status != InvoiceStatus.Void)
            .Select(x => x.TenantId).ToListAsync(ct);
        var open = ids.Except(billed).ToList();
        if (open.Count == 0)
            return new BilledChunk([], []);

        var ofTenant = found.ToLookup(subscription => subscription.TenantId);
        var tenants = await organizations.FindAsync(open, ct);
        var versions = found.SelectMany(subscription => subscription.Spans).Select(span => span.PlanVersionId).Distinct().ToList();
        var prices = new PeriodPrices(
            period, await catalog.FindPlanVersionsAsync(versions, ct), await books.OpenAsync(period, open, ct),
            await catalog.MetersAsync(ct),
            new TaxTable(await db.TaxRates.AsNoTracking().ToListAsync(ct), period.End.AddDays(-1)));
        var used = await UsageAsync(found.Where(subscription => open.Contains(subscription.TenantId)), prices, ct);

        var bills = new List<TenantBill>();
        var left = new List<OperationError>();
        foreach (var id in open)
        {
            if (Rate(id, tenants.GetValueOrDefault(id), [.. ofTenant[id]], used, prices).Refused(out var refusal, out var bill))
                left.Add(new OperationError(tenants.GetValueOrDefault(id)?.ExternalId ?? id.Value.ToString(), refusal.Code, Reason(refusal)));
            else if (bill.Charges.Count > 0)
                bills.Add(bill);
        }

        return new BilledChunk(bills, left);
    }

    private async Task<PeriodUsage> UsageAsync(
        IEnumerable<BillableSubscription> found, PeriodPrices prices, CancellationToken ct)
    {
        var totals = new List<UsageTotal>();
        var distinct = new Dictionary<(SubscriptionId, string), DistinctUsage>();
        var byFirstDay = found.Where(subscription => subscription.Spans.Count > 0).GroupBy(
            subscription => TenantRating.UsageFrom(subscription, prices.Period));
        foreach (var group in byFirstDay)
        {
            if (!Period.TryCreate(group.Key, prices.Period.End, out var days))
                continue;
            var these = group.Select(subscription => subscription.Id).ToHashSet();
            var read = await usage.OfTenantsAsync(days, [.. group.Select(subscription => subscription.TenantId).Distinct()], ct);
            var own = read.Where(total => these.Contains(total.SubscriptionId)).ToList();
            totals.AddRange(own);

            var split = own.Where(total => prices.Meters.GetValueOrDefault(total.Meter)?.Aggregation is MeterAggregation.Unique)
                .GroupBy(total => (total.SubscriptionId, total.Meter)).Where(parts => parts.Count() > 1)
                .Select(parts => parts.First().TenantId).Distinct().ToList();
            if (split.Count == 0)
                continue;
            foreach (var counted in await usage.DistinctAsync(days, split, ct))
                if (these.Contains(counted.SubscriptionId))
                    distinct[(counted.SubscriptionId, counted.Meter)] = counted;
        }

        return new PeriodUsage(totals.ToLookup(total => total.SubscriptionId), distinct);
    }

    // One tenant whose data breaks an assumption must not stop the others.
    private Result<TenantBill> Rate(
        OrganizationId id, OrganizationRef? tenant, IReadOnlyList<BillableSubscription> owned, PeriodUsage used, PeriodPrices prices)
    {
        if (tenant is null)
            return RunRefusals.TenantMissing;
        try
        {
            // The period belongs to whose the tenant was at its end, however long after it is billed.
            return TenantRating.Rate(new TenantAccount(tenant with { Path = owned[0].OwnerPath }, owned, used), prices);
        }
        catch (Exception failure)
        {
            log.LogError(failure, "Tenant {Tenant} cannot be rated for {Period}.", id.Value, prices.Period);
            return RunRefusals.RatingFailed;
        }
    }

    private static string Reason(Refusal refusal) =>
        refusal.Fields.Count > 1 ? $"{refusal.Message} {string.Join(" ", refusal.Fields.Select(field => field.Message))}" : refusal.Message;
}
