using Licensing.Catalog.Contracts;
using Licensing.Catalog.Plans;

namespace Licensing.Catalog.Tests.Plans;

public sealed class ChargeRulesTests
{
    private static readonly ProductRules Product = new("phone", [new("seats", "Seats"), new("lines", "Lines")]);
    private static readonly HashSet<string> Meters = ["minutes"];

    private static PriceBody PerUnit(decimal price = 1) => new(PriceModel.PerUnit, UnitPrice: price);

    private static PriceBody Tiered(params TierBody[] tiers) => new(PriceModel.Graduated, Tiers: tiers);

    private static List<string> Check(params ChargeBody[] charges) =>
        [.. ChargeRules.Check(charges, Product, Meters).Select(e => $"{e.Pointer} {e.Code}")];

    private static List<string> CheckPrice(PriceBody price) => Check(new ChargeBody("c", "C", price, Meter: "minutes"));

    [Fact]
    public void Every_model_has_a_form_that_is_accepted() => Check(
        new ChargeBody("base", "Base", new PriceBody(PriceModel.Flat, Amount: 0), InAdvance: true),
        new ChargeBody("seats", "Seats", PerUnit(0), Feature: "seats", InAdvance: true),
        new ChargeBody("minutes", "Minutes", Tiered(new TierBody(10, UpTo: 10, FlatFee: 2), new TierBody(5, UpTo: 20), new TierBody(5)),
            Meter: "minutes"),
        new ChargeBody("volume", "Volume", new PriceBody(PriceModel.Volume, Tiers: [new TierBody(1)]), Meter: "minutes"),
        new ChargeBody("blocks", "Blocks", new PriceBody(PriceModel.Package, PackageSize: 0.5m, PackagePrice: 0, FreeUnits: 3), Feature: "lines"))
        .ShouldBeEmpty();

    [Fact]
    public void A_charge_has_one_basis_unless_it_is_flat()
    {
        Check(new ChargeBody("c", "C", PerUnit())).ShouldBe(["/charges/0 basis_required"]);
        Check(new ChargeBody("c", "C", PerUnit(), Feature: "seats", Meter: "minutes")).ShouldBe(["/charges/0 basis_required"]);
        Check(new ChargeBody("c", "C", new PriceBody(PriceModel.Flat, Amount: 1), Feature: "seats")).ShouldBe(["/charges/0 basis_not_allowed"]);
    }

    [Fact]
    public void Features_and_meters_must_exist_and_usage_is_billed_afterwards()
    {
        Check(new ChargeBody("c", "C", PerUnit(), Feature: "desks")).ShouldBe(["/charges/0/feature unknown_feature"]);
        Check(new ChargeBody("c", "C", PerUnit(), Meter: "hours", InAdvance: true))
            .ShouldBe(["/charges/0/meter unknown_meter", "/charges/0/inAdvance usage_in_advance"]);
    }

    [Theory]
    [InlineData("Base", true)]
    [InlineData("2.a_b-C", true)]
    [InlineData("\u212A", false)]
    [InlineData("a\n", false)]
    [InlineData(".a", false)]
    public void A_key_has_letters_of_the_alphabet_digits_and_three_signs(string key, bool isOne) =>
        Check(new ChargeBody(key, "C", PerUnit(), Feature: "seats")).ShouldBe(isOne ? [] : ["/charges/0/key invalid_key"]);

    [Fact]
    public void Keys_are_unique_and_well_formed_and_nothing_is_null() => Check(
        new ChargeBody("a", "A", PerUnit(), Feature: "seats"), new ChargeBody("a", " ", PerUnit(), Feature: "seats"), null!,
        new ChargeBody("-", "A", PerUnit(), Feature: "seats"))
        .ShouldBe(["/charges/1/key duplicate", "/charges/1/name name", "/charges/2 required", "/charges/3/key invalid_key"]);

    [Fact]
    public void Tiers_ascend_and_only_the_last_is_open()
    {
        CheckPrice(Tiered(new TierBody(1, UpTo: 10), new TierBody(1, UpTo: 10), new TierBody(1)))
            .ShouldBe(["/charges/0/price/tiers/1/upTo not_ascending"]);
        CheckPrice(Tiered(new TierBody(1, UpTo: 0), new TierBody(1))).ShouldBe(["/charges/0/price/tiers/0/upTo not_ascending"]);
        CheckPrice(Tiered(new TierBody(1), new TierBody(1))).ShouldBe(["/charges/0/price/tiers/0/upTo required"]);
        CheckPrice(Tiered(new TierBody(1, UpTo: 5))).ShouldBe(["/charges/0/price/tiers/0/upTo last_tier_open"]);
        CheckPrice(Tiered()).ShouldBe(["/charges/0/price/tiers count"]);
        CheckPrice(Tiered(null!, new TierBody(-1, FlatFee: -1)))
            .ShouldBe(["/charges/0/price/tiers/0 required", "/charges/0/price/tiers/1/unitPrice out_of_range",
                "/charges/0/price/tiers/1/flatFee out_of_range"]);
    }

    [Fact]
    public void Numbers_are_in_range_and_none_is_missing_or_of_another_model()
    {
        CheckPrice(PerUnit(-0.01m)).ShouldBe(["/charges/0/price/unitPrice out_of_range"]);
        CheckPrice(new PriceBody(PriceModel.PerUnit)).ShouldBe(["/charges/0/price/unitPrice required"]);
        CheckPrice(new PriceBody(PriceModel.PerUnit, UnitPrice: 1, Amount: 1, Tiers: []))
            .ShouldBe(["/charges/0/price/amount not_of_model", "/charges/0/price/tiers not_of_model"]);
        CheckPrice(new PriceBody(PriceModel.Package, PackageSize: 0, PackagePrice: -1, FreeUnits: -1)).ShouldBe(
            ["/charges/0/price/packageSize out_of_range", "/charges/0/price/packagePrice out_of_range", "/charges/0/price/freeUnits out_of_range"]);
        CheckPrice(new PriceBody(PriceModel.Package)).ShouldBe(["/charges/0/price/packageSize required", "/charges/0/price/packagePrice required"]);
        Check(new ChargeBody("c", "C", new PriceBody(PriceModel.Flat, Amount: -1))).ShouldBe(["/charges/0/price/amount out_of_range"]);
    }

    [Fact]
    public void Percentages_stairs_included_units_and_tax_categories_have_forms_of_their_own() => Check(
        new ChargeBody("fees", "F", new PriceBody(PriceModel.Percentage, Percent: 1.3m, FixedFee: 2, TaxCategory: "AA"),
            Meter: "minutes"),
        new ChargeBody("plan", "P", new PriceBody(PriceModel.Stairstep, Tiers: [new TierBody(UpTo: 5, Price: 10), new TierBody(Price: 18)]),
            Feature: "lines"),
        new ChargeBody("seats", "S", PerUnit() with { IncludedUnits = 3, Prorate = false }, Feature: "seats")).ShouldBeEmpty();

    [Fact]
    public void What_could_not_be_billed_is_refused_before_it_is_published()
    {
        CheckPrice(new PriceBody(PriceModel.Percentage)).ShouldBe(["/charges/0/price/percent required"]);
        CheckPrice(new PriceBody(PriceModel.Percentage, Percent: -1, FixedFee: -1, IncludedUnits: 1)).ShouldBe(
            ["/charges/0/price/includedUnits not_of_model", "/charges/0/price/percent out_of_range", "/charges/0/price/fixedFee out_of_range"]);
        CheckPrice(new PriceBody(PriceModel.Percentage, Percent: 1.3m, FixedFee: 2, FreeUnits: 800))
            .ShouldBe(["/charges/0/price/fixedFee not_with_free_units"]);
        CheckPrice(new PriceBody(PriceModel.Percentage, Percent: 1.3m, FixedFee: 0, FreeUnits: 800)).ShouldBeEmpty();
        Check(new ChargeBody("c", "C", new PriceBody(PriceModel.Percentage, Percent: 1), Feature: "seats")).ShouldBe(["/charges/0 meter_required"]);
        CheckPrice(new PriceBody(PriceModel.Stairstep, Tiers: [new TierBody(1, UpTo: 5), new TierBody(Price: -1)])).ShouldBe(
            ["/charges/0/price/tiers/0/price required", "/charges/0/price/tiers/0 not_of_model", "/charges/0/price/tiers/1/price out_of_range"]);
        CheckPrice(Tiered(new TierBody(1, Price: 1))).ShouldBe(["/charges/0/price/tiers/0/price not_of_model"]);
        CheckPrice(PerUnit() with { Prorate = true, IncludedUnits = -1, TaxCategory = "s" }).ShouldBe(
            ["/charges/0/price/prorate usage_not_prorated", "/charges/0/price/taxCategory not_a_tax_category",
                "/charges/0/price/includedUnits out_of_range"]);
        Check(new ChargeBody("c", "C", new PriceBody(PriceModel.Flat, Amount: 1, Prorate: false)))
            .ShouldBe(["/charges/0/price/prorate not_of_model"]);
    }

    [Fact]
    public void A_commitment_has_bounds_that_can_both_be_kept()
    {
        List<string> Bounds(decimal? minimum, decimal? cap) =>
            [.. TermRules.Check(new PlanTermsRef { Commitment = new(minimum, cap) }, Meters, Meters).Select(e => $"{e.Pointer} {e.Code}")];
        Bounds(10, 10).ShouldBeEmpty();
        Bounds(null, null).ShouldBe(["/terms/commitment required"]);
        Bounds(-1, -1).ShouldBe(["/terms/commitment/minimum out_of_range", "/terms/commitment/cap out_of_range"]);
        Bounds(10, 9).ShouldBe(["/terms/commitment/cap maximum_below_minimum"]);
    }
}
