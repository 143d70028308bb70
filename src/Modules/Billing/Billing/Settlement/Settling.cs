using Licensing.Billing.Coupons;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;

namespace Licensing.Billing.Settlement;

/// <summary>
/// What a billed month still owes: what is due for it by all that is known now, less what stands on invoices for it, per thing that is billed.
/// Applied again to its own outcome it finds nothing.
/// </summary>
internal static class Settling
{
    /// <summary>The differences that are not nothing, in the order of what is due, then of what is not due any more.</summary>
    /// <param name="month">Its first day.</param>
    /// <param name="due">The month rated anew.</param>
    /// <param name="billed">What stands for it; each thing's own line before its adjustments.</param>
    /// <param name="credits">What credits paid of it; what the lines give back and take again is in its uses afterwards.</param>
    /// <remarks>
    /// Both sides are compared before credits. Money goes back before credit does: a credit goes on paying as much of what is due as it paid. Its
    /// tax was never charged and is not refunded. The percent is that of the line that was billed, whatever the rate is by now; of what was not
    /// billed before, or as another category, that of the month's last day.
    /// </remarks>
    public static IReadOnlyList<BilledCharge> Differences(
        DateOnly month, IReadOnlyList<BilledCharge> due, IReadOnlyList<BilledLine> billed, MonthCredits credits)
    {
        if (due.Count + billed.Count == 0)
            return [];
        var before = billed.ToLookup(line => line.Key);
        var named = due.Select(charge => charge.Due.Key).ToHashSet();
        var gone = billed.Where(line => !named.Contains(line.Key)).Select(line => line.Key).Distinct();
        return
        [
            .. due.SelectMany(charge => Differences(month, charge, [.. before[charge.Due.Key]], credits)),
            .. gone.SelectMany(key => Differences(month, null, [.. before[key]], credits)),
        ];
    }

    /// <summary>
    /// Of one thing: mostly one or none. What stands with another tax than what is due goes back whole by its own tax, and what is due is charged
    /// anew; where it stands with both, what is left of the one goes back, and the other is adjusted.
    /// </summary>
    public static IEnumerable<BilledCharge> Differences(DateOnly month, BilledCharge? due, BilledLine[] billed, MonthCredits credits)
    {
        var taxes = billed.GroupBy(line => (line.TaxCategory, line.TaxPercent)).OrderBy(lines => lines.Max(line => line.Number)).ToList();
        var now = due is null ? null : taxes.LastOrDefault(lines => lines.Key.TaxCategory == due.Line.TaxCategory);
        // A credit note bounds the thing as a whole.
        if (taxes.Count == 0 || (taxes.Count == 1 && (due is null || now is not null)) || billed.Any(line => line.Credited.Amount != 0))
        {
            if (Difference(month, due, billed, credits) is { } one)
                yield return one;
            yield break;
        }

        var (number, anew) = (billed.Max(line => line.Number), now is null ? due?.Line : null);
        // What credits paid of the one pays of the other, and does not go back in between.
        var keeps = anew is null ? 0 : Math.Max(0, Math.Min(billed.Sum(line => line.Credit.Amount), (anew.Net + anew.Credit).Amount));
        var kept = 0m;
        foreach (var lines in taxes)
            if (Difference(month, lines == now ? due : null, [.. lines], credits, number, keeps - kept) is { } difference)
            {
                number = difference.Due.Adjustment!.Number;
                kept += Math.Max(0, Math.Min(keeps - kept, -difference.Line.Credit.Amount));
                yield return difference;
            }

        if (anew is not null && (anew.Net + anew.Credit).Amount != 0)
            yield return new BilledCharge(
                due!.Due with { Adjustment = new Adjustment(month, number + 1, Money.Zero(anew.Amount.Currency)) },
                anew with { Credit = anew.Credit with { Amount = kept } });
    }

    /// <summary>The bill with these lines on it, its taxes by category and rate anew; refused where they go beyond what can be billed.</summary>
    public static Result<TenantBill> With(TenantBill bill, IReadOnlyList<BilledCharge> adjustments, IEnumerable<ReductionUse> uses)
    {
        IReadOnlyList<BilledCharge> charges = [.. bill.Charges, .. adjustments];
        RatedLine[] lines = [.. charges.Select(charge => charge.Line)];
        IReadOnlyList<TaxRate> rates =
        [
            .. bill.Rated.Taxes.Select(tax => new TaxRate(tax.Category, tax.Percent)).Concat(lines
                .Where(line => line is { TaxCategory: not null, TaxPercent: not null })
                .Select(line => new TaxRate(line.TaxCategory!, line.TaxPercent!.Value))
                .OrderBy(rate => rate.Category, StringComparer.Ordinal).ThenBy(rate => rate.Percent))
            .Distinct(),
        ];
        var sum = Exact.Sum(lines.Select(line => (Exact)line.Net.Amount));
        if (!sum.TryRound(bill.Rated.Currency, out _) || !TaxTotals.TryApply(lines, rates, bill.Rated.Currency, out var taxes))
            return RatingRefusals.AmountTooLarge("/charges");
        return bill with
        {
            Rated = new RatedBill(
                bill.Rated.Currency, [.. lines.Where(line => line.Commitment is null)], [.. lines.Where(line => line.Commitment is not null)], taxes),
            Charges = [.. charges.Zip(lines, (charge, line) => charge with { Line = line })],
            Uses = Together(bill.Uses.Concat(uses)),
        };
    }

    // One of each credit and month: what was billed in advance may give back to the same as what came late.
    private static IReadOnlyList<ReductionUse> Together(IEnumerable<ReductionUse> uses) =>
    [
        .. uses.GroupBy(use => (use.Reduction.Id, use.Adjusts)).Select(same => same.First() with
        {
            Amount = Exact.Sum(same.Select(use => use.Amount)),
            Consumed = Exact.Sum(same.Select(use => use.Consumed)),
        }),
    ];

    // Null where nothing is owed. Of what was billed the first line is the one that others adjusted, and the last one is what stands now.
    private static BilledCharge? Difference(
        DateOnly month, BilledCharge? due, BilledLine[] billed, MonthCredits credits, int numbered = 0, decimal keeps = 0)
    {
        var currency = due?.Line.Amount.Currency ?? billed[0].Net.Currency;
        Money Sum(Func<BilledLine, Money> of) => Money.Sum(currency, billed.Select(of));
        Money Now(Func<RatedLine, Money> of) => due is null ? Money.Zero(currency) : of(due.Line);
        var (before, now) = (Sum(line => line.Charged), Now(line => line.Net + line.Credit));
        if (now == before)
            return null;

        var name = due?.Due.Description ?? billed[0].Description;
        var charge = due?.Due ?? new DueCharge(
            billed[0].Key, name, billed[0].Days, billed[0].IsUsage,
            new RatingItem(name, new FlatCharge(Exact.Sum(billed.Select(line => -line.Unrounded))), UsageAggregate.None))
        {
            PlanVersion = billed[^1].PlanVersion,
        };
        var credit = Credit(charge, now, now - before, billed, credits, keeps);
        var net = Bounded(now - before - credit, now, Sum(line => line.Net), Sum(line => line.Credited));
        if (net.Amount == 0 && credit.Amount == 0)
            return null;

        var adjustment = new Adjustment(month, billed.Select(line => line.Number).Append(numbered).Max() + 1, before);
        var unrounded = (due?.Line.Unrounded ?? 0) - Exact.Sum(billed.Select(line => line.Unrounded));
        var quantity = (due?.Line.Quantity ?? 0) - Exact.Sum(billed.Select(line => line.Quantity));
        var (cap, discount) = (Now(x => x.CapReduction) - Sum(x => x.CapReduction), Now(x => x.Discount) - Sum(x => x.Discount));
        var (category, percent, reason) = billed.Length > 0
            ? (billed[^1].TaxCategory, billed[^1].TaxPercent, billed[^1].TaxReason)
            : (due!.Line.TaxCategory, due.Line.TaxPercent, due.Line.TaxReason);
        var days = due?.Line.Days ?? new Proration(billed[0].Days.Days, billed[0].PeriodDays);
        var line = new RatedLine(name, category, quantity, due?.Line.Steps ?? [], days, unrounded, net + credit + cap + discount)
        {
            CapReduction = cap,
            Discount = discount,
            Credit = credit,
            TaxPercent = percent,
            TaxReason = reason,
            Exchange = due is null ? billed[0].Exchange : due.Line.Exchange,
        };
        return new BilledCharge(charge with { Adjustment = adjustment }, line);
    }

    // Below zero where a credit paid more than is due by now; above where it may pay again what it got back. Never the other way round than the
    // difference, nor more. What another line keeps of it does not go back.
    private static Money Credit(DueCharge charge, Money now, Money difference, BilledLine[] billed, MonthCredits credits, decimal keeps)
    {
        var paid = billed.Sum(line => line.Credit.Amount);
        // The first line paid for it when it was billed, also one that replaced another thing; an adjustment that alone is left gave something back.
        var own = billed.Where(line => line.Number == billed[0].Number).Sum(line => line.Credit.Amount);
        if (billed is [{ Number: > 0 }, ..])
            own = Math.Max(own, 0);
        var change = Math.Min(Math.Max(now.Amount, 0), Math.Max(0, Math.Max(paid, own))) - paid;
        if (difference.Amount < 0)
        {
            var back = Math.Max(0, Math.Min(-change, -difference.Amount));
            var stays = difference with { Amount = Math.Min(back, keeps) };
            return -(stays + credits.GiveBack(charge, stays with { Amount = back - stays.Amount }));
        }

        // A line below zero shares in a credit below zero: nothing went back of it.
        return credits.Take(charge, difference with { Amount = own < 0 ? 0 : Math.Max(0, Math.Min(change, difference.Amount)) });
    }

    // What a credit note took back is not given back once more, nor charged twice what one took of a line below zero: with it nothing goes beyond
    // what is due. Where that is so already nothing more is owed.
    private static Money Bounded(Money net, Money now, Money billed, Money credited) => net with
    {
        Amount = (Math.Sign(net.Amount), Math.Sign(credited.Amount)) switch
        {
            ( < 0, > 0) => Math.Max(net.Amount, Math.Min(0, Math.Min(now.Amount, 0) - (billed - credited).Amount)),
            ( > 0, < 0) => Math.Min(net.Amount, Math.Max(0, Math.Max(now.Amount, 0) - (billed - credited).Amount)),
            _ => net.Amount,
        },
    };
}
