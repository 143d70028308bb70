namespace Licensing.Commissions.Statements;

/// <summary>What statements have told an organisation of one month so far: the month's own, and adjustments of later ones.</summary>
/// <param name="Documents">Those that count, with the net and the rate by which they do.</param>
internal sealed record StatedMonth(
    decimal Basis, decimal Gross, decimal Overridden, IReadOnlyDictionary<Guid, EarnedLine> Documents)
{
    public static StatedMonth Nothing { get; } = new(0m, 0m, 0m, new Dictionary<Guid, EarnedLine>());
}

/// <summary>What has changed in a closed month since statements told of it.</summary>
/// <param name="Lines">
/// Documents that are new, and those that count no longer, of the opposite sign. Their commissions add up to the gross.
/// </param>
internal sealed record CommissionAdjustment(Period Month, decimal Basis, decimal Gross, decimal Overridden, IReadOnlyList<AdjustedLine> Lines)
{
    public decimal Commission => Gross - Overridden;
}

/// <param name="Line">With the adjustment's share of it.</param>
/// <param name="Reverses">Whether it takes back what a former statement counted.</param>
internal sealed record AdjustedLine(EarnedLine Line, bool Reverses);

/// <summary>
/// A closed month that has other documents by now is worked out anew as a whole, and what it comes to more or less is owed. So all statements
/// together tell what the documents earn, in whatever order they came and however often a month changed (ADR 0069).
/// </summary>
internal static class Settling
{
    /// <returns>Null where nothing has changed.</returns>
    public static CommissionAdjustment? Of(Period month, Currency currency, EarnedCommission? now, StatedMonth stated)
    {
        var lines = now?.Lines ?? [];
        var present = lines.Select(x => x.Document.DocumentId).ToHashSet();
        List<AdjustedLine> changed =
        [
            .. lines.Where(x => !stated.Documents.ContainsKey(x.Document.DocumentId)).Select(x => new AdjustedLine(x, Reverses: false)),
            .. stated.Documents.Where(x => !present.Contains(x.Key)).Select(x => new AdjustedLine(x.Value.Back(), Reverses: true)),
        ];
        var (basis, gross, overridden) = (
            (now?.Basis.Amount ?? 0m) - stated.Basis, (now?.Gross.Amount ?? 0m) - stated.Gross, (now?.Overridden.Amount ?? 0m) - stated.Overridden);
        if (changed.Count == 0 && gross == 0m && overridden == 0m)
            return null;

        return new CommissionAdjustment(month, basis, gross, overridden, Shared(new Money(gross, currency), changed));
    }

    // By nets, as in the month itself; where those of either sign nearly cancel out some would have more than all of their net, so then by size.
    private static IReadOnlyList<AdjustedLine> Shared(Money gross, List<AdjustedLine> changed)
    {
        if (changed.Count == 0)
            return [];
        IReadOnlyList<decimal>[] ways =
        [
            // Where plans have rates of their own, nets say little: by what each earned when all of its month was worked out.
            changed.Exists(x => x.Line.Parts.Count > 0) ? [.. changed.Select(x => x.Line.Commission)] : [],
            [.. changed.Select(x => x.Line.Net)], [.. changed.Select(x => Math.Abs(x.Line.Net))],
        ];
        foreach (var weights in ways)
        {
            if (weights.Count == 0 || (weights == ways[0] && weights.Sum() == 0m))
                continue;
            var shares = Allocation.ByLargestRemainder(gross, weights);
            if (weights == ways[^1] || !changed.Zip(shares).Any(x => Math.Abs(x.Second.Amount) > Math.Ceiling(Math.Abs(x.First.Line.Net))))
                return [.. changed.Zip(shares, (x, share) => x with { Line = x.Line.Earning(share.Amount, gross.Currency) })];
        }

        return [];
    }
}
