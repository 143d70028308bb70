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

    private static IReadOnlyList<AdjustedLine> Shared(Money gross, List<AdjustedLine> changed) =>
        [.. changed.Zip(SharesOf(gross, changed), (x, share) => x with { Line = x.Line.Earning(share.Amount, gross.Currency) })];

    private static IReadOnlyList<Money> SharesOf(Money gross, List<AdjustedLine> changed)
    {
        // Where plans have rates of their own, nets say little: by what each earned when all of its month was worked out.
        if (changed.Exists(x => x.Line.Parts.Count > 0) && changed.Sum(x => x.Line.Commission) != 0m && By(x => x.Commission) is var earned
            && NoneIsAboveItsNet(earned))
            return earned;
        // By nets, as in the month itself.
        if (By(x => x.Net) is var nets && NoneIsAboveItsNet(nets))
            return nets;
        // Where nets of either sign nearly cancel out some would have more than all of theirs.
        return By(x => Math.Abs(x.Net));

        IReadOnlyList<Money> By(Func<EarnedLine, decimal> weight) =>
            changed.Count == 0 ? [] : Allocation.ByLargestRemainder(gross, [.. changed.Select(x => weight(x.Line))]);

        bool NoneIsAboveItsNet(IReadOnlyList<Money> shares) =>
            changed.Zip(shares).All(x => Math.Abs(x.Second.Amount) <= Math.Ceiling(Math.Abs(x.First.Line.Net)));
    }
}
