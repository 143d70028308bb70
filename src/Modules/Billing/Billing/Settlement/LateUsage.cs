using Licensing.Billing.Coupons;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Settlement;

/// <summary>Rates a month of some tenants once more, by the rates it was billed by.</summary>
internal delegate Task<BilledChunk> RateAnew(Period period, TenantChunk chunk, PinnedRates rates, BilledBooks books, CancellationToken ct);

/// <summary>
/// Puts what came late to billed months onto the bills of a chunk. A month is rated anew as a whole, by the functions that billed it, so that
/// tiers, minimums, caps and coupons come out as if all had come in time; the difference to what stands is a line per thing that is billed.
/// A month that cannot be rated keeps nobody's bill back: it is told, and looked at again by the next round.
/// </summary>
internal sealed class LateUsage(
    BilledMonths billed, ISubscriptionDirectory subscriptions, RatePins pins, IOrganizationDirectory organizations, BillingSettings settings)
{
    private sealed record Owed(
        LateMonth Month, OrganizationRef Tenant, IReadOnlyList<BilledCharge> Charges, IReadOnlyList<ReductionUse> Uses,
        IEnumerable<(Guid, int)> Adjusted);

    public async Task<BilledChunk> AddAsync(
        OrganizationId seller, Period period, BilledChunk rated, IReadOnlyList<LateMonth> late, RateAnew rateAnew,
        CancellationToken ct)
    {
        if (late.Count == 0)
            return rated;
        var books = await billed.ReadAsync(seller, period, late, ct);
        // Who has the month's invoice already may still get one of the days before a transfer.
        bool IsOpen(LateMonth x) => x.Month == period.Start
            ? !books.Issued.Contains(x.TenantId)
            : books.Closed.Contains(x) && !(books.Issued.Contains(x.TenantId) && books.LateIssued.Contains(x.TenantId));
        var open = late.Where(IsOpen).ToList();
        if (open.Count == 0)
            return rated;

        var ids = open.Select(x => x.TenantId).Distinct().ToList();
        var (tenants, paths) = (await organizations.FindAsync(ids, ct), await organizations.PathsAsync(ids, ct));
        var left = books.Uses.LeftAfter(rated.Bills, ids);
        var (owed, told, settled) = (new List<Owed>(), rated.NotBilled.ToDictionary(x => x.Id), new List<LateMonth>());
        var prices = new List<LatePrices>();
        // Each month by the round that its invoice is of. Who has none was looked at by the last one, and had nothing to pay by its rates.
        int? RoundOf(LateMonth x) => books.Rounds.TryGetValue((x.TenantId, x.Month), out var round) ? round : null;
        foreach (var months in open.Where(x => tenants.ContainsKey(x.TenantId)).GroupBy(x => (x.Period, Round: RoundOf(x))))
        {
            var month = months.Key.Period;
            var anew = month == period ? BilledChunk.Empty : await AnewAsync(
                month, months.Key.Round, [.. months], period, books, rateAnew, ct);
            foreach (var x in months)
            {
                var standing = books.Lines[x].ToList();
                // What was billed in advance for the month itself, with all that adjusted it, is taken off where the month is rated.
                var ahead = standing.Where(line => line.IsAhead && month == period).Select(line => line.Key).ToHashSet();
                standing.RemoveAll(line => ahead.Contains(line.Key));
                var tenant = tenants[x.TenantId] with { Path = paths[x.TenantId].On(month.End.AddDays(-1)) };
                if (Unbillable(x, tenant, anew, standing) is { } reason)
                {
                    told.TryAdd(x.TenantId, reason);
                    continue;
                }

                IReadOnlyList<BilledCharge> due = anew.Bills.FirstOrDefault(bill => bill.Tenant.Id == x.TenantId)?.Charges ?? [];
                var credits = new MonthCredits(books.Uses.Paid[(x.TenantId, x.Month)], left[x.TenantId]);
                owed.Add(new Owed(
                    x, tenant, Settling.Differences(x.Month, due, standing, credits), credits.Uses(x.Month), standing.Select(line => line.Invoice)));
                prices.AddRange(anew.LatePrices.Where(own => own.TenantId == x.TenantId && IsBilledLate(own, owed[^1].Charges, standing)));
                // A draft that adjusts it may still be thrown away, and what is owed then is to be found.
                if (month != period && owed[^1].Charges.Count == 0 && standing.TrueForAll(line => line.IsFinal))
                    settled.Add(x);
            }
        }

        var now = ids.Where(paths.ContainsKey).ToDictionary(id => id, id => paths[id].On(period.End.AddDays(-1)));
        var bills = new List<TenantBill>(rated.Bills);
        foreach (var own in owed.Where(x => x.Charges.Count > 0).GroupBy(x => x.Tenant.Id))
            Add(bills, now[own.Key], [.. own], books, rated, told);
        return new BilledChunk(
            [.. bills.OrderBy(bill => bill.Tenant.Id.Value).ThenBy(bill => bill.Kind)],
            [.. told.Values.OrderBy(x => x.Id.Value)])
        {
            Settled = settled,
            LatePrices = prices,
        };
    }

    // What was billed late before its prices were kept keeps them from the next look on.
    private static bool IsBilledLate(LatePrices own, IReadOnlyList<BilledCharge> charges, List<BilledLine> standing) =>
        charges.Any(charge => charge.Due.Key.Subscription == own.SubscriptionId)
        || (own.Version == 0 && standing.Exists(line => line.IsLate && line.Key.Subscription == own.SubscriptionId));

    private async Task<BilledChunk> AnewAsync(
        Period month, int? round, List<LateMonth> months, Period billedWith, BilledBooks books, RateAnew rateAnew, CancellationToken ct)
    {
        var found = await subscriptions.BillableOfAsync(month, [.. months.Select(x => x.TenantId)], ct);
        if (found.Count == 0)
            return BilledChunk.Empty;
        var chunk = new TenantChunk([.. found.Select(x => x.TenantId).Distinct()], found, null);
        // What was billed in advance was billed by another month's round.
        var billed = months.SelectMany(x => books.Lines[x]).Where(line => line is { Number: 0, IsAhead: false })
            .Select(line => line.Key.Subscription).ToHashSet();
        var unbilled = found.Where(x => !billed.Contains(x.Id)).ToDictionary(x => x.Id.Value, x => x.TenantId);
        var newcomers = unbilled.Values.Except(found.Where(x => billed.Contains(x.Id)).Select(x => x.TenantId)).ToList();
        var rates = books.Runs.TryGetValue(month.Start, out var run)
            ? await pins.OpenAsync(run, chunk.Tenants, ct, round, new UnbilledSubscriptions(billedWith, unbilled, newcomers))
            : await pins.PresentAsync(month, chunk.Tenants, ct);
        // Invoices from before rounds were kept are rated by the rules of then, so that only what came late differs.
        var anew = await rateAnew(month, chunk, rates with { ByLastPlan = round == 0 }, books, ct);
        return anew with { LatePrices = rates.Late };
    }

    private static ParkedTenant? Unbillable(LateMonth late, OrganizationRef tenant, BilledChunk anew, List<BilledLine> standing)
    {
        var refused = anew.NotBilled.FirstOrDefault(x => x.Id == late.TenantId);
        if (refused is null && standing.Exists(line => line.Net.Currency != tenant.Currency))
            refused = new ParkedTenant(tenant.Id, tenant.ExternalId, "currency_mismatch", "It was billed in another currency.");
        return refused is null ? null : refused with
        {
            Message = $"What came late for {late.Month:yyyy-MM}: {refused.Message}",
            Path = tenant.Path,
        };
    }

    private void Add(
        List<TenantBill> bills, string path, List<Owed> owed, BilledBooks books, BilledChunk rated, Dictionary<OrganizationId, ParkedTenant> told)
    {
        var id = owed[0].Tenant.Id;
        // Who is left out of the month gets no bill of it; what is late waits with it.
        if (!books.Issued.Contains(id) && rated.NotBilled.All(x => x.Id != id)
            && owed.Where(x => x.Tenant.Path == path).ToList() is { Count: > 0 } own)
        {
            var at = bills.FindIndex(bill => bill.Tenant.Id == id);
            Put(bills, at, at < 0 ? Empty(own[0].Tenant, InvoiceKind.Regular) : bills[at], own, told);
        }

        // What belongs to days before a transfer is for those who had the tenant then. One such invoice per round; others are for the next.
        if (!books.LateIssued.Contains(id)
            && owed.Where(x => x.Tenant.Path != path).GroupBy(x => x.Tenant.Path).FirstOrDefault() is { } former)
            Put(bills, -1, Empty(former.First().Tenant, InvoiceKind.Late), [.. former], told);
    }

    private void Put(List<TenantBill> bills, int at, TenantBill bill, List<Owed> owed, Dictionary<OrganizationId, ParkedTenant> told)
    {
        var refused = Settling.With(bill, [.. owed.SelectMany(x => x.Charges)], owed.SelectMany(x => x.Uses))
            .Refused(out var refusal, out var with);
        if (!refused && BillGuard.Check(with!, settings) is { } wrong)
            (refused, refusal) = (true, wrong);
        if (refused)
            told.TryAdd(bill.Tenant.Id, new ParkedTenant(
                bill.Tenant.Id, bill.Tenant.ExternalId, refusal!.Code, $"What came late for {owed[0].Month.Month:yyyy-MM}: {refusal.Message}")
            { Path = bill.Tenant.Path });
        else if (at < 0)
            bills.Add(with! with { Adjusted = [.. with!.Adjusted, .. owed.SelectMany(x => x.Adjusted)] });
        else
            bills[at] = with! with { Adjusted = [.. with!.Adjusted, .. owed.SelectMany(x => x.Adjusted)] };
    }

    private static TenantBill Empty(OrganizationRef tenant, InvoiceKind kind) =>
        new(tenant, new RatedBill(tenant.Currency, [], [], []), []) { Kind = kind };
}
