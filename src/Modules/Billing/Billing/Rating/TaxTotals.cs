namespace Licensing.Billing.Rating;

/// <summary>The taxes of a bill: one sum per category and rate, rounded once and shared to the lines that have it.</summary>
internal static class TaxTotals
{
    /// <summary>
    /// Gives each line its part. A line that knows its percent is taxed by it: what adjusts an earlier bill has the rate of that one. The others
    /// take the rate of their category.
    /// </summary>
    /// <param name="lines">Replaced by lines with their tax.</param>
    /// <param name="rates">In the order of the totals; each category and percent once.</param>
    /// <param name="currency">Of the bill.</param>
    /// <param name="totals">Of the rates that applied.</param>
    /// <returns>False where a tax is beyond the limit.</returns>
    public static bool TryApply(RatedLine[] lines, IEnumerable<TaxRate> rates, Currency currency, out List<TaxTotal> totals)
    {
        totals = [];
        foreach (var rate in rates)
            if (!TryApply(lines, rate, currency, totals))
                return false;
        return true;
    }

    private static bool TryApply(RatedLine[] lines, TaxRate rate, Currency currency, List<TaxTotal> totals)
    {
        var (taxed, exact, net) = (new List<int>(lines.Length), new List<Exact>(lines.Length), 0m);
        var part = rate.Percent / 100;
        for (var i = 0; i < lines.Length; i++)
            if (lines[i].TaxCategory == rate.Category && (lines[i].TaxPercent is not { } own || own == rate.Percent))
            {
                var amount = lines[i].Net.Amount;
                taxed.Add(i);
                exact.Add(amount * part);
                net += amount;
            }

        if (taxed.Count == 0)
            return true;
        if (!(net * part).TryRound(currency, out var tax))
            return false;

        var shares = Allocation.RoundTogether(tax, exact);
        for (var i = 0; i < taxed.Count; i++)
            lines[taxed[i]] = lines[taxed[i]] with { Tax = shares[i], TaxPercent = rate.Percent };
        totals.Add(new(rate.Category, rate.Percent, new Money(net, currency), tax));
        return true;
    }
}
