using Licensing.Billing.Tests.Oracle;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using static Licensing.Billing.Tests.Oracle.Worked;

namespace Licensing.Billing.Tests.Rating;

/// <summary>What ending within the term costs, worked out on paper: ended on 16 April 2024, the term's days to come are what is said.</summary>
public sealed class EarlyEndRatingTests
{
    private static SubscriptionSpan Left(PlanVersionRef plan, string days, int seats = 0) =>
        new(Period.Parse(days), plan.Id, new Dictionary<string, int> { ["seats"] = seats });

    // Of a subscription that is held to 15 April by the first of the plans; its fee is all of what was left.
    private static string[] Fees(PlanVersionRef[] plans, params SubscriptionSpan[] left)
    {
        var ended = Held(plans[0].On("1-15")) with { EarlyEnd = new EarlyEnd(100, left) };
        if (Oracle.Oracle.Product(Contract(plans, ended)).Refused(out var refusal, out var bill))
            return [refusal.Code];
        return
        [
            .. bill.Charges.Where(x => x.Due.Key.Charge.StartsWith('~'))
                .Select(x => $"{x.Due.Key.Charge} {x.Due.Days} {x.Line.Net.ToAmountString()} {x.Line.TaxCategory}"),
        ];
    }

    [Fact]
    public void What_does_not_count_days_is_due_for_each_month_to_come_and_that_of_the_end_has_been_charged()
    {
        var plan = Plan(1, Started("7"));
        Fees([plan], Left(plan, "2024-04-16/2024-06-01", 2)).ShouldBe(["~earlyEnd 2024-04-16/2024-06-01 14.00 S"]);
        // For the most there was to be in a month.
        Fees([plan], Left(plan, "2024-04-16/2024-05-11", 2), Left(plan, "2024-05-11/2024-06-01", 5), Left(plan, "2024-06-01/2024-06-05", 1))
            .ShouldBe(["~earlyEnd 2024-04-16/2024-06-05 42.00 S"]);
    }

    [Fact]
    public void A_plan_that_was_still_to_come_has_charged_nothing_of_the_month_of_the_end()
    {
        var (first, then) = (Plan(1, Base("30.00")), Plan(2, Started("7")));
        Fees([first, then], Left(first, "2024-04-16/2024-04-21"), Left(then, "2024-04-21/2024-06-01", 2))
            .ShouldBe(["~earlyEnd 2024-04-16/2024-04-21 5.00 S", "~earlyEnd 2024-04-21/2024-06-01 28.00 S"]);
    }

    [Fact]
    public void Each_tax_category_is_a_fee_of_its_own()
    {
        PlanCharge insured = new("insured", "Insured", null, null, new Price(PriceModel.Flat, Amount: 60, TaxCategory: "Z"));
        var plan = Plan(1, Base("30.00"), insured);
        Fees([plan], Left(plan, "2024-04-16/2024-05-01"))
            .ShouldBe(["~earlyEnd 2024-04-16/2024-05-01 15.00 S", "~earlyEnd.Z 2024-04-16/2024-05-01 30.00 Z"]);
    }

    [Fact]
    public void It_is_in_the_tenants_currency_and_needs_no_rate_for_what_has_no_fixed_charge()
    {
        var dollars = Plan(1, Base("30.00")) with { Currency = Currency.Parse("USD") };
        var yen = Plan(2, Calls("1")) with { Currency = Currency.Parse("JPY") };
        Fees([dollars, yen], Left(dollars, "2024-04-16/2024-05-01"), Left(yen, "2024-05-01/2024-06-01"))
            .ShouldBe(["~earlyEnd 2024-04-16/2024-05-01 13.50 S"]);
        var fixedYen = yen with { Charges = Plan(3, Base("1")).Charges };
        Fees([dollars, fixedYen], Left(fixedYen, "2024-05-01/2024-06-01")).ShouldBe(["exchange_rate_missing"]);
    }
}
