using Licensing.Billing.Rating;
using Licensing.Billing.Settlement;
using Licensing.Billing.Tests.Oracle;
using Licensing.Billing.Tests.Settlement;
using Licensing.Catalog.Contracts;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

/// <summary>The table of worked cases, one test per row.</summary>
public sealed class WorkedCasesTests
{
    private const string Graduated = """
        {"model":"graduated","quantity":"Q","tiers":[
         {"upTo":"10","unitPrice":"10","flatFee":"2"},{"upTo":"20","unitPrice":"5","flatFee":"3"},{"upTo":null,"unitPrice":"5","flatFee":"3"}]}
        """;

    private const string Volume = """
        {"model":"volume","quantity":"Q","tiers":[
         {"upTo":"100","unitPrice":"2","flatFee":"10"},{"upTo":"200","unitPrice":"1"},{"unitPrice":"0.5","flatFee":"50"}]}
        """;

    private static string NetOf(string charge, string quantity) => Rate(Item(charge.Replace("\"Q\"", $"\"{quantity}\""))).Net.Text();

    private static string FlatFor(string amount, string period, string active) =>
        Rate(new RatingRequest(Eur, Period.Parse(period), [Flat(amount)]) { Active = Period.Parse(active) }).Net.Text();

    [Theory]
    [InlineData("0", "2.00")]
    [InlineData("1", "12.00")]
    [InlineData("10", "102.00")]
    [InlineData("11", "110.00")]
    [InlineData("12", "115.00")]
    [InlineData("21", "163.00")]
    public void Graduated_units_pay_their_own_tier_and_its_fee(string quantity, string net) => NetOf(Graduated, quantity).ShouldBe(net);

    [Theory]
    [InlineData("1", "12.00")]
    [InlineData("100", "210.00")]
    [InlineData("100.5", "100.50")]
    [InlineData("101", "101.00")]
    [InlineData("200", "200.00")]
    [InlineData("300", "200.00")]
    public void Volume_units_all_pay_the_tier_of_the_total(string quantity, string net) => NetOf(Volume, quantity).ShouldBe(net);

    [Theory]
    [InlineData("0", "1300.00")]
    [InlineData("10", "1200.00")]
    [InlineData("200", "0.00")]
    public void A_package_counts_started_blocks_after_free_units(string free, string net) =>
        Rate(Item($$"""{"model":"package","quantity":"121","size":"10","price":"100","freeUnits":"{{free}}"}""")).Net.Text().ShouldBe(net);

    [Fact]
    public void A_percentage_skips_its_free_events()
    {
        var bill = Rate(Item("""
            {"model":"percentage","percent":"1.3","fixedFee":"2","freeEvents":3,"freeUnits":"0","minimum":null,"maximum":null,
             "events":["50","100","250","400"]}
            """));
        bill.Net.Text().ShouldBe("7.20");
        bill.Lines[0].Quantity.ToString().ShouldBe("800");
        bill.Lines[0].Steps.ShouldBe([new RatingStep(0, null, 400, 0.013m, 2, 7.2m)]);
    }

    [Fact]
    public void A_flat_price_is_for_the_days_of_the_period()
    {
        FlatFor("10.00", "2024-03", "2024-03-05/2024-04-01").ShouldBe("8.71");
        FlatFor("249.95", "2024-04", "2024-04-17/2024-05-01").ShouldBe("116.64");

        FlatFor("599.95", "2012-02-29/2012-03-31", "2012-03-02/2012-03-31").ShouldBe("561.24");
        FlatFor("5999.95", "2015-03-01/2016-03-01", "2015-03-15/2016-03-01").ShouldBe("5770.44");
    }

    // The two that were billed in advance, by the functions that bill them.
    private static PlanVersionRef InAdvance(int number, params PlanCharge[] charges) =>
        Worked.Plan(number, [.. charges.Select(charge => charge with { InAdvance = true })]);

    private static PlanCharge Charge(string key, string? feature, Price price) => new(key, key, feature, null, price);

    [Fact]
    public void More_seats_give_back_the_old_ones_and_charge_the_new_from_the_day_of_change()
    {
        var plan = InAdvance(1, Charge("seats", "seats", new Price(PriceModel.PerUnit, UnitPrice: 10)));
        var ahead = Value(AdvanceOracle.Before(Worked.Contract([plan], Worked.Held(plan.On("1-30", 5)))));
        ahead.Rated.Net.Text().ShouldBe("50.00");
        var then = Value(AdvanceOracle.Then(
            Worked.Contract([plan], Worked.Held(plan.On("1-15", 5), plan.On("16-30", 10))), StandingLines.Of(ahead.Charges)));
        then.Charges.Select(charge => charge.Line.Net.Text()).ShouldBe(["-25.00", "50.00"]);
    }

    [Fact]
    public void A_change_and_the_exact_reverse_on_one_day_come_to_zero()
    {
        PlanCharge[] Charges(decimal flat, decimal seat) =>
        [
            Charge("base", null, new Price(PriceModel.Flat, Amount: flat)),
            Charge("seats", "seats", new Price(PriceModel.PerUnit, UnitPrice: seat)),
        ];
        PlanVersionRef small = InAdvance(1, Charges(9.99m, 3.33m)), large = InAdvance(2, Charges(19.95m, 2.77m));
        var stays = Worked.Contract([small, large], Worked.Held(small.On("1-30", 7)));
        var changes = Worked.Contract([small, large], Worked.Held(small.On("1-13", 7), large.On("14-30", 11)));
        var standing = StandingLines.Of(Value(AdvanceOracle.Before(stays)).Charges);
        var there = Value(AdvanceOracle.Then(changes, standing)).Charges;
        there.ShouldNotBeEmpty();
        var due = Value(Oracle.Oracle.Product(stays)).Charges;
        var none = new MonthCredits([], new Dictionary<Guid, Exact>());
        var back = Settling.Differences(Worked.April.Start, due, [.. standing, .. StandingLines.Of(there)], none);
        Money.Sum(Eur, there.Concat(back).Select(charge => charge.Line.Net)).Text().ShouldBe("0.00");
    }

    [Fact]
    public void Credit_notes_line_by_line_come_to_the_invoice()
    {
        var invoice = Rate(Request(Flat("68.33", "S"), Flat("68.33", "S")) with { Taxes = Vat20 });
        (invoice.Total.Text(), invoice.Tax.Text()).ShouldBe(("163.99", "27.33"));

        string[] notes = [.. invoice.Lines.Select(line =>
        {
            var nothing = (Money.Zero(Eur), Money.Zero(Eur));
            return (line.Net + Value(CreditNoteTax.For((line.Net, line.Tax), nothing, line.Net))).Text();
        })];
        notes.ShouldBe(["82.00", "81.99"]);
    }

    [Fact]
    public void Prepaid_credit_pays_the_rounded_totals()
    {
        var left = new Money(39.00m, Eur);
        foreach (var (net, used) in new[] { ("14.29", "17.72"), ("14.27", "17.69") })
        {
            var total = Rate(Request(Flat(net, "S")) with { Taxes = [new("S", 24)] }).Total;
            total.Text().ShouldBe(used);
            left -= Money.Min(left, total);
        }

        left.Text().ShouldBe("3.59");
    }

    [Theory]
    [InlineData("0.005", "EUR", "0.01")]
    [InlineData("10.275", "EUR", "10.28")]
    [InlineData("-10.125", "EUR", "-10.13")]
    [InlineData("100.5", "JPY", "101")]
    public void A_line_is_rounded_half_away_from_zero(string amount, string currency, string net) =>
        Rate(new RatingRequest(Currency.Parse(currency), March, [Flat(amount)])).Net.Text().ShouldBe(net);

    [Fact]
    public void A_minimum_commitment_is_topped_up()
    {
        var bill = Rate(Request(Flat("749.996")) with { Minimum = 1000 });
        (bill.TrueUp.Text(), bill.Net.Text()).ShouldBe(("250.00", "1000.00"));
    }

    [Fact]
    public void The_example_of_the_calculator()
    {
        var bill = Rate(new RatingRequest(Eur, March,
        [
            Item("""{"name":"Base","model":"flat","amount":"10.00"}"""),
            Item("""{"name":"Seats","model":"perUnit","unitPrice":"10","quantity":"5","prorate":true,"taxCategory":"S"}"""),
            Item(Graduated.Replace("\"Q\"", "\"12\"")),
            Item("""{"name":"Blocks","model":"package","quantity":"121","size":"10","price":"100","freeUnits":"0"}"""),
            Item("""{"name":"Fees","model":"percentage","percent":"1.3","fixedFee":"2","freeEvents":3,"events":["50","100","250","400"]}"""),
            Item("""{"name":"Plan","model":"stairstep","quantity":"7","tiers":[{"upTo":"5","price":"10"},{"upTo":null,"price":"18"}]}"""),
        ])
        {
            Active = Period.Parse("2024-03-05/2024-04-01"),
            Minimum = 1000,
            Coupons = [new(10, null), new(null, 50)],
            Taxes = Vat20,
        });

        string[] amounts = [.. bill.Lines.Select(line => line.Amount.Text())];
        amounts.ShouldBe(["8.71", "43.55", "115.00", "1300.00", "7.20", "18.00"]);
        bill.Nets().ShouldBe(["7.55", "37.73", "99.65", "1126.44", "6.24", "15.60"]);
        (bill.TrueUp.Text(), bill.Discount.Text(), bill.Net.Text(), bill.Tax.Text(), bill.Total.Text())
            .ShouldBe(("0.00", "199.25", "1293.21", "7.55", "1300.76"));
    }
}
