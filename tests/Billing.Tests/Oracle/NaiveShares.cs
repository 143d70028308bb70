namespace Licensing.Billing.Tests.Oracle;

/// <summary>Sums shared to whole minor units.</summary>
internal sealed class NaiveShares(int places)
{
    public Fraction[] Shares(Fraction total, Fraction[] weights)
    {
        var sum = Fraction.Sum(weights);
        return Apportioned(total, sum.Sign == 0
            ? [.. weights.Select(_ => total / weights.Length)]
            : [.. weights.Select(weight => total * weight / sum)]);
    }

    // Every share rounded down, and one unit more for those that lost most, the first of equals first, until the total is reached. What is given
    // back is the mirror of what was given.
    public Fraction[] Apportioned(Fraction total, Fraction[] shares)
    {
        var sum = Fraction.Sum(shares).Sign;
        if (sum < 0 || (sum == 0 && shares.FirstOrDefault(share => share.Sign != 0).Sign < 0))
            return [.. Apportioned(-total, [.. shares.Select(share => -share)]).Select(share => -share)];

        var scale = (Fraction)(decimal)Math.Pow(10, places);
        var units = shares.Select(share => new Fraction((share * scale).Floor(), 1)).ToArray();
        while (Fraction.Sum(units) != total * scale)
        {
            var most = Enumerable.Range(0, units.Length).MaxBy(i => shares[i] * scale - units[i]);
            units[most] += 1;
        }

        return [.. units.Select(unit => unit / scale)];
    }
}
