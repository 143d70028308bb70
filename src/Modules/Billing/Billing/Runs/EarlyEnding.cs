using Licensing.Billing.Rating;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>
/// What ending a subscription within its term costs: a percentage of its fixed charges for the days that the term still had. It is charged
/// with the last day that the subscription had, and once: a day ends only once.
/// </summary>
internal static class EarlyEnding
{
    /// <summary>No charge of a plan can have this key: theirs begin with a letter or a digit.</summary>
    private const string Key = "~earlyEnd";

    /// <summary>One charge per plan version and tax category; those of others than the standard rate say theirs in the key.</summary>
    public static Result<IReadOnlyList<DueCharge>> Charges(BillableSubscription subscription, TenantAccount account, PeriodPrices prices)
    {
        var due = new List<DueCharge>();
        foreach (var spans in (subscription.EarlyEnd?.DaysLeft ?? []).GroupBy(span => span.PlanVersionId))
        {
            if (!prices.Plans.TryGetValue(spans.Key, out var version))
                return RunRefusals.PlanMissing(spans.Key);
            var fixedCharges = version.Charges.Where(charge => charge.Meter is null).ToList();
            if (fixedCharges.Count == 0)
                continue;
            if (prices.Between(version.Currency, account.Tenant.Currency).Refused(out var missing, out var rate))
                return missing;

            var days = new Period(spans.First().Days.Start, spans.Last().Days.End);
            due.AddRange(fixedCharges.GroupBy(charge => charge.Price.TaxCategory ?? CountryTaxRate.Standard).Select(charges =>
            {
                var key = charges.Key is CountryTaxRate.Standard ? Key : $"{Key}.{charges.Key}";
                var left = Exact.Sum(charges.Select(charge => Of(charge, [.. spans], subscription.EarlyEnd!.DaysLeft[0].Days.Start)));
                var name = $"{version.Name}: early end";
                return new DueCharge(
                    new LineKey(subscription.Id, key, "", "", "", days.Start), name, days, IsUsage: false,
                    new RatingItem(name, new FlatCharge(left * subscription.EarlyEnd!.FeePercent / 100), UsageAggregate.None)
                    {
                        TaxCategory = charges.Key,
                        Exchange = rate.Exchange,
                    })
                {
                    PlanKey = version.PlanKey,
                    PlanVersion = version.Id,
                };
            }));
        }

        return due;
    }

    // As the months to come would have been billed: part of one in proportion to its days, or whole, once, where a charge does not count days. The
    // month of the end has been charged whole then, but for a plan that was still to come.
    private static Exact Of(PlanCharge charge, List<SubscriptionSpan> spans, DateOnly end)
    {
        var rated = charge.Price.ToCharge(isUsage: false);
        var sum = Exact.Zero;
        for (var month = Period.Month(spans[0].Days.Start.Year, spans[0].Days.Start.Month);
            month.Start < spans[^1].Days.End;
            month = Period.Month(month.End.Year, month.End.Month))
        {
            var its = spans.Where(span => month.Intersect(span.Days) is not null).ToList();
            if (rated.Prorate)
                sum += Exact.Sum(its.Select(span => Proration.Of(span.Days, month).Of(Whole(span))));
            else if (its.Count > 0 && (spans[0].Days.Start > end || end <= month.Start))
                sum += Whole(its.MaxBy(Quantity)!);
        }

        return sum;

        int Quantity(SubscriptionSpan span) => charge.Feature is null ? 1 : span.Quantities.GetValueOrDefault(charge.Feature);
        Exact Whole(SubscriptionSpan span) => Exact.Sum(rated.Steps(new UsageAggregate(Quantity(span))).Select(step => step.Amount));
    }
}
