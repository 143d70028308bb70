using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Oracle;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using static Licensing.Billing.Tests.Oracle.Worked;

namespace Licensing.Billing.Tests.Rating;

/// <summary>What a change of plan within the month charges, worked out on paper and billed by both billers.</summary>
public sealed class ChangesOfPlanTests
{
    private static readonly PriceTier[] Tiers = [new(10, 10, 2), new(null, 5, 3)];

    /// <summary>Days of April on which another version begins, and thousandths of a bound.</summary>
    private static readonly Gen<(int[] Cuts, int Thousandths)> Cuts =
        from cuts in Gen.Choose(1, 30).ArrayOf()
        from thousandths in Gen.Choose(1, 500_000_000)
        select (cuts, thousandths);

    private static PlanCharge Graduated(string meter = "calls") =>
        new("tiers", "Tiers", null, meter, new Price(PriceModel.Graduated, Tiers: Tiers));

    [Fact]
    public void Usage_is_of_the_plan_of_its_day()
    {
        PlanVersionRef a = Plan(1, Calls("0.10")), b = Plan(2, Calls("1.00"));
        Billed(Contract([a, b], Held(a.On("1-29"), b.On("30-30")), Used(1, "400"), Used(29, "600")))
            .ShouldBe(["calls 01-29 100.00", "100.00 + 20.00"]);
        // The day of change is of the new plan.
        Billed(Contract([a, b], Held(a.On("1-29"), b.On("30-30")), Used(29, "1000"), Used(30, "7")))
            .ShouldBe(["calls 01-29 100.00", "calls 30-30 7.00", "107.00 + 21.40"]);
    }

    [Fact]
    public void A_plan_without_a_price_for_what_the_former_one_charged_keeps_nobodys_bill_back()
    {
        PlanVersionRef a = Plan(1, Calls("0.10")), b = Plan(2, Base("30.00"));
        Billed(Contract([a, b], Held(a.On("1-15"), b.On("16-30")), Used(15, "1000")))
            .ShouldBe(["base 16-30 15.00", "calls 01-15 100.00", "115.00 + 23.00"]);
        Billed(Contract([a, b], Held(a.On("1-15"), b.On("16-30")), Used(16, "1000"))).ShouldBe(["price_missing"]);
    }

    [Fact]
    public void Each_stretch_is_a_charge_of_its_own()
    {
        PlanVersionRef a = Plan(1, Graduated()), again = a with { Id = Plan(3).Id, Version = 2 };
        Billed(Contract([a, again], Held(a.On("1-15"), again.On("16-30")), Used(3, "12"), Used(20, "1")))
            .ShouldBe(["tiers 01-15 115.00", "tiers 16-30 12.00", "127.00 + 25.40"]);
        // There and back again are three.
        Billed(Contract([a, again], Held(a.On("1-9"), again.On("10-19"), a.On("20-30")), Used(3, "1"), Used(13, "1"), Used(23, "1")))
            .ShouldBe(["tiers 01-09 12.00", "tiers 10-19 12.00", "tiers 20-30 12.00", "36.00 + 7.20"]);
        // What changes a quantity alone is one stretch.
        Billed(Contract([a], Held(a.On("1-15", 1), a.On("16-30", 2)), Used(3, "12"), Used(20, "1")))
            .ShouldBe(["tiers 01-30 120.00", "120.00 + 24.00"]);
    }

    [Fact]
    public void What_is_taken_back_is_no_event_of_its_own()
    {
        PlanCharge paid = new("paid", "Paid", null, "calls", new Price(PriceModel.Percentage, Percent: 1, FixedFee: 0.5m));
        var plan = Plan(1, paid);
        Billed(Contract([plan], Held(plan.On("1-30")), Used(2, "1000", records: 4))).ShouldBe(["paid 01-30 12.00", "12.00 + 2.40"]);
        var back = Used(3, "-400", records: 2);
        Billed(Contract([plan], Held(plan.On("1-30")), Used(2, "1000", records: 4), back with { Total = back.Total with { NegativeRecords = 2 } }))
            .ShouldBe(["paid 01-30 8.00", "8.00 + 1.60"]);
        // By the SKU as well.
        var listed = Plan(2) with { UsesPriceLists = true };
        var more = Used(3, "100", sku: "VM", records: 9);
        Billed(Contract([listed], Held(listed.On("1-30")), more with { Total = more.Total with { NegativeRecords = 5 } }) with
        {
            Listed = new Dictionary<(string, string, string), Price> { [("EUR", "VM", "calls")] = paid.Price },
        }).ShouldBe(["VM 01-30 3.00", "3.00 + 0.60"]);
    }

    [Fact]
    public void The_largest_of_a_stretch_is_that_of_its_days()
    {
        PlanCharge Peak(decimal price) => new("peak", "Peak", null, "peak", new Price(PriceModel.PerUnit, UnitPrice: price));
        PlanVersionRef a = Plan(1, Peak(1)), b = Plan(2, Peak(2));
        Billed(Contract([a, b], Held(a.On("1-15"), b.On("16-30")), Used(2, "9", "peak"), Used(5, "4", "peak"), Used(17, "3", "peak")))
            .ShouldBe(["peak 01-15 9.00", "peak 16-30 6.00", "15.00 + 3.00"]);
    }

    [Fact]
    public void What_is_agreed_for_a_day_of_a_pause_holds_from_that_day()
    {
        PlanVersionRef a = Plan(1, Calls("0.10")), b = Plan(2, Calls("1.00"));
        var paused = Held(a.On("1-9"), b.On("20-30")) with { Plans = [a.HeldOn("1-14"), b.HeldOn("15-30")] };
        Billed(Contract([a, b], paused, Used(12, "100"), Used(16, "100"))).ShouldBe(["calls 01-14 10.00", "calls 15-30 100.00", "110.00 + 22.00"]);
    }

    [Fact]
    public void A_minimum_is_reached_by_the_usage_of_its_own_days()
    {
        PlanVersionRef a = Plan(1, Calls("1.00")).Committed(minimum: "1000"), b = Plan(2, Calls("1.00")).Committed(minimum: "1000");
        Billed(Contract([a, b], Held(a.On("1-15"), b.On("16-30")), Used(1, "500"), Used(20, "500")))
            .ShouldBe(["calls 01-15 500.00", "calls 16-30 500.00", "1000.00 + 200.00"]);
        Billed(Contract([a, b], Held(a.On("1-15"), b.On("16-30")), Used(1, "400"), Used(20, "500")))
            .ShouldBe(["calls 01-15 400.00", "calls 16-30 500.00", "~minimum 01-15 100.00", "1000.00 + 200.00"]);
    }

    [Fact]
    public void A_cap_is_shared_by_days_where_several_plan_versions_have_the_month()
    {
        var a = Plan(1, Base("120.00")).Committed(cap: "100");
        var next = a with { Id = Plan(3).Id, Version = 2 };
        Billed(Contract([a, next], Held(a.On("1-15"), next.On("16-30")))).ShouldBe(["base 01-15 50.00", "base 16-30 50.00", "100.00 + 20.00"]);
        // Of one alone it is whole, however many days there are.
        Billed(Contract([a], Held(a.On("16-30")))).ShouldBe(["base 16-30 60.00", "60.00 + 12.00"]);
        Billed(Contract([a, next], Held(a.On("11-20"), next.On("21-30")))).ShouldBe(["base 11-20 40.00", "base 21-30 40.00", "80.00 + 16.00"]);
        // By days that it was held, suspended or not.
        var paused = Held(a.On("1-5"), next.On("16-30")) with { Plans = [a.HeldOn("1-15"), next.HeldOn("16-30")] };
        Billed(Contract([a, next], paused)).ShouldBe(["base 01-05 20.00", "base 16-30 50.00", "70.00 + 14.00"]);
    }

    [Fact]
    public void What_is_taken_back_where_no_day_is_paid_for_is_not_made_up_to_a_minimum()
    {
        var plan = Plan(1, Calls("1.00")).Committed(minimum: "1000");
        var suspended = Held() with { Plans = [plan.HeldOn("1-30")] };
        Billed(Contract([plan], suspended, Used(9, "12"))).ShouldBe(["calls 01-30 12.00", "12.00 + 2.40"]);
        Billed(Contract([plan], suspended, Used(9, "-12"))).ShouldBe(["calls 01-30 -12.00", "-12.00 + -2.40"]);
    }

    [Fact]
    public void Six_parts_of_a_cap_or_a_minimum_are_the_whole_of_it()
    {
        PlanVersionRef[] Versions(PlanVersionRef plan) =>
            [.. Enumerable.Range(0, 6).Select(i => plan with { Id = Plan(30 + i).Id, Version = i + 1 })];
        SubscriptionSpan[] Days(PlanVersionRef[] versions) => [.. versions.Select((x, i) => x.On($"{5 * i + 1}-{5 * i + 5}"))];
        var capped = Versions(Plan(1, Base("600.00")).Committed(cap: "100"));
        Billed(Contract(capped, Held(Days(capped)))).ShouldBe(
        [
            "base 01-05 16.67", "base 06-10 16.67", "base 11-15 16.67", "base 16-20 16.67", "base 21-25 16.66", "base 26-30 16.66",
            "100.00 + 20.00",
        ]);
        var least = Versions(Plan(1).Committed(minimum: "100"));
        Billed(Contract(least, Held(Days(least)))).ShouldBe(
        [
            "~minimum 01-05 16.67", "~minimum 06-10 16.67", "~minimum 11-15 16.67", "~minimum 16-20 16.67", "~minimum 21-25 16.66",
            "~minimum 26-30 16.66", "100.00 + 20.00",
        ]);
    }

    [Fact]
    public void The_parts_of_a_period_come_to_the_whole_wherever_it_is_cut() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Cuts.ToArbitrary(), sample =>
        {
            var (cuts, cents) = sample;
            var (bound, starts) = (cents / 1_000m, cuts.Append(1).Distinct().Order().ToList());
            string Sum(PlanVersionRef plan, IReadOnlyList<int> firsts)
            {
                var versions = firsts.Select((_, i) => plan with { Id = Plan(40 + i).Id, Version = i + 1 }).ToList();
                var ends = firsts.Skip(1).Append(31).ToList();
                return Billed(Contract(versions, Held([.. versions.Select((x, i) => x.On($"{firsts[i]}-{ends[i] - 1}"))])))[^1];
            }

            var text = bound.ToString(System.Globalization.CultureInfo.InvariantCulture);
            PlanVersionRef capped = Plan(1, Base("9000000")).Committed(cap: text), least = Plan(1).Committed(minimum: text);
            return Sum(capped, starts) == Sum(capped, [1]) && Sum(least, starts) == Sum(least, [1]);
        }));

    [Fact]
    public void A_month_of_before_plans_were_told_apart_is_rated_as_it_was()
    {
        var a = Plan(1, Base("120.00"), Started("1.00")).Committed(cap: "100");
        var b = Plan(2, Base("120.00"), Calls("1.00")).Committed(cap: "100");
        var contract = Contract([a, b], Held(a.On("1-9", 5), a.On("10-15", 3), b.On("16-30")), Used(3, "7"));
        Billed(contract).ShouldBe(["price_missing"]);
        var account = Oracle.Oracle.Account(contract, contract.Subscriptions[0].TenantId);
        TenantRating.Rate(account, Oracle.Oracle.Prices(contract) with { ByLastPlan = true }).Refused(out _, out var bill).ShouldBeFalse();
        bill!.Charges.Select(x => $"{x.Due.Key.Charge} {x.Due.Days.Start:dd}-{x.Due.Days.End.AddDays(-1):dd} {x.Line.Net.ToAmountString()}")
            .ShouldBe(["base 01-15 60.00", "seats 01-09 5.00", "seats 10-15 3.00", "base 16-30 60.00", "calls 01-30 7.00"]);
    }

    [Fact]
    public void A_minimum_of_several_kinds_that_came_to_nothing_is_of_the_standard_one()
    {
        PlanCharge insured = new("insured", "Insured", null, "insured", new Price(PriceModel.PerUnit, UnitPrice: 1, TaxCategory: "Z"));
        var plan = Plan(1, Calls("1.00"), insured).Committed(minimum: "1000");
        Billed(Contract([plan], Held(plan.On("1-30")))).ShouldBe(["~minimum 01-30 1000.00", "1000.00 + 200.00"]);
        Billed(Contract([plan], Held(plan.On("1-30")), Used(2, "300"), Used(2, "100", "insured")))
            .ShouldBe(["calls 01-30 300.00", "insured 01-30 100.00", "~minimum 01-30 450.00", "~minimum.Z 01-30 150.00", "1000.00 + 150.00"]);
        // Of one kind alone it is of that kind.
        var only = Plan(2, insured).Committed(minimum: "1000");
        Billed(Contract([only], Held(only.On("1-30")))).ShouldBe(["~minimum.Z 01-30 1000.00", "1000.00 + 0.00"]);
    }

    [Fact]
    public void A_cap_alone_needs_no_standard_rate()
    {
        PlanCharge insured = new("insured", "Insured", null, "insured", new Price(PriceModel.PerUnit, UnitPrice: 1, TaxCategory: "Z"));
        var capped = Plan(1, insured).Committed(cap: "100");
        Contract Untaxed(PlanVersionRef plan) => Contract([plan], Held(plan.On("1-30")), Used(2, "300", "insured")) with { Taxes = [Tax("Z", 0)] };
        Billed(Untaxed(capped)).ShouldBe(["insured 01-30 100.00", "100.00 + 0.00"]);
        Billed(Untaxed(Plan(2, insured).Committed(minimum: "1000"))).ShouldBe(["insured 01-30 300.00", "~minimum.Z 01-30 700.00", "1000.00 + 0.00"]);
        Billed(Untaxed(Plan(3).Committed(minimum: "1000"))).ShouldBe(["price_missing"]);
        Billed(Contract([Plan(3).Committed(minimum: "1000")], Held(Plan(3).On("1-30"))) with { Taxes = [Tax("Z", 0)] })
            .ShouldBe(["tax_rate_missing"]);
    }

    [Fact]
    public void The_most_specific_list_goes_before_the_currency()
    {
        static Price Each(decimal price) => new(PriceModel.PerUnit, UnitPrice: price);
        var plan = Plan(1) with { Currency = Currency.Parse("USD"), UsesPriceLists = true };
        var contract = Contract([plan], Held(plan.On("1-30")), Used(2, "1000", sku: "VM")) with
        {
            Listed = new Dictionary<(string, string, string), Price> { [("EUR", "VM", "calls")] = Each(0.10m) },
        };
        Billed(contract).ShouldBe(["VM 01-30 100.00", "100.00 + 20.00"]);
        Billed(contract with { Specific = new Dictionary<(string, string, string), Price> { [("USD", "VM", "calls")] = Each(0.05m) } })
            .ShouldBe(["VM 01-30 45.00", "45.00 + 9.00"]);
        Billed(contract with
        {
            Specific = new Dictionary<(string, string, string), Price>
            {
                [("USD", "VM", "calls")] = Each(0.05m),
                [("EUR", "VM", "calls")] = Each(0.07m),
            },
        }).ShouldBe(["VM 01-30 70.00", "70.00 + 14.00"]);
    }

    [Fact]
    public void Two_names_of_one_rate_are_taxed_together()
    {
        PlanCharge Named(string key, string category) =>
            new(key, key, null, null, new Price(PriceModel.Flat, Amount: 68.33m, TaxCategory: category));
        var plan = Plan(1, Named("one", "S"), Named("two", "AA"), Named("three", "L"));
        Billed(Contract([plan], Held(plan.On("1-30"))) with { Taxes = [Tax("S", 20), Tax("AA", 20), Tax("L", 20)] })
            .ShouldBe(["one 01-30 68.33", "two 01-30 68.33", "three 01-30 68.33", "204.99 + 41.00"]);
        var both = plan with { Charges = [.. plan.Charges.Take(2)] };
        Billed(Contract([both], Held(both.On("1-30"))) with { Taxes = [Tax("S", 20), Tax("AA", 20)] })
            .ShouldBe(["one 01-30 68.33", "two 01-30 68.33", "136.66 + 27.33"]);
    }

    [Fact]
    public void What_does_not_count_days_is_charged_once_a_month_for_the_most_there_was()
    {
        PlanVersionRef plan = Plan(1, Started("10.00")), other = Plan(2, Started("10.00"));
        Billed(Contract([plan], Held(plan.On("1-9", 5), plan.On("12-30", 5)))).ShouldBe(["seats 01-30 50.00", "50.00 + 10.00"]);
        Billed(Contract([plan], Held(plan.On("1-9", 5), plan.On("10-30", 3)))).ShouldBe(["seats 01-30 50.00", "50.00 + 10.00"]);
        Billed(Contract([plan], Held(plan.On("1-9", 3), plan.On("10-19", 5), plan.On("20-20", 4))))
            .ShouldBe(["seats 01-20 50.00", "50.00 + 10.00"]);
        Billed(Contract([plan, other], Held(plan.On("1-9", 5), other.On("10-30", 3))))
            .ShouldBe(["seats 01-09 50.00", "seats 10-30 30.00", "80.00 + 16.00"]);
    }

    [Fact]
    public void Who_paid_for_no_day_pays_for_nothing_but_what_he_used()
    {
        var plan = Plan(1, Base("10.00"), Graduated(), Graduated("peak") with { Key = "peaks" });
        // A trial to the 24th, left on the 5th.
        var left = Held(plan.On("1-4")) with { StartedOn = new(2024, 3, 25), TrialEndsOn = new(2024, 4, 24) };
        Billed(Contract([plan], left)).ShouldBeEmpty();
        Billed(Contract([plan], left, Used(3, "5"))).ShouldBeEmpty();
        // The same, suspended from the 10th on.
        var suspended = left with { Spans = [plan.On("1-9")], Plans = [plan.HeldOn("1-30")] };
        Billed(Contract([plan], suspended)).ShouldBeEmpty();
        Billed(Contract([plan], suspended, Used(26, "1"))).ShouldBe(["tiers 24-30 12.00", "12.00 + 2.40"]);
        // Suspended from the first to the last: what was used is charged, and no base fee.
        Billed(Contract([plan], Held() with { Plans = [plan.HeldOn("1-30")] })).ShouldBeEmpty();
        Billed(Contract([plan], Held() with { Plans = [plan.HeldOn("1-30")] }, Used(9, "12"))).ShouldBe(["tiers 01-30 115.00", "115.00 + 23.00"]);
    }
}
