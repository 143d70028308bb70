using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;

namespace Licensing.Billing.Advance;

/// <summary>
/// Takes off what is due for a month what was billed in advance for it, thing by thing. Pure. Where everything came as it was known there is nothing
/// left; days that were not used come back as a line of those days, and what is another thing by now (another quantity, price or tax category from
/// the same first day on) comes back whole beside what is charged instead.
/// </summary>
internal static class BilledAhead
{
    /// <param name="month">Its first day.</param>
    /// <param name="due">What is due for it by what is known now, with cap and coupons and without credits.</param>
    /// <param name="standing">What was billed in advance for it, and what has adjusted that since.</param>
    /// <param name="credits">What credits paid of the month before; gets what goes back to them.</param>
    public static IReadOnlyList<BilledCharge> Less(
        DateOnly month, IReadOnlyList<BilledCharge> due, IReadOnlyList<BilledLine> standing, MonthCredits credits)
    {
        var ahead = standing.Where(line => line.IsAhead).Select(line => line.Key).ToHashSet();
        if (ahead.Count == 0)
            return due;
        var billed = standing.Where(line => ahead.Contains(line.Key)).ToLookup(line => line.Key);
        var left = new List<BilledCharge>(due.Count);
        foreach (var charge in due)
            if (ahead.Remove(charge.Due.Key))
                left.AddRange(Differences(month, charge, [.. billed[charge.Due.Key]], credits));
            else
                left.Add(charge);

        // What is not due at all any more, in the order in which it was billed.
        left.AddRange(billed.Where(lines => ahead.Contains(lines.Key)).SelectMany(lines => Settling.Differences(month, null, [.. lines], credits)));
        return left;
    }

    private static IEnumerable<BilledCharge> Differences(
        DateOnly month, BilledCharge charge, BilledLine[] billed, MonthCredits credits)
    {
        var ahead = billed.First(line => line.IsAhead);
        var isSame = IsSame(charge, ahead);
        // Of what a credit note took back a whole could not come back once more; then it is the difference alone.
        if (!isSame && billed.All(line => line.Credited.Amount == 0))
        {
            var number = billed.Max(line => line.Number);
            foreach (var back in Settling.Differences(month, null, billed, credits))
            {
                number = back.Due.Adjustment!.Number;
                yield return back;
            }

            var anew = new Adjustment(month, number + 1, Money.Zero(charge.Line.Amount.Currency));
            yield return charge with { Due = charge.Due with { Adjustment = anew } };
        }
        else
        {
            foreach (var difference in Settling.Differences(month, charge, billed, credits))
                yield return isSame && billed.Length == 1 && charge.Due.Item.Charge.Prorate && ahead.Days.End != charge.Due.Days.End
                    ? OfDays(difference, charge, ahead)
                    : difference;
        }
    }

    // The same quantity at the same price and kind of tax; only the days may be others, and what cap and coupons take.
    private static bool IsSame(BilledCharge charge, BilledLine ahead) =>
        charge.Line.Quantity == ahead.Quantity && charge.Line.TaxCategory == ahead.TaxCategory
        && (charge.Due.Item.Charge.Prorate
            ? charge.Line.Unrounded * ahead.Days.Days == ahead.Unrounded * charge.Due.Days.Days
            : charge.Line.Unrounded == ahead.Unrounded);

    // Both begin on the same day, so that the difference is that of the days between their ends.
    private static BilledCharge OfDays(BilledCharge difference, BilledCharge charge, BilledLine ahead)
    {
        var (due, was) = (charge.Due.Days, ahead.Days);
        var (days, sign) = due.End < was.End ? (new Period(due.End, was.End), -1) : (new Period(was.End, due.End), 1);
        return new BilledCharge(
            difference.Due with { Days = days },
            difference.Line with
            {
                Quantity = charge.Line.Quantity * sign,
                Days = charge.Line.Days with { Days = days.Days },
                Steps =
                [
                    .. charge.Line.Steps.Select(step => step with
                    {
                        Quantity = step.Quantity * sign,
                        FlatFee = step.FlatFee * sign,
                        Amount = step.Amount * sign * days.Days / due.Days,
                    }),
                ],
            });
    }
}
