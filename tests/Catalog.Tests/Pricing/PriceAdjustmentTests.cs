using Licensing.Catalog.Contracts;
using Licensing.Catalog.Pricing;

namespace Licensing.Catalog.Tests.Pricing;

public sealed class PriceAdjustmentTests
{
    private static decimal Unit(decimal old, PriceAdjustment by) => by.Of(new Price(PriceModel.PerUnit, UnitPrice: old)).UnitPrice!.Value;

    [Theory]
    [InlineData("10", "5", 12, "10.5")]
    [InlineData("10.05", "10", 2, "11.06")]
    [InlineData("0.0005", "10", 12, "0.00055")]
    [InlineData("0.0005", "10", 4, "0.0006")]
    [InlineData("3", "-100", 2, "0")]
    [InlineData("0.333333333333", "33.3", 12, "0.444333333333")]
    [InlineData("1", "0.00000000005", 12, "1.000000000001")]
    public void Percent_is_rounded_once_half_away_from_zero(string old, string percent, int decimals, string expected) =>
        Unit(Dec(old), new PriceAdjustment(Dec(percent), null, decimals)).ShouldBe(Dec(expected));

    [Fact]
    public void Percent_changes_every_amount_and_no_quantity()
    {
        var by = new PriceAdjustment(50, null, 2);

        var tiered = by.Of(new Price(PriceModel.Graduated, Tiers: [new PriceTier(10, 2, 4), new PriceTier(null, 1)]));
        var package = by.Of(new Price(PriceModel.Package, PackageSize: 10, PackagePrice: 100, FreeUnits: 5));

        tiered.Tiers.ShouldBe([new PriceTier(10, 3, 6), new PriceTier(null, 1.5m)]);
        package.ShouldBe(new Price(PriceModel.Package, PackageSize: 10, PackagePrice: 150, FreeUnits: 5));
    }

    [Fact]
    public void An_amount_is_added_to_what_is_paid_per_unit_or_package_only()
    {
        var by = new PriceAdjustment(null, -0.5m, 2);

        by.Of(new Price(PriceModel.Volume, Tiers: [new PriceTier(10, 2, 4.125m), new PriceTier(null, 1)])).Tiers
            .ShouldBe([new PriceTier(10, 1.5m, 4.125m), new PriceTier(null, 0.5m)]);
        by.Of(new Price(PriceModel.Package, PackageSize: 10, PackagePrice: 100)).PackagePrice.ShouldBe(99.5m);
        Unit(7, by).ShouldBe(6.5m);
    }

    [Fact]
    public void What_can_be_asked_has_bounds()
    {
        static string Check(PriceAdjustment by) => string.Join(", ", by.Check().Select(e => $"{e.Pointer} {e.Code}"));

        Check(new PriceAdjustment(null, null, 2)).ShouldBe(" percent_or_amount");
        Check(new PriceAdjustment(5, 5, 2)).ShouldBe(" percent_or_amount");
        Check(new PriceAdjustment(-100.1m, null, 13)).ShouldBe("/percent out_of_range, /decimals out_of_range");
        Check(new PriceAdjustment(0, null, 0)).ShouldBe("/percent out_of_range");
        Check(new PriceAdjustment(null, 0, -1)).ShouldBe("/amount out_of_range, /decimals out_of_range");
        Check(new PriceAdjustment(null, 1_000_000_001, 0)).ShouldBe("/amount out_of_range");
        Check(new PriceAdjustment(1_000, null, 12)).ShouldBe("");
        Check(new PriceAdjustment(null, -1, 0)).ShouldBe("");
    }

    [Fact]
    public void The_largest_price_is_still_calculated_and_found_too_large()
    {
        var raised = new PriceAdjustment(1_000, null, 12).Of(new Price(PriceModel.PerUnit, UnitPrice: PriceAdjustment.MostPrice));

        PriceAdjustment.Holds(raised).ShouldBeFalse();
        PriceAdjustment.Holds(new Price(PriceModel.PerUnit, UnitPrice: PriceAdjustment.MostPrice)).ShouldBeTrue();
        PriceAdjustment.Holds(new Price(PriceModel.Volume, Tiers: [new PriceTier(null, 1, -0.01m)])).ShouldBeFalse();
    }

    private static decimal Dec(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
