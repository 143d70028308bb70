namespace Licensing.Billing.Rating;

/// <summary>The taxes of a bill: one sum per kind (<see cref="TaxRate.Kind"/>) and rate, rounded once and shared to the lines that have it.</summary>
internal static class TaxTotals
{
    /// <summary>
    /// Gives each line its part. A line that knows its percent is taxed by it: what adjusts an earlier bill has the rate of that one. The others
    /// take the rate of their category, and the category as which that is charged.
    /// </summary>
    /// <param name="lines">Replaced by lines with their tax.</param>
    /// <param name="rates">In the order of the totals, which have each category that is charged and percent once.</param>
    /// <param name="currency">Of the bill.</param>
    /// <param name="totals">Of the rates that applied; those of one kind and percent add up to what is rounded.</param>
    /// <returns>False where a tax is beyond the limit.</returns>
    public static bool TryApply(RatedLine[] lines, IReadOnlyList<TaxRate> rates, Currency currency, out List<TaxTotal> totals)
    {
        var places = Array.ConvertAll(lines, line => PlaceOf(line, rates));
        var sums = new (Money Net, Money Tax)?[rates.Count];
        totals = [];
        for (var i = 0; i < rates.Count; i++)
        {
            if (!IsTogether(rates, i) && !TryApply(lines, places, rates, i, currency, sums))
                return false;
            if (sums[i] is { } sum)
                totals.Add(new(rates[i].As, rates[i].Percent, sum.Net, sum.Tax) { Reason = ReasonOf(rates[i], lines) });
        }

        return true;
    }

    /// <summary>The line with the category and percent that are charged for it; as it is where it knows them, or there is no rate.</summary>
    public static RatedLine Charged(RatedLine line, IReadOnlyList<TaxRate> rates) =>
        line.TaxPercent is null && PlaceOf(line, rates) is >= 0 and var place ? rates[place].On(line) : line;

    // All lines of the rate's kind and percent at once.
    private static bool TryApply(
        RatedLine[] lines, int[] places, IReadOnlyList<TaxRate> rates, int first, Currency currency, (Money Net, Money Tax)?[] sums)
    {
        var (taxed, exact, net) = (new List<int>(lines.Length), new List<Exact>(lines.Length), 0m);
        var part = rates[first].Percent / 100;
        for (var i = 0; i < lines.Length; i++)
            if (places[i] == first || (places[i] > first && IsSame(rates[places[i]], rates[first])))
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
        {
            var (line, place) = (lines[taxed[i]], places[taxed[i]]);
            lines[taxed[i]] = rates[place].On(line) with { Tax = shares[i] };
            var total = TotalOf(rates, place);
            var before = sums[total] ?? (Money.Zero(currency), Money.Zero(currency));
            sums[total] = (before.Net + line.Net, before.Tax + shares[i]);
        }

        return true;
    }

    private static int PlaceOf(RatedLine line, IReadOnlyList<TaxRate> rates)
    {
        for (var i = 0; i < rates.Count; i++)
            if (line.TaxPercent is { } own ? line.TaxCategory == rates[i].As && own == rates[i].Percent : line.TaxCategory == rates[i].Category)
                return i;
        return -1;
    }

    // Several categories of prices may be charged as one.
    private static int TotalOf(IReadOnlyList<TaxRate> rates, int place)
    {
        for (var i = 0; i < place; i++)
            if (rates[i].As == rates[place].As && rates[i].Percent == rates[place].Percent)
                return i;
        return place;
    }

    private static TaxReason? ReasonOf(TaxRate rate, RatedLine[] lines) => Array.Exists(lines, line => line.TaxReason is not null)
        ? TaxReason.Of(lines.Where(line => line.TaxCategory == rate.As && line.TaxPercent == rate.Percent).Select(line => line.TaxReason))
        : null;

    // Whether it was taxed together with one before it.
    private static bool IsTogether(IReadOnlyList<TaxRate> rates, int place)
    {
        for (var i = 0; i < place; i++)
            if (IsSame(rates[i], rates[place]))
                return true;
        return false;
    }

    private static bool IsSame(TaxRate one, TaxRate other) => one.Percent == other.Percent && one.Kind == other.Kind;
}
