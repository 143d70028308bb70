using Licensing.Billing.Rating;
using Licensing.Billing.Runs;

namespace Licensing.Billing.Settlement;

/// <summary>
/// What a billed month still owes: what is due for it by all that is known now, less what stands on invoices for it, per thing that is billed. Pure;
/// applied again to its own outcome it finds nothing.
/// </summary>
internal static class Settling
{
    /// <summary>The differences that are not nothing, in the order of what is due, then of what is not due any more.</summary>
    /// <param name="month">Its first day.</param>
    /// <param name="due">The month rated anew.</param>
    /// <param name="billed">What stands for it; each thing's own line before its adjustments.</param>
    /// <remarks>
    /// What credits paid stays paid: both sides are without them. The tax is that of the line that was billed, whatever the rate is by now; of what
    /// was not billed before, that of the month's last day.
    /// </remarks>
    public static IReadOnlyList<BilledCharge> Differences(
        DateOnly month, IReadOnlyList<BilledCharge> due, IReadOnlyList<BilledLine> billed)
    {
        if (due.Count + billed.Count == 0)
            return [];
        var before = billed.ToLookup(line => line.Key);
        var named = due.Select(charge => charge.Due.Key).ToHashSet();
        var gone = billed.Where(line => !named.Contains(line.Key)).Select(line => line.Key).Distinct();
        return
        [
            .. due.Select(charge => Difference(month, charge, [.. before[charge.Due.Key]])).OfType<BilledCharge>(),
            .. gone.Select(key => Difference(month, null, [.. before[key]])).OfType<BilledCharge>(),
        ];
    }

    /// <summary>The bill with these lines on it, its taxes by category and rate anew; refused where they go beyond what can be billed.</summary>
    public static Result<TenantBill> With(TenantBill bill, IReadOnlyList<BilledCharge> adjustments)
    {
        IReadOnlyList<BilledCharge> charges = [.. bill.Charges, .. adjustments];
        RatedLine[] lines = [.. charges.Select(charge => charge.Line)];
        var rates = bill.Rated.Taxes.Select(tax => new TaxRate(tax.Category, tax.Percent)).Concat(lines
                .Where(line => line is { TaxCategory: not null, TaxPercent: not null })
                .Select(line => new TaxRate(line.TaxCategory!, line.TaxPercent!.Value))
                .OrderBy(rate => rate.Category, StringComparer.Ordinal).ThenBy(rate => rate.Percent))
            .Distinct();
        var sum = Exact.Sum(lines.Select(line => (Exact)line.Net.Amount));
        if (!sum.TryRound(bill.Rated.Currency, out _) || !TaxTotals.TryApply(lines, rates, bill.Rated.Currency, out var taxes))
            return RatingRefusals.AmountTooLarge("/charges");
        return bill with
        {
            Rated = new RatedBill(
                bill.Rated.Currency, [.. lines.Where(line => line.Commitment is null)], [.. lines.Where(line => line.Commitment is not null)], taxes),
            Charges = [.. charges.Zip(lines, (charge, line) => charge with { Line = line })],
        };
    }

    // Null where nothing is owed. Of what was billed the first line is the one that others adjusted.
    public static BilledCharge? Difference(DateOnly month, BilledCharge? due, BilledLine[] billed)
    {
        var currency = due?.Line.Amount.Currency ?? billed[0].Net.Currency;
        Money Sum(Func<BilledLine, Money> of) => Money.Sum(currency, billed.Select(of));
        Money Now(Func<RatedLine, Money> of) => due is null ? Money.Zero(currency) : of(due.Line);
        var before = Sum(line => line.Charged);
        if ((Now(line => line.Net + line.Credit) - before).Amount == 0)
            return null;

        var adjustment = new Adjustment(month, billed.Select(line => line.Number).DefaultIfEmpty(0).Max() + 1, before);
        var unrounded = (due?.Line.Unrounded ?? 0) - Exact.Sum(billed.Select(line => line.Unrounded));
        var quantity = (due?.Line.Quantity ?? 0) - Exact.Sum(billed.Select(line => line.Quantity));
        var amount = Now(line => line.Amount) - Sum(line => line.Charged + line.CapReduction + line.Discount);
        var (category, percent) = billed.Length > 0
            ? (billed[0].TaxCategory, billed[0].TaxPercent)
            : (due!.Line.TaxCategory, due.Line.TaxPercent);
        var name = due?.Due.Description ?? billed[0].Description;
        var days = due?.Line.Days ?? new Proration(billed[0].Days.Days, billed[0].PeriodDays);
        var line = new RatedLine(name, category, quantity, due?.Line.Steps ?? [], days, unrounded, amount)
        {
            CapReduction = Now(x => x.CapReduction) - Sum(x => x.CapReduction),
            Discount = Now(x => x.Discount) - Sum(x => x.Discount),
            TaxPercent = percent,
            Exchange = due is null ? billed[0].Exchange : due.Line.Exchange,
        };
        var charge = due?.Due ?? new DueCharge(
            billed[0].Key, name, billed[0].Days, billed[0].IsUsage, new RatingItem(name, new FlatCharge(unrounded), UsageAggregate.None));
        return new BilledCharge(charge with { Adjustment = adjustment }, line);
    }
}
