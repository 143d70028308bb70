using Licensing.Billing.Rating;
using Licensing.Billing.Taxes;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Taxes;

/// <summary>Which rate is a tenant's, of all that are set.</summary>
public sealed class TaxTableTests
{
    private static readonly DateOnly Day = new(2024, 6, 30);

    [Theory]
    // The nearest organisation decides, whatever its rate says of countries; of one organisation that for the country.
    [InlineData("- DE 19", "S 19")]
    [InlineData("- DE 19; 1. - 1", "S 1")]
    [InlineData("- DE 19; 1. - 1; 1.2. - 2", "S 2")]
    [InlineData("- DE 19; 1. DE 1; 1.2. - 2; 1.2.3. - 3", "S 3")]
    [InlineData("- DE 19; 1.2.3. DE 3; 1.2.3.4. - 4", "S 4")]
    [InlineData("- DE 19; 1.2.3.4. - 4; 1.2.3.4. DE 5", "S 5")]
    [InlineData("- DE 19; 1.2. AT 2; 1.2.3.4. AT 4", "S 19")]
    // Others, also those whose places begin like his.
    [InlineData("- DE 19; 1.2.3.44. - 4; 1.22. - 2; 1.9.33. - 3", "S 19")]
    [InlineData("- AT 20; 1.9. DE 9", "")]
    [InlineData("1.2. - 2", "S 2")]
    // What a tenant has set where he stood before is his.
    [InlineData("- DE 19; 1.7.8.4. - 4", "S 4")]
    public void The_most_specific_one(string rates, string expected) => Text(Table(rates).Of(Tenant)).ShouldBe(expected);

    [Fact]
    public void Of_a_category_each_by_itself()
    {
        CountryTaxRate[] rates =
        [
            Rate(null, "DE", 19), Rate(null, "DE", 7, "R"), Rate("1.2.", null, 0, charged: "AE"), Rate("1.2.3.4.", null, 0, "R", "E"),
            Rate("1.2.3.", null, 3, "L"),
        ];
        Text(new TaxTable(rates, Day).Of(Tenant)).ShouldBe("R as E 0, L 3, S as AE 0");
        Text(new TaxTable(rates, Day).Of(Tenant with { Path = "1.6.7.8." })).ShouldBe("S 19, R 7");
    }

    [Theory]
    // Of those in force the one that began last; what has ended gives way to what began before, then to what is less specific.
    [InlineData("2024-06-30", null, "S 4")]
    [InlineData("2024-07-01", null, "S 3")]
    [InlineData("2024-06-01", "2024-07-01", "S 4")]
    [InlineData("2024-06-01", "2024-06-30", "S 3")]
    public void In_force_on_the_day(string from, string? until, string expected)
    {
        var own = new CountryTaxRate
        {
            OwnerPath = "1.2.3.4.",
            Category = "S",
            Percent = 4,
            ValidFrom = DateOnly.Parse(from),
            ValidUntil = until is null ? null : DateOnly.Parse(until),
        };
        var before = Rate("1.2.3.4.", null, 3);
        Text(new TaxTable([own, before, Rate("1.2.", null, 2)], Day).Of(Tenant)).ShouldBe(expected);
        Text(new TaxTable([own, Rate("1.2.", null, 3)], Day).Of(Tenant)).ShouldBe(expected);
    }

    [Fact]
    public void What_a_round_has_no_rate_of_is_taken_from_a_later_one_and_nothing_else()
    {
        var first = new TaxTable([Rate(null, "DE", 19)], Day);
        var later = new TaxTable([Rate("1.2.3.4.", null, 0, charged: "AE"), Rate("1.2.", null, 7, "R")], Day);
        Text(first.Or(later).Of(Tenant)).ShouldBe("S 19, R 7");
    }

    [Fact]
    public void Several_categories_charged_as_one_are_one_total_with_all_their_reasons()
    {
        TaxRate[] rates =
        [
            new("S", 0) { As = "E", Reason = new("VATEX-EU-132-1I", "Education") }, new("R", 0) { As = "E", Reason = new(null, "Health") },
            new("Z", 0) { As = "AE" },
        ];
        var bill = Rated(rates, "S", "R", "Z", "R");
        bill.Taxes.Select(tax => $"{tax.Category} {tax.Percent} {tax.Net.Amount} {tax.Reason}").ShouldBe(
            ["E 0 30.00 TaxReason { Code = , Text = Education; Health }", "AE 0 10.00 "]);
        bill.Lines.Select(line => $"{line.PriceCategory} {line.TaxCategory}").ShouldBe(["S E", "R E", "Z AE", "R E"]);
    }

    [Fact]
    public void One_category_at_two_percents_is_two_totals_and_the_lines_add_up_to_them()
    {
        var bill = Rated([new("S", 7) { As = "L" }, new("R", 3) { As = "L" }, new("Z", 7)], "S", "R", "Z", "S");
        bill.Taxes.Select(tax => $"{tax.Category} {tax.Percent} {tax.Net.Amount} {tax.Tax.Amount}").ShouldBe(
            ["L 7 20.00 1.40", "L 3 10.00 0.30", "Z 7 10.00 0.70"]);
        bill.Lines.Select(line => line.Tax.Amount).ShouldBe([0.70m, 0.30m, 0.70m, 0.70m]);
    }

    private static RatedBill Rated(TaxRate[] rates, params string[] categories) => Rating.RatingSamples.Rate(new RatingRequest(
        Rating.RatingSamples.Eur, Licensing.Kernel.Period.Month(2024, 6), [.. categories.Select(c => Rating.RatingSamples.Flat("10", c))])
    {
        Taxes = rates,
    });

    private static OrganizationRef Tenant { get; } = new(
        new(new("01890000-0000-7000-8000-000000000004")), 4, OrganizationKind.Tenant, null, "1.2.3.4.", "t", "T", "DE",
        Licensing.Kernel.Currency.Parse("EUR"), true);

    private static TaxTable Table(string rates) => new(
        rates.Split("; ").Select(rate => rate.Split(' ')).Select(
            rate => Rate(rate[0] == "-" ? null : rate[0], rate[1] == "-" ? null : rate[1], decimal.Parse(rate[2]))),
        Day);

    private static CountryTaxRate Rate(string? path, string? country, decimal percent, string category = "S", string? charged = null) => new()
    {
        OwnerPath = path,
        Country = country,
        Category = category,
        ChargedAs = charged,
        Percent = percent,
        ValidFrom = new(2020, 1, 1),
    };

    private static string Text(IEnumerable<TaxRate> rates) => string.Join(
        ", ", rates.Select(rate => $"{rate.Category}{(rate.As == rate.Category ? "" : $" as {rate.As}")} {rate.Percent}"));
}
