using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Charges as the product reads them back when it looks at their month again: as lines of issued invoices.</summary>
internal static class StandingLines
{
    public static BilledLine[] Of(IEnumerable<BilledCharge> charges) => [.. charges.Select(Of)];

    private static BilledLine Of(BilledCharge charge)
    {
        var (due, line) = charge;
        return new BilledLine(due.Key, due.Adjustment?.Number ?? 0, true, line.Net)
        {
            Description = due.Description,
            Days = due.Days,
            PeriodDays = line.Days.PeriodDays,
            IsUsage = due.IsUsage,
            IsAhead = due.AheadOf is not null,
            // A difference in days is no more and no less of what there was on them.
            Quantity = due.Days.Start == due.Key.StartsOn ? line.Quantity : 0,
            Unrounded = line.Unrounded,
            CapReduction = line.CapReduction,
            Discount = line.Discount,
            Credit = line.Credit,
            TaxCategory = line.TaxCategory,
            TaxPercent = line.TaxPercent,
            Exchange = line.Exchange,
        };
    }
}
