namespace Licensing.Billing.Tests.Oracle;

/// <summary>Which rate a category has on a day, and what the lines are taxed by it.</summary>
internal sealed class NaiveTaxes(Contract contract, DateOnly on)
{
    // The tenant, his partner, his distributor, the platform.
    private static readonly string[] Organizations = ["1.2.3.4.", "1.2.3.", "1.2.", "1."];
    private readonly NaiveShares _shares = new(contract.Currency.MinorUnits);

    // Who is nearest to the tenant decides, and of his rates one for the tenant's country before one for any; then everyone's of the country.
    public (string As, Fraction Percent)? Of(string category)
    {
        foreach (var (organization, country) in Organizations
            .SelectMany(_ => new[] { contract.Country, null }, (organization, country) => ((string?)organization, country))
            .Append((null, contract.Country)))
        {
            (string As, Fraction Percent)? found = null;
            foreach (var rate in contract.Taxes.OrderBy(rate => rate.ValidFrom))
                if (rate.OwnerPath == organization && rate.Country == country && rate.Category == category
                    && rate.ValidFrom <= on && (rate.ValidUntil is null || on < rate.ValidUntil))
                    found = (rate.ChargedAs ?? category, rate.Percent);
            if (found is not null)
                return found;
        }

        return null;
    }

    /// <summary>As EN 16931 calls what has a rate, whatever we do.</summary>
    public static string Kind(string category) => category == "L" || category == "M" ? category : "S";

    /// <summary>Each rate once on the sum of its lines; a line that knows its percent keeps it.</summary>
    public void Apply(IReadOnlyList<NaiveLine> lines)
    {
        foreach (var line in lines.Where(line => line.Percent is null))
            (line.Tax, line.Percent) = Of(line.Tax)!.Value;
        foreach (var group in lines.GroupBy(line => (Kind(line.Tax), line.Percent)))
        {
            var exact = group.Select(line => line.Net * group.Key.Percent!.Value / 100).ToArray();
            var shares = _shares.Apportioned(Fraction.Sum(exact).Round(contract.Currency.MinorUnits), exact);
            foreach (var (line, share) in group.Zip(shares))
                line.Vat = share;
        }
    }
}
