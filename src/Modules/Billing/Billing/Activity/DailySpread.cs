namespace Licensing.Billing.Activity;

/// <summary>One day's part of a line.</summary>
/// <param name="Gross">Before cap, coupons and credits.</param>
/// <param name="Amount">What is charged.</param>
internal sealed record DailyPart(DateOnly Day, Exact Quantity, Money Gross, Money Amount);

/// <summary>
/// Spreads a line over its days so that the days add up to the line, to the cent: usage by what was used on each day, all else evenly,
/// the cents that rounding leaves by largest remainder.
/// </summary>
internal static class DailySpread
{
    /// <param name="days">Of the line.</param>
    /// <param name="gross">Of the line.</param>
    /// <param name="net">Of the line.</param>
    /// <param name="quantity">What a day shows where nothing was measured: seats are there every day.</param>
    /// <param name="used">What was used on the days on which something was; null of a line that is not of usage.</param>
    public static IEnumerable<DailyPart> Of(Period days, Money gross, Money net, Exact quantity, IReadOnlyDictionary<DateOnly, Exact>? used)
    {
        var all = Enumerable.Range(0, days.Days).Select(days.Start.AddDays).ToArray();
        var weights = all.Select(day => used?.GetValueOrDefault(day) ?? 1).ToArray();
        var sum = Exact.Sum(weights);
        // What was corrected below zero, or was never used, says nothing of the days on which the charge arose.
        if (sum.Sign <= 0 || weights.Any(weight => weight.Sign < 0))
            (weights, sum) = ([.. all.Select(_ => (Exact)1)], all.Length);
        var nets = Shared(net, weights, sum);
        var grosses = gross == net ? nets : Shared(gross, weights, sum);
        return all.Select((day, i) => new DailyPart(day, used is null ? quantity : used.GetValueOrDefault(day), grosses[i], nets[i]))
            .Where(part => part.Amount.Amount != 0 || part.Gross.Amount != 0 || part.Quantity.Sign != 0);
    }

    private static IReadOnlyList<Money> Shared(Money amount, Exact[] weights, Exact sum) =>
        Allocation.RoundTogether(amount, [.. weights.Select(weight => (Exact)amount.Amount * weight / sum)]);
}
