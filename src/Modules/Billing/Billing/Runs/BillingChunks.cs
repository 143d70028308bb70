using Licensing.Billing.Advance;
using Licensing.Billing.Coupons;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Settlement;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Licensing.Billing.Runs;

/// <summary>The next tenants with what they subscribed to.</summary>
/// <param name="Tenants">In the order of their ids.</param>
/// <param name="Subscriptions">All of theirs in the period.</param>
/// <param name="Last">Where the next chunk goes on; null after the last one.</param>
internal sealed record TenantChunk(IReadOnlyList<OrganizationId> Tenants, IReadOnlyList<BillableSubscription> Subscriptions, OrganizationId? Last);

/// <summary>A tenant that is not billed.</summary>
internal sealed record ParkedTenant(OrganizationId Id, string ExternalId, string Code, string Message)
{
    /// <summary>Where it stood in the month that came late; null of what is of the billed month itself.</summary>
    public string? Path { get; init; }

    public OperationError Error => new(ExternalId, Code, Message);
}

/// <summary>The bills of some tenants.</summary>
/// <param name="Bills">Those with something due, in the order of their ids.</param>
/// <param name="NotBilled">Those that cannot be billed.</param>
internal sealed record BilledChunk(IReadOnlyList<TenantBill> Bills, IReadOnlyList<ParkedTenant> NotBilled)
{
    public static BilledChunk Empty { get; } = new([], []);

    /// <summary>Whether something is billed in advance.</summary>
    public bool IsAhead => Bills.Any(bill => bill.Charges.Any(charge => charge.Due.AheadOf is not null));

    /// <summary>Months that were looked at again and owe nothing any more.</summary>
    public IReadOnlyList<LateMonth> Settled { get; init; } = [];

    /// <summary>By which own prices something is billed late; to be kept with the bills.</summary>
    public IReadOnlyList<LatePrices> LatePrices { get; init; } = [];
}

/// <summary>
/// Rates a chunk of tenants: a fixed number of reads however many there are, then everything in memory. (Trials that end and plans that change within
/// the period add one for all of them; resources in several SKUs or regions, one more of each.)
/// </summary>
internal sealed class BillingChunks(
    BillingDb db, ISubscriptionDirectory subscriptions, IUsageTotals usage, ICatalog catalog, RatePins rates, IOrganizationDirectory organizations,
    RatingSources sources, LateMonths lateMonths, LateUsage lateUsage, Advances advances, BillingSettings settings, RunProbe probe, RunMeter meter,
    ILogger<BillingChunks> log)
{
    /// <summary>The next <paramref name="most"/> tenants with something to bill in this period.</summary>
    public async Task<TenantChunk> NextAsync(Period period, Scope scope, OrganizationId? after, int most, CancellationToken ct)
    {
        var chunk = Of(await subscriptions.BillableAsync(period, scope, after, most, ct));
        return chunk with { Last = chunk.Tenants.Count < most ? null : chunk.Tenants[^1] };
    }

    /// <summary>Rates those of the chunk that have no invoice of the seller in this period, as prices and taxes are now.</summary>
    public async Task<BilledChunk> RateAsync(
        OrganizationId seller, Period period, TenantChunk chunk, CancellationToken ct, bool draftsAnew = false)
    {
        var ids = chunk.Tenants;
        var open = await OpenAsync(db.Invoices.Where(x => ids.Contains(x.TenantId)), seller, period, chunk, draftsAnew, ct);
        if (open.Count == 0)
            return BilledChunk.Empty;
        var pinned = await rates.PresentAsync(period, open, ct);
        var advance = await AdvanceAsync(seller, period, await advances.StandingAsync(seller, period, open, ct), open, pinned, ct);
        return await RateAsync(period, chunk, open, draftsAnew ? seller : null, pinned, advance, ct);
    }

    /// <summary>Rates the tenants of a range by the rates of their run. Drafts do not count as invoices: they are drawn anew.</summary>
    /// <param name="run">Of the round.</param>
    /// <param name="range">Which tenants.</param>
    /// <param name="goOn">Asked before each earlier month is rated once more, of which there may be a year's.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<BilledChunk> RateAsync(BillingRun run, TenantRange range, Func<CancellationToken, Task> goOn, CancellationToken ct)
    {
        var late = await lateMonths.OfAsync(run, range, ct);
        var rated = await RateOpenAsync(run, range, ct);
        return await lateUsage.AddAsync(run.SellerId, run.Period, rated, late, async (month, chunk, by, books, token) =>
        {
            await goOn(token);
            return await AnewAsync(month, chunk, by, books, token);
        }, ct);
    }

    /// <summary>Adds to a chunk what its tenants owe for earlier months; for what is only shown.</summary>
    public Task<BilledChunk> WithLateAsync(
        OrganizationId seller, Period period, BilledChunk rated, IReadOnlyList<LateMonth> late, CancellationToken ct) =>
        lateUsage.AddAsync(seller, period, rated, late, AnewAsync, ct);

    private async Task<BilledChunk> RateOpenAsync(BillingRun run, TenantRange range, CancellationToken ct)
    {
        var chunk = Of(await subscriptions.BillableBetweenAsync(run.Period, range.After, range.Last, ct));
        await probe.HitAsync("subscriptions");
        var standing = await advances.StandingAsync(run.SellerId, run.Period, range, ct);
        await probe.HitAsync("billed ahead");
        // Who was billed in advance for what then did not come has nothing else to bill.
        var gone = standing.Select(lines => lines.Key).Except(chunk.Tenants).ToList();
        if (gone.Count > 0)
            chunk = chunk with { Tenants = [.. chunk.Tenants.Concat(gone).OrderBy(id => id.Value)] };
        if (chunk.Tenants.Count == 0)
            return BilledChunk.Empty;
        var ids = chunk.Tenants;
        var open = await OpenAsync(db.Invoices.Where(x => ids.Contains(x.TenantId)), run.SellerId, run.Period, chunk, draftsAnew: true, ct);
        await probe.HitAsync("invoices");
        if (open.Count == 0)
            return BilledChunk.Empty;
        var pinned = await rates.OpenAsync(run, chunk.Tenants, ct);
        var advance = await AdvanceAsync(run.SellerId, run.Period, standing, open, pinned, ct);
        return await RateAsync(run.Period, chunk, open, run.SellerId, pinned, advance, ct);
    }

    private async Task<AdvanceBooks> AdvanceAsync(
        OrganizationId seller, Period period, ILookup<OrganizationId, BilledLine> standing, IReadOnlyList<OrganizationId> open,
        PinnedRates pinned, CancellationToken ct) =>
        new(standing, await advances.NextAsync(seller, period, open, pinned.InAdvance, ct))
        {
            Paid = await advances.PaidAsync(seller, period, standing, ct),
        };

    private static TenantChunk Of(IReadOnlyList<BillableSubscription> found) =>
        new([.. found.Select(subscription => subscription.TenantId).Distinct()], found, null);

    private static async Task<IReadOnlyList<OrganizationId>> OpenAsync(
        IQueryable<Invoice> invoices, OrganizationId seller, Period period, TenantChunk chunk, bool draftsAnew, CancellationToken ct)
    {
        var billed = await invoices.AsNoTracking()
            .Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End && x.SellerId == seller && x.Kind == InvoiceKind.Regular
                && x.Status != InvoiceStatus.Void && (!draftsAnew || x.Status != InvoiceStatus.Draft))
            .Select(x => x.TenantId).ToListAsync(ct);
        return billed.Count == 0 ? chunk.Tenants : [.. chunk.Tenants.Except(billed)];
    }

    private Task<BilledChunk> AnewAsync(Period period, TenantChunk chunk, PinnedRates rates, BilledBooks books, CancellationToken ct) =>
        RateAsync(period, chunk, chunk.Tenants, null, rates, AdvanceBooks.None, ct, books);

    private async Task<BilledChunk> RateAsync(
        Period period, TenantChunk chunk, IReadOnlyList<OrganizationId> open, OrganizationId? redrawnBy, PinnedRates rates,
        AdvanceBooks advance, CancellationToken ct, BilledBooks? billed = null)
    {
        var ofTenant = chunk.Subscriptions.ToLookup(subscription => subscription.TenantId);
        var tenants = await organizations.FindAsync(open, ct);
        var gone = await PathsAsync([.. open.Where(id => !ofTenant.Contains(id))], period, ct);
        var versions = new HashSet<PlanVersionId>();
        foreach (var subscription in chunk.Subscriptions.Concat(advance.Next.SelectMany(next => next)))
        {
            versions.UnionWith(subscription.Plans.Select(plan => plan.PlanVersionId));
            versions.UnionWith((subscription.EarlyEnd?.DaysLeft ?? []).Select(span => span.PlanVersionId));
        }

        var prices = new PeriodPrices(period, await catalog.FindPlanVersionsAsync(versions, ct), rates.Book, rates.Meters, rates.Taxes)
        {
            AheadOf = Advances.After(period),
            TaxesAhead = rates.TaxesAhead,
            ByLastPlan = rates.ByLastPlan,
        };
        var reductions = await sources.ReductionsAsync(period, open, redrawnBy, ct);
        prices = rates.Exchange is { } exchange
            ? prices with { Rates = exchange }
            : await sources.WithRatesAsync(prices, tenants.Values, reductions, ct);
        var unmerged = (await usage.UnmergedAsync(period, open, ct)).ToHashSet();
        PeriodUsage? used = null;
        while (used is null)
            try
            {
                used = await UsageAsync(open.Where(id => !unmerged.Contains(id)).SelectMany(id => ofTenant[id]), prices, ct);
            }
            catch (UnreadableUsageException refused)
            {
                unmerged.UnionWith(refused.Tenants);
            }

        await probe.HitAsync("read");
        var bills = new List<TenantBill>(open.Count);
        var left = new List<ParkedTenant>();
        foreach (var id in open)
        {
            var (own, by) = billed is null ? ([.. reductions[id]], prices) : billed.As(id, reductions[id], prices);
            IReadOnlyList<BilledLine> ahead = [.. advance.Standing[id]];
            if (ahead.Count > 0)
                by = by with { RatesInAdvance = BilledLines.RatesInAdvance(ahead) };
            // The period belongs to whose the tenant was at its end, however long after it is billed.
            var account = !tenants.TryGetValue(id, out var tenant) ? null : new TenantAccount(
                tenant with { Path = ofTenant[id].FirstOrDefault()?.OwnerPath ?? gone[id] }, [.. ofTenant[id]], used)
            {
                Reductions = own,
                BilledAhead = ahead,
                PaidAhead = [.. advance.Paid[id]],
                Next = [.. advance.Next[id]],
            };
            var result = unmerged.Contains(id) ? RunRefusals.UsageNotMerged : Rate(id, account, by);
            if (result.Refused(out var refusal, out var bill))
            {
                meter.Parked(refusal.Code);
                left.Add(new ParkedTenant(id, tenants.GetValueOrDefault(id)?.ExternalId ?? id.Value.ToString(), refusal.Code, Reason(refusal)));
            }
            else if (bill.Charges.Count > 0)
            {
                bills.Add(bill);
            }
        }

        return new BilledChunk(bills, left);
    }

    private async Task<PeriodUsage> UsageAsync(
        IEnumerable<BillableSubscription> found, PeriodPrices prices, CancellationToken ct)
    {
        var (whole, parts) = (new Dictionary<SubscriptionId, OrganizationId>(), new List<UsageStretch>());
        foreach (var subscription in found)
            foreach (var stretch in PlanStretch.Of(subscription, prices))
                if (stretch.Days == prices.Period)
                    whole.Add(subscription.Id, subscription.TenantId);
                else
                    parts.Add(new UsageStretch(subscription.TenantId, subscription.Id, stretch.Days));

        var totals = new List<OfStretch<UsageTotal>>();
        if (whole.Count > 0)
        {
            var read = await usage.OfTenantsAsync(prices.Period, [.. whole.Values.Distinct()], ct);
            foreach (var total in read)
                if (whole.ContainsKey(total.SubscriptionId))
                    totals.Add(new(prices.Period.Start, total));
            await probe.HitAsync("usage");
        }

        // Trials that end and plans that change within the month: of those few the days are added up.
        if (parts.Count > 0)
        {
            totals.AddRange(await usage.OfStretchesAsync(parts, ct));
            await probe.HitAsync("usage of parts");
        }

        var distinct = await DistinctAsync(totals, whole, parts, prices, ct);
        return new PeriodUsage(totals.ToLookup(x => (x.Usage.SubscriptionId, x.From), x => x.Usage), distinct);
    }

    // One resource may be in several SKUs and regions.
    private async Task<Dictionary<(SubscriptionId, DateOnly, string), DistinctUsage>> DistinctAsync(
        List<OfStretch<UsageTotal>> totals, Dictionary<SubscriptionId, OrganizationId> whole, List<UsageStretch> parts, PeriodPrices prices,
        CancellationToken ct)
    {
        var split = totals.Where(x => prices.Meters.GetValueOrDefault(x.Usage.Meter)?.Aggregation is MeterAggregation.Unique)
            .GroupBy(x => (x.Usage.SubscriptionId, x.From, x.Usage.Meter)).Where(same => same.Count() > 1)
            .Select(same => (same.Key.SubscriptionId, same.Key.From)).ToHashSet();
        var distinct = new Dictionary<(SubscriptionId, DateOnly, string), DistinctUsage>();
        var tenants = whole.Where(x => split.Contains((x.Key, prices.Period.Start))).Select(x => x.Value).Distinct().ToList();
        if (tenants.Count > 0)
            foreach (var counted in await usage.DistinctAsync(prices.Period, tenants, ct))
                if (whole.ContainsKey(counted.SubscriptionId))
                    distinct[(counted.SubscriptionId, prices.Period.Start, counted.Meter)] = counted;
        parts = [.. parts.Where(x => split.Contains((x.SubscriptionId, x.Days.Start)))];
        if (parts.Count > 0)
            foreach (var (from, counted) in await usage.DistinctOfStretchesAsync(parts, ct))
                distinct[(counted.SubscriptionId, from, counted.Meter)] = counted;
        return distinct;
    }

    private async Task<IReadOnlyDictionary<OrganizationId, string>> PathsAsync(
        IReadOnlyList<OrganizationId> tenants, Period period, CancellationToken ct) => tenants.Count == 0
        ? new Dictionary<OrganizationId, string>()
        : (await organizations.PathsAsync(tenants, ct)).ToDictionary(x => x.Key, x => x.Value.On(period.End.AddDays(-1)));

    // One tenant whose data breaks an assumption must not stop the others.
    private Result<TenantBill> Rate(OrganizationId id, TenantAccount? account, PeriodPrices prices)
    {
        if (account is null)
            return RunRefusals.TenantMissing;
        try
        {
            if (TenantRating.Rate(account, prices).Refused(out var refusal, out var bill))
                return refusal;
            bill = probe.Generated?.Invoke(bill) ?? bill;
            if (BillGuard.Check(bill, settings) is not { } wrong)
                return bill;
            log.LogError("Tenant {Tenant} is not billed for {Period}: {Reason}", id.Value, prices.Period, wrong.Message);
            return wrong;
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
