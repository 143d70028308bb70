namespace Licensing.Billing.Runs;

/// <summary>
/// Looks at what rating generated before it becomes an invoice. What it finds is a mistake of ours, not of the tenant's data: his account is
/// parked, the run goes on, and those who watch are told.
/// </summary>
internal static class BillGuard
{
    public static Refusal? Check(TenantBill bill, BillingSettings settings)
    {
        var charges = bill.Charges;
        var keys = new HashSet<(LineKey, int)>(charges.Count);
        var days = new Dictionary<(Guid Subscription, DateOnly Day), int>();
        foreach (var (due, line) in charges)
        {
            if (!keys.Add((due.Key, due.Adjustment?.Number ?? 0)))
                return RunRefusals.DueTwice(due.Key);
            var day = (due.Key.Subscription.Value, due.Key.StartsOn);
            var lines = days[day] = days.GetValueOrDefault(day) + 1;
            if (lines > settings.MostLinesPerSubscriptionDay)
                return RunRefusals.TooManyLines(due.Key, settings.MostLinesPerSubscriptionDay);
        }

        // Of the rated lines some may be left out, but only such as come to nothing.
        var (net, tax) = (0m, 0m);
        foreach (var charge in charges)
            (net, tax) = (net + charge.Line.Net.Amount, tax + charge.Line.Tax.Amount);
        return net == bill.Rated.Net.Amount && tax == bill.Rated.Tax.Amount ? null : RunRefusals.LinesDoNotAddUp(bill.Rated.Total);
    }
}
