using Licensing.Billing.Advance;
using Licensing.Billing.Coupons;
using Licensing.Billing.Rating;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Turns a tenant's account into a bill. Pure; the run and the summaries call nothing else.</summary>
internal static class TenantRating
{
    /// <summary>The bill, without charges when nothing is due; or why this tenant cannot be billed.</summary>
    public static Result<TenantBill> Rate(TenantAccount account, PeriodPrices prices)
    {
        var due = new DueCharges();
        foreach (var subscription in account.Subscriptions)
        {
            if (Charges(subscription, account, prices, due) is { } refused)
                return refused;
        }

        if (due.Twice() is { } twice)
            return RunRefusals.DueTwice(twice);

        var taxes = prices.Taxes.Of(account.Tenant);
        if (due.Charges.Select(charge => charge.Item.TaxCategory!).FirstOrDefault(used => taxes.All(tax => tax.Category != used)) is { } untaxed)
            return RunRefusals.TaxRateMissing(account.Tenant.Country, untaxed);
        if (due.Commitments.Exists(commitment => commitment.NeedsStandard) && taxes.All(tax => tax.Category != CountryTaxRate.Standard))
            return RunRefusals.TaxRateMissing(account.Tenant.Country, CountryTaxRate.Standard);
        var reductions = GrantedReductions.On(account, due, prices);
        var request = new RatingRequest(account.Tenant.Currency, prices.Period, [.. due.Charges.Select(charge => charge.Item)])
        {
            Commitments = [.. due.Commitments.Select(commitment => commitment.Rule)],
            Coupons = reductions.Coupons,
            Credits = reductions.Credits,
            Taxes = taxes,
        };
        if (account.BilledAhead.Count + account.Next.Count > 0)
            return AdvanceRating.Rate(account, prices, due, request, reductions);
        if (Rater.Rate(request).Refused(out var refusal, out var bill))
            return refusal;
        if (reductions.Unknown(bill.CouponsTaken) is { } unknown)
            return unknown;

        var billed = due.Charges.Zip(bill.Lines, (charge, line) => new BilledCharge(charge, line)).Where(charge => charge.SaysSomething);
        var topped = bill.TrueUpLines.Select(line => due.Commitments[line.Commitment!.Value].Of(line));
        return new TenantBill(account.Tenant, bill, [.. billed, .. topped]) { Uses = reductions.UsesOf(bill) };
    }

    private static Refusal? Charges(BillableSubscription subscription, TenantAccount account, PeriodPrices prices, DueCharges due)
    {
        var stretches = PlanStretch.Of(subscription, prices);
        foreach (var id in subscription.Spans.Select(span => span.PlanVersionId).Concat(stretches.Select(stretch => stretch.PlanVersionId)))
            if (!prices.Plans.ContainsKey(id))
                return RunRefusals.PlanMissing(id);

        var runs = Runs(subscription, prices).ToList();
        foreach (var (version, spans, items) in runs)
        {
            // What charges nothing is in no currency, and any tenant may hold it.
            if (!version.IsPriced)
                continue;
            if (prices.Between(version.Currency, account.Tenant.Currency).Refused(out var missing, out var rate))
                return missing;
            foreach (var charge in version.Charges.Where(charge => charge.Meter is null))
            {
                var by = charge.InAdvance ? prices.InAdvance(rate.Exchange, account.Tenant.Currency) : rate.Exchange;
                due.Add(PlanCharges(subscription, version, charge, spans, prices.Period, by, onceAMonth: !prices.ByLastPlan), items);
            }
        }

        // Each day's usage by the plan of that day.
        foreach (var stretch in stretches)
        {
            if (!runs.Exists(run => run.Version.Id == stretch.PlanVersionId))
                runs.Add((prices.Plans[stretch.PlanVersionId], [], []));
            var (version, _, items) = runs.Find(run => run.Version.Id == stretch.PlanVersionId);
            if (UsageCharges(subscription, stretch.Days, version, account, prices, due, items) is { } unpriced)
                return unpriced;
        }

        if (EarlyEnding.Charges(subscription, account, prices).Refused(out var unknown, out var fees))
            return unknown;
        due.Add(fees, []);

        // One plan version has its whole cap, however many days there are; of several each has the part of its days.
        var held = runs.Count > 1 && !prices.ByLastPlan ? PlanStretch.Held(subscription, prices.Period) : [];
        // Any number that no other subscription of the bill has.
        var (days, sharedBound) = (held.Values.Sum(), due.Commitments.Count);
        foreach (var (version, spans, items) in runs)
            if (version.Terms.Commitment is { } bounds)
                due.Commit(
                    subscription, version, bounds, Paid(subscription, spans, prices.Period), RateOf(version, account, prices), items, prices.Period,
                    days == 0 ? null : new Proration(held.GetValueOrDefault(version.Id), days),
                    prices.ByLastPlan ? null : sharedBound);
        return null;
    }

    // Asked for before, so that it is there; what charges nothing needs none.
    private static Exchange? RateOf(PlanVersionRef version, TenantAccount account, PeriodPrices prices) =>
        version.IsPriced && !prices.Between(version.Currency, account.Tenant.Currency).Refused(out _, out var rate) ? rate.Exchange : null;

    /// <summary>Days of one plan version, in order.</summary>
    public static IEnumerable<(PlanVersionRef Version, List<SubscriptionSpan> Spans, HashSet<int> Items)> Runs(
        BillableSubscription subscription, PeriodPrices prices) => subscription.Spans.GroupBy(span => span.PlanVersionId)
            .Select(group => (prices.Plans[group.Key], group.OrderBy(span => span.Days.Start).ToList(), new HashSet<int>()));

    // The days of the period that are charged; trial days are not.
    private static IEnumerable<(Period Days, SubscriptionSpan Span)> Paid(
        BillableSubscription subscription, IEnumerable<SubscriptionSpan> spans, Period period)
    {
        foreach (var span in spans)
        {
            var start = span.Days.Start > subscription.TrialEndsOn ? span.Days.Start : subscription.TrialEndsOn;
            if (Period.TryCreate(start, span.Days.End, out var paid) && paid.Intersect(period) is { } days)
                yield return (days, span);
        }
    }

    /// <summary>
    /// Days on which nothing changes for this charge are one line, so that a change of something else does not round it in pieces.
    /// </summary>
    /// <param name="subscription">What is charged for.</param>
    /// <param name="version">Of the plan.</param>
    /// <param name="charge">One of its charges.</param>
    /// <param name="spans">Its days.</param>
    /// <param name="period">What is billed.</param>
    /// <param name="rate">Into the tenant's currency, or null.</param>
    /// <param name="onceAMonth">
    /// A charge that does not count days is one line of the month. False for months that were billed while each stretch of days was a line.
    /// </param>
    public static IEnumerable<DueCharge> PlanCharges(
        BillableSubscription subscription, PlanVersionRef version, PlanCharge charge, List<SubscriptionSpan> spans, Period period, Exchange? rate,
        bool onceAMonth = true)
    {
        var parts = new List<(Period Days, int Quantity)>();
        foreach (var (days, span) in Paid(subscription, spans, period))
        {
            var quantity = charge.Feature is null ? 1 : span.Quantities.GetValueOrDefault(charge.Feature);
            if (parts.Count > 0 && parts[^1].Days.End == days.Start && parts[^1].Quantity == quantity)
                parts[^1] = (new Period(parts[^1].Days.Start, days.End), quantity);
            else
                parts.Add((days, quantity));
        }

        // What does not count days is charged once a month, as for each begun one, for the most that there was of it: neither a pause nor a change of
        // the quantity charges it again.
        if (onceAMonth && parts.Count > 1 && !charge.Price.ToCharge(isUsage: false).Prorate)
            parts = [(new Period(parts[0].Days.Start, parts[^1].Days.End), parts.Max(part => part.Quantity))];
        return parts.Select(part => Charge(
            new LineKey(subscription.Id, charge.Key, "", "", "", part.Days.Start), charge.Name, part.Days, isUsage: false, charge.Price,
            new UsageAggregate(part.Quantity), version, rate));
    }

    private static DueCharge Charge(
        LineKey key, string name, Period days, bool isUsage, Price price, UsageAggregate usage, PlanVersionRef version, Exchange? rate) => new(
            key, name, days, isUsage,
            new RatingItem(name, price.ToCharge(isUsage), usage)
            {
                TaxCategory = price.TaxCategory ?? CountryTaxRate.Standard,
                Active = days,
                Exchange = rate,
            })
        {
            PlanKey = version.PlanKey,
            PlanVersion = version.Id,
        };

    private static Refusal? UsageCharges(
        BillableSubscription subscription, Period days, PlanVersionRef version, TenantAccount account, PeriodPrices prices, DueCharges due,
        HashSet<int> items)
    {
        var stretch = (subscription.Id, days.Start);
        // Where no day is paid for, on trial or suspended throughout, nothing is due for the plan's being there: only what was used is charged.
        var isPaid = Paid(subscription, subscription.Spans, days).Any();
        if (!isPaid && account.Usage.Totals[stretch].All(total => total.Quantity.Sign == 0))
            return null;
        if (prices.Between(version.Currency, account.Tenant.Currency).Refused(out var missing, out var between) && version.IsPriced)
            return missing;
        var rate = between.Exchange;
        var totals = account.Usage.Totals[stretch].ToLookup(total => version.UsesPriceLists && total.Sku.Length > 0);
        foreach (var charge in version.Charges.Where(charge => charge.Meter is not null))
        {
            var parts = totals[false].Where(total => total.Meter == charge.Meter).ToList();
            var used = account.Usage.Of(stretch, prices.Meters[charge.Meter!], parts, withSkus: !version.UsesPriceLists);
            if (!isPaid && used.Quantity.Sign == 0)
                continue;
            var key = new LineKey(subscription.Id, charge.Key, charge.Meter!, "", "", days.Start);
            due.Add([Charge(key, charge.Name, days, isUsage: true, charge.Price, used, version, rate)], items);
        }

        // What adds up to nothing costs nothing at any price, so a correction can take back what was recorded by mistake.
        var named = version.Charges.Select(charge => charge.Meter).ToHashSet();
        if (totals[false].FirstOrDefault(total => !named.Contains(total.Meter) && total.Quantity.Sign != 0) is { } unpriced)
            return RunRefusals.PriceMissing(unpriced, version);

        foreach (var total in totals[true].Where(total => isPaid || total.Quantity.Sign != 0))
        {
            // The most specific list, and of one scope a price in the tenant's own currency, which needs no rate; otherwise it is in the plan's, as
            // the plan's charges are.
            if (prices.Book.Find(
                total.Sku, total.Meter, account.Tenant.Currency, version.Currency, total.Region.Length > 0 ? total.Region : null, account.Tenant.Id,
                subscription.Id.Value) is not { } found)
                return RunRefusals.PriceMissing(total, account.Tenant.Currency);
            var (price, by) = (found.Price, found.Currency == account.Tenant.Currency ? null : rate);
            var key = new LineKey(subscription.Id, "", total.Meter, total.Sku, total.Region, days.Start);
            var used = new UsageAggregate(total.Quantity) { EventCount = total.Events };
            due.Add([Charge(key, price.Name, days, isUsage: true, price.Price, used, version, by)], items);
        }

        return null;
    }
}
