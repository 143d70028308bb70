namespace Licensing.Billing.Rating;

/// <summary>
/// Takes coupons and then credits off the lines, each line's part in whole minor units. Percentages come first, one after the other on what is
/// left, then amounts; then credits in money, and credits in quantity last. Nothing goes below zero.
/// </summary>
internal static class Reductions
{
    /// <summary>The lines with their discounts, and what each coupon took, unrounded. All coupons together are rounded once.</summary>
    public static (RatedLine[] Lines, IReadOnlyList<Exact> Taken) Coupons(RatedLine[] lines, RatingRequest request)
    {
        if (request.Coupons.Count == 0)
            return (lines, []);

        var nets = Array.ConvertAll(lines, line => (Exact)line.Net.Amount);
        var taken = new Exact[request.Coupons.Count];
        // What is for all lines leaves each of them the same part, so that it is enough to follow the sum.
        var weights = request.Coupons.All(coupon => coupon.Lines is null)
            ? TakeFromSum(Exact.Sum(nets), request.Coupons, taken) ? nets : null
            : TakeFromLines(lines, nets, request.Coupons, taken);
        var discount = Exact.Sum(taken).Round(request.Currency);
        return weights is null || discount.Amount == 0
            ? (lines, taken)
            : ([.. lines.Zip(Shares(discount, weights, nets), (line, share) => line with { Discount = share })], taken);
    }

    /// <summary>The lines with their credits, what each credit took, and the money that it took of some lines.</summary>
    /// <param name="lines">As they are without credits.</param>
    /// <param name="request">Which credits there are.</param>
    /// <param name="some">The places of those lines; null is none.</param>
    public static (RatedLine[] Lines, IReadOnlyList<(Money Amount, Exact Quantity)> Taken, IReadOnlyList<Money> OfSome) Credits(
        RatedLine[] lines, RatingRequest request, IReadOnlyCollection<int>? some = null)
    {
        if (request.Credits.Count == 0)
            return (lines, [], []);

        lines = [.. lines];
        var (taken, ofSome) = (new (Money Amount, Exact Quantity)[request.Credits.Count], new Money[request.Credits.Count]);
        Array.Fill(taken, (Money.Zero(request.Currency), 0));
        var units = Array.ConvertAll(lines, line => line.Quantity);
        Money OfSome() => Money.Sum(request.Currency, (some ?? []).Select(i => lines[i].Credit));
        for (var i = 0; i < taken.Length; i++)
            if (request.Credits[i].Amount is { } amount)
                Note(i, () => (TakeMoney(lines, Of(request.Credits[i].Lines, lines), amount, request.Currency), 0));
        for (var i = 0; i < taken.Length; i++)
            if (request.Credits[i].Quantity is { } quantity)
                Note(i, () => TakeUnits(lines, Of(request.Credits[i].Lines, lines), units, quantity, request.Currency));
        return (lines, taken, ofSome);

        void Note(int place, Func<(Money, Exact)> take)
        {
            var before = OfSome();
            taken[place] = take();
            ofSome[place] = OfSome() - before;
        }
    }

    // False when there is nothing to take from.
    private static bool TakeFromSum(Exact sum, IReadOnlyList<Coupon> coupons, Exact[] taken)
    {
        if (sum.Sign <= 0)
            return false;
        var left = sum;
        foreach (var (coupon, place) in InOrder(coupons))
            left -= taken[place] = Take(coupon, left);
        return true;
    }

    private static Exact[] TakeFromLines(RatedLine[] lines, Exact[] nets, IReadOnlyList<Coupon> coupons, Exact[] taken)
    {
        var left = nets.ToArray();
        foreach (var (coupon, place) in InOrder(coupons))
        {
            var on = Of(coupon.Lines, lines);
            var sum = Exact.Sum(on.Select(i => left[i]));
            if (sum.Sign <= 0)
                continue;
            taken[place] = Take(coupon, sum);
            var kept = (sum - taken[place]) / sum;
            foreach (var i in on)
                left[i] *= kept;
        }

        return [.. nets.Zip(left, (net, rest) => net - rest)];
    }

    private static Exact Take(Coupon coupon, Exact left) => coupon.Percent is { } percent
        ? left * percent / 100
        : Exact.Min(left, coupon.Amount.GetValueOrDefault());

    private static IEnumerable<(Coupon Coupon, int Place)> InOrder(IReadOnlyList<Coupon> coupons) =>
        coupons.Select((coupon, place) => (coupon, place)).OrderBy(x => x.coupon.Percent is null);

    private static Money TakeMoney(RatedLine[] lines, int[] on, Exact amount, Currency currency)
    {
        var sum = Exact.Sum(on.Select(i => (Exact)lines[i].Net.Amount));
        if (sum.Sign <= 0)
            return Money.Zero(currency);

        var used = Exact.Min(sum, amount).Round(currency);
        var shares = Allocation.ByLargestRemainder(used, [.. on.Select(i => lines[i].Net.Amount)]);
        for (var i = 0; i < on.Length; i++)
            lines[on[i]] = lines[on[i]] with { Credit = lines[on[i]].Credit + shares[i] };
        return used;
    }

    // A part of the units takes the same part of what is left to pay for them; the last unit takes the rest, so that nothing remains.
    private static (Money Amount, Exact Quantity) TakeUnits(RatedLine[] lines, int[] on, Exact[] units, Exact quantity, Currency currency)
    {
        var (amount, used) = (Money.Zero(currency), Exact.Zero);
        foreach (var i in on.Where(i => units[i].Sign > 0 && lines[i].Net.Amount > 0))
        {
            var now = Exact.Min(units[i], quantity - used);
            if (now.Sign <= 0)
                break;
            var worth = (lines[i].Net.Amount * now / units[i]).Round(currency);
            lines[i] = lines[i] with { Credit = lines[i].Credit + worth };
            (amount, used, units[i]) = (amount + worth, used + now, units[i] - now);
        }

        return (amount, used);
    }

    private static int[] Of(LinesOf? lines, RatedLine[] all) => [.. Enumerable.Range(0, all.Length).Where(i => lines?.Has(all[i], i) ?? true)];

    // Rounding the sum up may give a line that is used up already one unit more than it has; another line with room takes it.
    private static Money[] Shares(Money discount, Exact[] weights, Exact[] nets)
    {
        Money[] shares = [.. Allocation.ByLargestRemainder(discount, weights)];
        var unit = discount with { Amount = new decimal(1, 0, 0, false, (byte)discount.Currency.MinorUnits) };
        var sum = Exact.Sum(weights);
        for (var i = 0; i < shares.Length; i++)
        {
            if (nets[i].Sign < 0 || shares[i].Amount <= nets[i])
                continue;
            var other = Enumerable.Range(0, shares.Length).Where(j => weights[j].Sign > 0 && (shares[j] + unit).Amount <= nets[j])
                .OrderByDescending(j => discount.Amount * weights[j] / sum - shares[j].Amount).ThenBy(j => j).First();
            (shares[i], shares[other]) = (shares[i] - unit, shares[other] + unit);
        }

        return shares;
    }
}
