namespace Licensing.Billing.Rating;

/// <summary>What a commitment's lines come to at least and at most, in whole minor units; null: no bound.</summary>
internal readonly record struct Bound(Money? Minimum, Money? Cap);

/// <summary>
/// What the commitments of a request come to, in whole minor units. Parts of one whole add up to it: the whole is rounded once, and shared to them by
/// largest remainder.
/// </summary>
internal static class Bounds
{
    /// <summary>One for each commitment and, behind them, one for the whole bill; none where nothing is bounded.</summary>
    public static Result<Bound[]> Of(RatingRequest request)
    {
        if (request is { Commitments.Count: 0, Minimum: null, Cap: null })
            return Array.Empty<Bound>();
        Commitment[] all = [.. request.Commitments, request.Whole];
        var (minimums, caps) = (new Money?[all.Length], new Money?[all.Length]);
        // Below zero is a group of its own, which no shared bound has.
        foreach (var parts in Enumerable.Range(0, all.Length).GroupBy(place => all[place].SharedBound ?? -1 - place))
        {
            if (!TryShare(request, parts, place => Minimum(all[place], request.Period), minimums))
                return RatingRefusals.AmountTooLarge("/minimum");
            // What no sum can reach bounds nothing, and is no part of what does; those that are too much only together are each held to their own.
            var reached = parts.Where(place => Cap(all[place]) is { } cap && cap.TryRound(request.Currency, out _)).ToList();
            if (!TryShare(request, reached, place => Cap(all[place]), caps))
                foreach (var one in reached)
                    TryShare(request, [one], place => Cap(all[place]), caps);
        }

        return minimums.Zip(caps, (minimum, cap) => new Bound(minimum, cap)).ToArray();
    }

    private static Exact? Minimum(Commitment commitment, Period period) =>
        commitment.Minimum is { } full ? (commitment.Days ?? Proration.Whole(period)).Of(full * Rate(commitment)) : null;

    private static Exact? Cap(Commitment commitment) =>
        commitment.Cap is { } full ? (commitment.Part?.Of(full) ?? full) * Rate(commitment) : null;

    private static Exact Rate(Commitment commitment) => commitment.Exchange?.Rate ?? 1;

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
