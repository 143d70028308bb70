using Licensing.Billing.Rating;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>What holds for every tenant of a chunk: read once, then only looked up.</summary>
internal sealed record PeriodPrices(
    Period Period, IReadOnlyDictionary<PlanVersionId, PlanVersionRef> Plans, IPriceBook Book, IReadOnlyDictionary<string, MeterRef> Meters,
    TaxTable Taxes);

/// <summary>What subscriptions used in the period; distinct resources only where the totals do not tell them.</summary>
internal sealed record PeriodUsage(
    ILookup<SubscriptionId, UsageTotal> Totals, IReadOnlyDictionary<(SubscriptionId Subscription, string Meter), DistinctUsage> Distinct)
{
    /// <summary>The total of a meter; <paramref name="parts"/> are those of its SKUs and regions.</summary>
    public Exact Combined(SubscriptionId subscription, MeterRef meter, IReadOnlyList<UsageTotal> parts, bool withSkus) => parts.Count switch
    {
        0 => 0,
        1 => parts[0].Quantity,
        _ => meter.Aggregation switch
        {
            MeterAggregation.Max => parts.Max(part => part.Quantity),
            MeterAggregation.Unique => withSkus ? Distinct[(subscription, meter.Key)].Resources : Distinct[(subscription, meter.Key)].WithoutSku,
            // The levels of several regions, too, add up to the level of all.
            _ => Exact.Sum(parts.Select(part => part.Quantity)),
        },
    };
}

/// <summary>One tenant's subscriptions and usage of the period.</summary>
internal sealed record TenantAccount(OrganizationRef Tenant, IReadOnlyList<BillableSubscription> Subscriptions, PeriodUsage Usage);

/// <summary>What a line is for. No two lines of a bill may have the same key.</summary>
internal sealed record LineKey(SubscriptionId Subscription, string Charge, string Meter, string Sku, string Region, DateOnly StartsOn);

/// <summary>A charge of the tenant, ready to be rated.</summary>
internal sealed record DueCharge(LineKey Key, string Description, Period Days, bool IsUsage, RatingItem Item);

/// <summary>One charge with its rated line.</summary>
internal sealed record BilledCharge(DueCharge Due, RatedLine Line);

/// <summary>A tenant's bill; every line knows what it is for.</summary>
internal sealed record TenantBill(OrganizationRef Tenant, RatedBill Rated, IReadOnlyList<BilledCharge> Charges)
{
    public Exact UsageExact => Exact.Sum(Charges.Where(charge => charge.Due.IsUsage).Select(charge => charge.Line.Unrounded));
}

/// <summary>Turns a tenant's account into a bill. Pure; the run and the summaries call nothing else.</summary>
internal static class TenantRating
{
    /// <summary>The bill, without charges when nothing is due; or why this tenant cannot be billed.</summary>
    public static Result<TenantBill> Rate(TenantAccount account, PeriodPrices prices)
    {
        var due = new List<DueCharge>();
        foreach (var subscription in account.Subscriptions)
        {
            if (Charges(subscription, account, prices, due) is { } refused)
                return refused;
        }

        var keys = new HashSet<LineKey>();
        if (due.Find(charge => !keys.Add(charge.Key)) is { } twice)
            return RunRefusals.DueTwice(twice.Key);

        var taxes = prices.Taxes.Of(account.Tenant.Country);
        if (due.Count > 0 && taxes.All(tax => tax.Category != CountryTaxRate.Standard))
            return RunRefusals.TaxRateMissing(account.Tenant.Country, CountryTaxRate.Standard);

        var request = new RatingRequest(account.Tenant.Currency, prices.Period, [.. due.Select(charge => charge.Item)]) { Taxes = taxes };
        if (Rater.Rate(request).Refused(out var refusal, out var bill))
            return refusal;

        // What was neither used nor costs anything says nothing on an invoice; a SKU that was recorded is shown, also at zero.
        var billed = due.Zip(bill.Lines, (charge, line) => new BilledCharge(charge, line))
            .Where(charge => charge.Due.Key.Sku.Length > 0 || charge.Line.Quantity.Sign != 0 || charge.Line.Unrounded.Sign != 0);
        return new TenantBill(account.Tenant, bill, [.. billed]);
    }

    /// <summary>The first day whose usage is billed: trial days are free.</summary>
    public static DateOnly UsageFrom(BillableSubscription subscription, Period period) =>
        subscription.TrialEndsOn > subscription.StartedOn && subscription.TrialEndsOn > period.Start ? subscription.TrialEndsOn : period.Start;

    private static Refusal? Charges(BillableSubscription subscription, TenantAccount account, PeriodPrices prices, List<DueCharge> due)
    {
        foreach (var span in subscription.Spans)
        {
            if (!prices.Plans.TryGetValue(span.PlanVersionId, out var version))
                return RunRefusals.PlanMissing(span.PlanVersionId);
            // What charges nothing is in no currency, and any tenant may hold it.
            if (version.IsPriced && version.Currency != account.Tenant.Currency)
                return RunRefusals.CurrencyMismatch(version, account.Tenant.Currency);
        }

        foreach (var (version, spans) in Runs(subscription, prices))
            foreach (var charge in version.Charges.Where(charge => charge.Meter is null))
                due.AddRange(PlanCharges(subscription, charge, spans, prices.Period));
        // A change of plan within the period charges all its usage by the plan it ends with.
        return subscription.Spans.Count == 0
            ? null
            : UsageCharges(subscription, prices.Plans[subscription.Spans[^1].PlanVersionId], account, prices, due);
    }

    // Days of one plan version, in order.
    private static IEnumerable<(PlanVersionRef Version, List<SubscriptionSpan> Spans)> Runs(BillableSubscription subscription, PeriodPrices prices) =>
        subscription.Spans.GroupBy(span => span.PlanVersionId)
            .Select(group => (prices.Plans[group.Key], group.OrderBy(span => span.Days.Start).ToList()));

    // Days on which nothing changes for this charge are one line, so that a change of something else does not round it in pieces.
    private static IEnumerable<DueCharge> PlanCharges(
        BillableSubscription subscription, PlanCharge charge, List<SubscriptionSpan> spans, Period period)
    {
        var firstPaidDay = subscription.TrialEndsOn;
        var parts = new List<(Period Days, int Quantity)>();
        foreach (var span in spans)
        {
            var start = span.Days.Start > firstPaidDay ? span.Days.Start : firstPaidDay;
            if (!Period.TryCreate(start, span.Days.End, out var paid) || paid.Intersect(period) is not { } days)
                continue;

            var quantity = charge.Feature is null ? 1 : span.Quantities.GetValueOrDefault(charge.Feature);
            if (parts.Count > 0 && parts[^1].Days.End == days.Start && parts[^1].Quantity == quantity)
                parts[^1] = (new Period(parts[^1].Days.Start, days.End), quantity);
            else
                parts.Add((days, quantity));
        }

        return parts.Select(part => new DueCharge(
            new LineKey(subscription.Id, charge.Key, "", "", "", part.Days.Start), charge.Name, part.Days, IsUsage: false,
            new RatingItem(charge.Name, charge.Price.ToCharge(byDays: true), new UsageAggregate(part.Quantity))
            {
                TaxCategory = CountryTaxRate.Standard,
                Active = part.Days,
            }));
    }

    private static Refusal? UsageCharges(
        BillableSubscription subscription, PlanVersionRef version, TenantAccount account, PeriodPrices prices, List<DueCharge> due)
    {
        if (!Period.TryCreate(UsageFrom(subscription, prices.Period), prices.Period.End, out var days))
            return null;

        DueCharge Charge(LineKey key, string name, Price price, Exact quantity) => new(
            key, name, days, IsUsage: true,
            new RatingItem(name, price.ToCharge(byDays: false), new UsageAggregate(quantity))
            {
                TaxCategory = CountryTaxRate.Standard,
                Active = days
            });

        var totals = account.Usage.Totals[subscription.Id].ToLookup(total => version.UsesPriceLists && total.Sku.Length > 0);
        foreach (var charge in version.Charges.Where(charge => charge.Meter is not null))
        {
            var parts = totals[false].Where(total => total.Meter == charge.Meter).ToList();
            due.Add(Charge(
                new LineKey(subscription.Id, charge.Key, charge.Meter!, "", "", days.Start), charge.Name, charge.Price,
                account.Usage.Combined(subscription.Id, prices.Meters[charge.Meter!], parts, withSkus: !version.UsesPriceLists)));
        }

        // What adds up to nothing costs nothing at any price, so a correction can take back what was recorded by mistake.
        var named = version.Charges.Select(charge => charge.Meter).ToHashSet();
        if (totals[false].FirstOrDefault(total => !named.Contains(total.Meter) && total.Quantity.Sign != 0) is { } unpriced)
            return RunRefusals.PriceMissing(unpriced, version);

        foreach (var total in totals[true])
        {
            var price = prices.Book.Find(
                total.Sku, total.Meter, account.Tenant.Currency, total.Region.Length > 0 ? total.Region : null, account.Tenant.Id,
                subscription.Id.Value);
            if (price is null)
                return RunRefusals.PriceMissing(total, account.Tenant.Currency);
            due.Add(Charge(new LineKey(subscription.Id, "", total.Meter, total.Sku, total.Region, days.Start), price.Name, price.Price,
                total.Quantity));
        }

        return null;
    }
}
