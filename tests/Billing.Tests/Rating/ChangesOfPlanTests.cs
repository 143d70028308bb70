using Licensing.Billing.Tests.Oracle;
using Licensing.Catalog.Contracts;
using static Licensing.Billing.Tests.Oracle.Worked;

namespace Licensing.Billing.Tests.Rating;

/// <summary>What a change of plan within the month charges, worked out on paper and billed by both billers.</summary>
public sealed class ChangesOfPlanTests
{
    private static readonly PriceTier[] Tiers = [new(10, 10, 2), new(null, 5, 3)];

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
