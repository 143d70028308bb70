using Licensing.Billing.Rating;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

public sealed class ChargeValidationTests
{
    [Theory]
    [InlineData("""{"model":"perunit"}""", "/model unknown_model")]
    [InlineData("{}", "/model unknown_model")]
    [InlineData("""{"model":"flat"}""", "/amount required")]
    [InlineData("""{"model":"perUnit","quantity":"1"}""", "/unitPrice required")]
    [InlineData("""{"model":"perUnit","unitPrice":"1"}""", "/quantity required")]
    [InlineData("""{"model":"perUnit","unitPrice":"1","quantity":"1","includedUnits":"-1"}""", "/includedUnits must_not_be_negative")]
    [InlineData("""{"model":"package","quantity":"1","price":"1"}""", "/size required")]
    [InlineData("""{"model":"package","quantity":"1","price":"1","size":"-1"}""", "/size must_be_positive")]
    [InlineData(
        """{"model":"package","quantity":"1","price":"1","size":"0","freeUnits":"-1"}""",
        "/size must_be_positive;/freeUnits must_not_be_negative")]
    [InlineData("""{"model":"graduated","quantity":"1"}""", "/tiers tiers_missing")]
    [InlineData("""{"model":"graduated","quantity":"1","tiers":[]}""", "/tiers tiers_missing")]
    [InlineData("""{"model":"graduated","quantity":"1","tiers":[{"upTo":"1"}]}""", "/tiers/0/unitPrice required")]
    [InlineData("""{"model":"graduated","quantity":"1","tiers":[{"upTo":"1","unitPrice":"1"}]}""", "/tiers/0/upTo last_tier_bounded")]
    [InlineData("""{"model":"volume","quantity":"1","tiers":[{"unitPrice":"1"},{"unitPrice":"1"}]}""", "/tiers/0/upTo tier_unbounded")]
    [InlineData(
        """{"model":"volume","quantity":"1","tiers":[{"upTo":"0","unitPrice":"1"},{"unitPrice":"1"}]}""",
        "/tiers/0/upTo tiers_not_ascending")]
    [InlineData(
        """{"model":"volume","quantity":"1","tiers":[{"upTo":"9","unitPrice":"1"},{"upTo":"9","unitPrice":"1"},{"upTo":"8","unitPrice":"1"}]}""",
        "/tiers/1/upTo tiers_not_ascending;/tiers/2/upTo tiers_not_ascending;/tiers/2/upTo last_tier_bounded")]
    [InlineData("""{"model":"stairstep","quantity":"1","tiers":[{"upTo":null}]}""", "/tiers/0/price required")]
    [InlineData("""{"model":"percentage","events":[]}""", "/percent required")]
    [InlineData("""{"model":"percentage","percent":"1"}""", "/events required")]
    [InlineData("""{"model":"percentage","percent":"1","quantity":"5","freeEvents":1}""", "/events events_required")]
    [InlineData("""{"model":"percentage","percent":"1","quantity":"5","fixedFee":"2"}""", "/events events_required")]
    [InlineData("""{"model":"percentage","percent":"1","quantity":"5","events":["5"]}""", "/quantity not_of_model")]
    [InlineData("""{"model":"flat","amount":"1","unitPrice":"2","prorate":false}""", "/prorate not_of_model;/unitPrice not_of_model")]
    [InlineData("""{"model":"perUnit","unitPrice":"1","quantity":"1","freeUnits":"5","chargeAtZero":false}""",
        "/chargeAtZero not_of_model;/freeUnits not_of_model")]
    [InlineData("""{"model":"graduated","quantity":"1","size":"2","tiers":[{"unitPrice":"1","price":"4"}]}""",
        "/size not_of_model;/tiers/0 not_of_model")]
    [InlineData("""{"model":"stairstep","quantity":"1","tiers":[{"price":"1","flatFee":"4"}]}""", "/tiers/0 not_of_model")]
    [InlineData("""{"model":"percentage","percent":"1","events":[],"freeEvents":-1,"freeUnits":"-1","minimum":"-1","maximum":"-1"}""",
        "/freeEvents must_not_be_negative;/freeUnits must_not_be_negative;/minimum must_not_be_negative;/maximum must_not_be_negative")]
    [InlineData("""{"model":"percentage","percent":"1","events":[],"minimum":"2","maximum":"1"}""", "/maximum maximum_below_minimum")]
    public void What_cannot_be_priced_is_refused_with_its_pointer(string charge, string fields) =>
        string.Join(';', Fields(Spec(charge).ToItem().Refusal)).ShouldBe(fields);

    [Fact]
    public void A_request_names_every_field_at_fault()
    {
        var broken = new RatingItem(
            "Broken", new PackageCharge(0, 1), new UsageAggregate(1))
        { TaxCategory = "Z", Active = Period.Parse("2024-02-29/2024-03-02") };
        Refused(Request(Flat("1", "S"), broken) with
        {
            Active = Period.Parse("2024-03-05/2024-04-02"),
            Minimum = 10,
            MinimumTaxCategory = "Q",
            Cap = 5,
            Coupons = [new(null, null), new(1, 1), new(101, null), new(null, -1)],
            Taxes = [new("S", 20), new("S", 10), new("T", -1)],
        }).ShouldBe(
        [
            "/active outside_period",
            "/charges/1/size must_be_positive",
            "/charges/1/active outside_period",
            "/charges/1/taxCategory tax_rate_missing",
            "/cap maximum_below_minimum",
            "/coupons/0 coupon_percent_or_amount",
            "/coupons/1 coupon_percent_or_amount",
            "/coupons/2/percent not_a_percentage",
            "/coupons/3/amount must_not_be_negative",
            "/taxes/1/category tax_rate_duplicate",
            "/taxes/2/percent not_a_percentage",
            "/minimumTaxCategory tax_rate_missing",
        ]);
        Refused(Request() with { Minimum = -1, Cap = -1 }).ShouldBe(["/minimum must_not_be_negative", "/cap must_not_be_negative"]);
    }

    [Fact]
    public void A_credit_beyond_its_line_is_refused()
    {
        static Money Euros(decimal amount) => new(amount, Eur);
        var line = (Euros(10m), Euros(2m));
        var credited = (Euros(4m), Euros(0.8m));
        Value(CreditNoteTax.For(line, credited, Euros(6m))).ShouldBe(Euros(1.2m));
        CreditNoteTax.For(line, credited, Euros(6.01m)).Refusal!.Code.ShouldBe("credit_exceeds_line");
        CreditNoteTax.For(line, credited, Euros(-1m)).Refusal!.Code.ShouldBe("credit_exceeds_line");
        Value(CreditNoteTax.For((Euros(0m), Euros(0m)), (Euros(0m), Euros(0m)), Euros(0m))).ShouldBe(Euros(0m));
    }
}
