using System.Numerics;

namespace Licensing.Kernel;

/// <summary>
/// Splits money into whole minor units that add up to exactly what was split, by largest remainder: each share is rounded down,
/// then the units left over go one each to the largest remainders, the first of equal ones first. The split of a negative
/// total is the mirror of the positive one, so that a reversal takes back share by share what was given.
/// </summary>
public static class Allocation
{
    /// <summary>Shares in proportion to the weights, which may be of mixed sign; weights that sum to zero count as equal.</summary>
    /// <exception cref="ArgumentException">The total is finer than the minor unit, or there is something to split and nobody to take it.</exception>
    public static IReadOnlyList<Money> ByLargestRemainder(Money total, IReadOnlyList<decimal> weights) =>
        ByLargestRemainder(total, weights.Select(weight => (Exact)weight).ToArray());

    /// <inheritdoc cref="ByLargestRemainder(Money, IReadOnlyList{decimal})"/>
    public static IReadOnlyList<Money> ByLargestRemainder(Money total, IReadOnlyList<Exact> weights)
    {
        var sum = Exact.Sum(weights);
        if (sum == Exact.Zero)
            (weights, sum) = ([.. weights.Select(_ => (Exact)1)], weights.Count);
        return RoundTogether(total, [.. weights.Select(weight => weight.Sign == 0 ? Exact.Zero : total.Amount * weight / sum)]);
    }

    /// <summary>
    /// Rounds exact shares (in whole units of the currency) so that they add up to <paramref name="total"/>, which is their rounded sum.
    /// </summary>
    /// <exception cref="ArgumentException">The total is finer than the minor unit, or the shares do not add up to it within rounding.</exception>
    public static IReadOnlyList<Money> RoundTogether(Money total, IReadOnlyList<Exact> shares)
    {
        var unit = BigInteger.Pow(10, total.Currency.MinorUnits);
        var totalUnits = (Exact)total.Amount * new Exact(unit, 1);
        if (!totalUnits.Denominator.IsOne)
            throw new ArgumentException($"{total} is finer than the minor unit.", nameof(total));

        var sign = Mirrors(shares) ? -1 : 1;
        var (inUnits, floors, scale) = (new Exact[shares.Count], new BigInteger[shares.Count], new Exact(unit * sign, 1));
        var left = totalUnits.Numerator * sign;
        for (var i = 0; i < floors.Length; i++)
            left -= floors[i] = (inUnits[i] = shares[i] * scale).Floor();
        if (left < 0 || left > shares.Count)
            throw new ArgumentException($"The shares do not add up to {total}.", nameof(shares));

        if (left.Sign > 0)
            foreach (var index in Enumerable.Range(0, shares.Count)
                .OrderByDescending(i => inUnits[i] - new Exact(floors[i], 1)).ThenBy(i => i).Take((int)left))
                floors[index]++;
        return [.. floors.Select(units => Exact.FromMinorUnits(units * sign, total.Currency))];
    }

    // Shares of mixed sign may cancel out; then the first one that is not zero says which way round they are.
    private static bool Mirrors(IReadOnlyList<Exact> shares)
    {
        var sum = Exact.Sum(shares).Sign;
        return sum < 0 || (sum == 0 && shares.FirstOrDefault(share => share.Sign != 0).Sign < 0);
    }
}
