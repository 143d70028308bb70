using Licensing.Billing.Rating;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

public sealed class RaterTests
{
    private const string Tiers = """[{"upTo":"5","unitPrice":"1","flatFee":"7"},{"unitPrice":"2","flatFee":"3"}]""";

    [Fact]
    public void A_fraction_above_a_tier_enters_the_next_one() =>
        Rate(Item($$"""{"model":"graduated","quantity":"5.001","tiers":{{Tiers}}}""")).Lines[0].Steps.ShouldBe(
        [
            new RatingStep(0, 5, 5, 1, 7, 12),
            new RatingStep(5, null, 0.001m, 2, 3, 3.002m),
        ]);

    [Fact]
    public void Steps_are_unrounded_and_only_the_line_is_rounded()
    {
        var line = Rate(Request(Item(
            """{"model":"perUnit","unitPrice":"0.0000000001","quantity":"12345678901234567890.123456789012345678","prorate":false}"""))).Lines[0];
        line.Unrounded.ToString().ShouldBe("1234567890.1234567890123456789012345678");
        line.Net.Text().ShouldBe("1234567890.12");
    }

    [Fact]
    public void A_prorated_line_keeps_its_days_and_its_exact_amount()
    {
        var line = Rate(Request(Flat("10.00")) with { Active = Period.Parse("2024-03-05/2024-04-01") }).Lines[0];
        (line.Days, line.Unrounded, line.Net.Text()).ShouldBe((new Proration(27, 31), new Exact(270, 31), "8.71"));
        line.Steps.ShouldBe([new RatingStep(0, null, 1, 10, 0, new Exact(270, 31))]);
    }

    [Theory]
    [InlineData("perUnit", "\"unitPrice\":\"1.5\"", "-15.00")]
    [InlineData("graduated", $"\"tiers\":{Tiers}", "7.00")]
    [InlineData("volume", $"\"tiers\":{Tiers}", "7.00")]
    [InlineData("stairstep", "\"tiers\":[{\"upTo\":\"5\",\"price\":\"4\"},{\"price\":\"5\"}]", "4.00")]
    [InlineData("package", "\"size\":\"1\",\"price\":\"9\"", "0.00")]
    public void A_negative_aggregate_passes_through_perUnit_and_counts_as_zero_elsewhere(string model, string price, string net) =>
        Rate(Item($$"""{"model":"{{model}}","quantity":"-10","prorate":false,{{price}}}""")).Net.Text().ShouldBe(net);

    [Theory]
    [InlineData("graduated", """{"unitPrice":"1","flatFee":"7"}""")]
    [InlineData("volume", """{"unitPrice":"1","flatFee":"7"}""")]
    [InlineData("stairstep", """{"price":"4"}""")]
    public void Nothing_is_charged_at_zero_when_the_charge_says_so(string model, string tier)
    {
        var line = Rate(Item($$"""{"model":"{{model}}","quantity":"0","chargeAtZero":false,"tiers":[{{tier}}]}""")).Lines[0];
        (line.Net.Text(), line.Steps.Count).ShouldBe(("0.00", 0));
    }

    [Fact]
    public void Tiers_begin_after_the_included_units() =>
        Rate(Item($$"""{"model":"graduated","quantity":"8","includedUnits":"2","tiers":{{Tiers}}}""")).Net.Text().ShouldBe("17.00");

    [Fact]
    public void Included_units_do_not_change_a_correction() =>
        Rate(Item("""{"model":"perUnit","unitPrice":"1","quantity":"-3","includedUnits":"2","prorate":false}""")).Net.Text().ShouldBe("-3.00");

    [Theory]
    [InlineData("""{"model":"perUnit","unitPrice":"31","quantity":"1"}""", "27.00")]
    [InlineData("""{"model":"perUnit","unitPrice":"31","quantity":"1","prorate":false}""", "31.00")]
    [InlineData("""{"model":"package","size":"1","price":"31","quantity":"1"}""", "31.00")]
    [InlineData("""{"model":"package","size":"1","price":"31","quantity":"1","prorate":true}""", "27.00")]
    [InlineData("""{"model":"volume","quantity":"1","prorate":true,"tiers":[{"unitPrice":"31"}]}""", "27.00")]
    public void Flat_and_seats_count_days_by_default_and_the_rest_when_told(string charge, string net) =>
        Rate(Request(Item(charge)) with { Active = Period.Parse("2024-03-05/2024-04-01") }).Net.Text().ShouldBe(net);

    [Theory]
    [InlineData("""{"events":["100","100"],"percent":"1","minimum":"2","maximum":null}""", "4.00")]
    [InlineData("""{"events":["100","1000"],"percent":"1","minimum":null,"maximum":"5"}""", "6.00")]
    [InlineData("""{"events":["100","300","1000"],"percent":"1","minimum":"2","maximum":"5"}""", "10.00")]
    [InlineData("""{"events":["100","100"],"percent":"1","fixedFee":"0.5","freeUnits":"150"}""", "1.00")]
    [InlineData("""{"events":["100","100"],"percent":"1","fixedFee":"0.5","freeUnits":"200"}""", "0.00")]
    [InlineData("""{"events":["100","-100"],"percent":"1","fixedFee":"0.5"}""", "0.50")]
    [InlineData("""{"events":["-5","100","100"],"percent":"1","freeEvents":1}""", "0.95")]
    [InlineData("""{"events":["-100"],"percent":"1","fixedFee":"0.5"}""", "0.00")]
    [InlineData("""{"events":["0"],"percent":"1","fixedFee":"0.5","freeUnits":"10"}""", "0.50")]
    [InlineData("""{"events":[],"percent":"1","fixedFee":"0.5"}""", "0.00")]
    [InlineData("""{"quantity":"800","percent":"1.3","freeUnits":"400"}""", "5.20")]
    public void A_percentage_has_free_units_fees_and_bounds_per_event(string charge, string net) =>
        Rate(Item(charge.Insert(1, "\"model\":\"percentage\","))).Net.Text().ShouldBe(net);

    [Fact]
    public void A_percentage_of_an_aggregate_pays_the_fee_per_event() =>
        Rate(new RatingItem("Fees", new PercentageCharge(1.3m) { FixedFee = 2 }, new UsageAggregate(800) { EventCount = 4 })).Net.Text()
            .ShouldBe("18.40");

    [Fact]
    public void The_minimum_is_prorated() =>
        Rate(Request(Flat("0")) with { Minimum = 1000, Active = Period.Parse("2024-03-05/2024-04-01") }).TrueUp.Text().ShouldBe("870.97");

    [Fact]
    public void A_minimum_that_is_reached_adds_nothing() =>
        Rate(Request(Flat("1000.00")) with { Minimum = 1000 }).TrueUpLines.ShouldBeEmpty();

    [Fact]
    public void A_minimum_without_any_line_is_due_alone() =>
        Rate(Request() with { Minimum = 12.5m }).Total.Text().ShouldBe("12.50");

    [Fact]
    public void The_true_up_is_taxed_as_the_lines_are()
    {
        var bill = Rate(Request(Flat("600", "S"), Flat("200", "R")) with { Minimum = 1000, Taxes = [new("S", 20), new("R", 10)] });
        bill.TrueUpLines.Select(line => (line.TaxCategory, line.Net.Text(), line.Tax.Text()))
            .ShouldBe([("S", "150.00", "30.00"), ("R", "50.00", "5.00")]);
        bill.Taxes.Select(tax => (tax.Net.Text(), tax.Tax.Text())).ShouldBe([("750.00", "150.00"), ("250.00", "25.00")]);
    }

    [Fact]
    public void The_cap_takes_from_each_line_in_proportion_and_is_not_prorated()
    {
        var bill = Rate(Request(Flat("300"), Seats("100", "1")) with { Cap = 100 });
        bill.Nets().ShouldBe(["75.00", "25.00"]);
        bill.CapReduction.Text().ShouldBe("300.00");
    }

    [Fact]
    public void Coupons_are_percentages_first_one_after_the_other_and_then_amounts()
    {
        var bill = Rate(Request(Flat("100.00")) with { Coupons = [new(null, 5), new(10, null), new(20, null)] });
        (bill.Discount.Text(), bill.Net.Text()).ShouldBe(("33.00", "67.00"));
    }

    [Fact]
    public void Coupons_never_go_below_zero()
    {
        Rate(Request(Flat("10.00", "S")) with { Coupons = [new(null, 50)], Taxes = Vat20 }).Total.Text().ShouldBe("0.00");
        Rate(Request(Flat("-10.00")) with { Coupons = [new(50, null), new(null, 5)] }).Net.Text().ShouldBe("-10.00");
    }

    [Fact]
    public void Coupons_leave_the_base_of_each_tax_right()
    {
        var bill = Rate(Request(Flat("100.00", "S"), Flat("50.00", "R")) with { Coupons = [new(null, 30)], Taxes = [new("S", 20), new("R", 10)] });
        bill.Taxes.Select(tax => (tax.Net.Text(), tax.Tax.Text())).ShouldBe([("80.00", "16.00"), ("40.00", "4.00")]);
    }

    [Fact]
    public void Tax_is_rounded_once_per_rate_on_the_sum()
    {
        var bill = Rate(Request(Flat("0.02", "S"), Flat("0.02", "S"), Flat("0.02", "S")) with { Taxes = Vat20 });
        bill.Tax.Text().ShouldBe("0.01");
        bill.Lines.Select(line => line.Tax.Text()).ShouldBe(["0.01", "0.00", "0.00"]);
    }

    [Fact]
    public void Lines_that_cancel_out_carry_taxes_that_cancel_out()
    {
        var bill = Rate(Request(Flat("50.00", "S"), Flat("-50.00", "S")) with { Taxes = Vat20 });
        bill.Lines.Select(line => line.Tax.Text()).ShouldBe(["10.00", "-10.00"]);
    }

    [Fact]
    public void A_line_without_category_and_a_request_without_rates_bear_no_tax()
    {
        Rate(Request(Flat("10.00"), Flat("10.00", "S")) with { Taxes = Vat20 }).Tax.Text().ShouldBe("2.00");
        Rate(Request(Flat("10.00", "S"))).Tax.Text().ShouldBe("0.00");
    }

    [Fact]
    public void An_item_may_have_days_of_its_own() =>
        Rate(Request(Flat("31") with { Active = Period.Parse("2024-03-01/2024-03-11") }, Flat("31"))).Nets().ShouldBe(["10.00", "31.00"]);

    [Fact]
    public void Amounts_above_the_limit_are_refused()
    {
        Refused(Request(Flat("1"), Flat("10000000000000000.01"))).ShouldBe(["/charges/1 amount_too_large"]);
        Refused(Request(Seats("99999999999999999999", "99999999999999999999"))).ShouldBe(["/charges/0 amount_too_large"]);
        Refused(Request(Flat("10000000000000000"), Flat("0.01"))).ShouldBe(["/charges amount_too_large"]);
        Refused(Request(Flat("1")) with { Minimum = 10000000000000001 }).ShouldBe(["/minimum amount_too_large"]);
        Refused(Request(Flat("-10000000000000000")) with { Minimum = 1 }).ShouldBe(["/minimum amount_too_large"]);
        Refused(Request(Flat("10000000000000000", "S")) with { Taxes = Vat20 }).ShouldBe(["/taxes amount_too_large"]);
        Rate(Request(Flat("10000000000000000"))).Total.Text().ShouldBe("10000000000000000.00");
    }

    [Fact]
    public void The_kept_steps_of_a_credit_are_the_mirror_of_the_charge()
    {
        var charge = Item($$"""{"model":"graduated","quantity":"7","prorate":true,"tiers":{{Tiers}}}""");
        var bill = Rate(Request(charge, charge with { IsCredit = true }) with { Active = Period.Parse("2024-03-05/2024-04-01") });
        bill.Net.Text().ShouldBe("0.00");
        bill.Lines[1].Steps.Select(step => step.Amount).ShouldBe(bill.Lines[0].Steps.Select(step => -step.Amount));
    }
}
