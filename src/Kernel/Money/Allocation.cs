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
        InWholes(total, weights) ?? ByLargestRemainder(total, weights.Select(weight => (Exact)weight).ToArray());

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

    // The same in whole numbers, as nearly all weights are few digits and none below zero: thousands of fractions cost twenty times as much.
    private static Money[]? InWholes(Money total, IReadOnlyList<decimal> weights)
    {
        var places = weights.Count > 0 ? weights.Max(weight => weight.Scale) : (byte)0;
        var (unit, most) = ((decimal)BigInteger.Pow(10, places), (decimal)long.MaxValue);
        var amount = total.Amount * (decimal)BigInteger.Pow(10, total.Currency.MinorUnits);
        if (places > 9 || weights.Any(weight => weight < 0 || weight > most / unit) || !decimal.IsInteger(amount) || Math.Abs(amount) > most)
            return null;

        var (whole, wholes, rests) = ((Int128)Math.Abs(amount), new Int128[weights.Count], new Int128[weights.Count]);
        var (sum, left) = (Int128.Zero, whole);
        for (var i = 0; i < wholes.Length; i++)
            sum += wholes[i] = (Int128)(weights[i] * unit);
        if (sum == 0)
            return null;
        for (var i = 0; i < wholes.Length; i++)
        {
            (wholes[i], rests[i]) = Int128.DivRem(whole * wholes[i], sum);
            left -= wholes[i];
        }

        foreach (var index in Enumerable.Range(0, rests.Length).OrderByDescending(i => rests[i]).ThenBy(i => i).Take((int)left))
            wholes[index]++;
        return Array.ConvertAll(wholes, units => new Money(
            new decimal((int)(long)units, (int)((long)units >> 32), 0, amount < 0 && units > 0, (byte)total.Currency.MinorUnits), total.Currency));
    }

    // Shares of mixed sign may cancel out; then the first one that is not zero says which way round they are.
    private static bool Mirrors(IReadOnlyList<Exact> shares)
    {
        var sum = Exact.Sum(shares).Sign;
        return sum < 0 || (sum == 0 && shares.FirstOrDefault(share => share.Sign != 0).Sign < 0);
    }
}
