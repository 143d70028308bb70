namespace Licensing.Billing.Rating;

/// <summary>
/// What the commitments of a request come to, in whole minor units. Parts of one whole add up to it: the whole is rounded once, and shared to them by
/// largest remainder.
/// </summary>
internal static class Bounds
{
    /// <summary>One for each commitment and, behind them, one for the whole bill; none where nothing is bounded.</summary>
    public static Result<(Money? Minimum, Money? Cap)[]> Of(RatingRequest request)
    {
        if (request is { Commitments.Count: 0, Minimum: null, Cap: null })
            return Array.Empty<(Money?, Money?)>();
        Commitment[] all = [.. request.Commitments, request.Whole];
        var (minimums, caps) = (new Money?[all.Length], new Money?[all.Length]);
        foreach (var parts in Enumerable.Range(0, all.Length).GroupBy(i => all[i].Together ?? -1 - i))
        {
            if (!TryShare(request, parts, i => Minimum(all[i], request.Period), minimums))
                return RatingRefusals.AmountTooLarge("/minimum");
            // What no sum can reach bounds nothing, and is no part of what does; those that are too much only together are each held to their own.
            var reached = parts.Where(i => Cap(all[i]) is { } cap && cap.TryRound(request.Currency, out _)).ToList();
            if (!TryShare(request, reached, place => Cap(all[place]), caps))
                foreach (var one in reached)
                    TryShare(request, [one], place => Cap(all[place]), caps);
        }

        return minimums.Zip(caps).ToArray();
    }

    private static Exact? Minimum(Commitment of, Period period) =>
        of.Minimum is { } full ? (of.Days ?? Proration.Whole(period)).Of(full * Rate(of)) : null;

    private static Exact? Cap(Commitment of) => of.Cap is { } full ? (of.Part?.Of(full) ?? full) * Rate(of) : null;

    private static Exact Rate(Commitment of) => of.Exchange?.Rate ?? 1;

    private static bool TryShare(RatingRequest request, IEnumerable<int> places, Func<int, Exact?> of, Money?[] shares)
    {
        var parts = places.Select(i => (Place: i, Exact: of(i))).Where(part => part.Exact is not null).ToList();
        if (parts.Count == 0)
            return true;
        if (!Exact.Sum(parts.Select(part => part.Exact!.Value)).TryRound(request.Currency, out var whole))
            return false;
        foreach (var (part, share) in parts.Zip(Allocation.RoundTogether(whole, [.. parts.Select(part => part.Exact!.Value)])))
            shares[part.Place] = share;
        return true;
    }
}
