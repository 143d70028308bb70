using System.Globalization;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Currency = Licensing.Kernel.Currency;
using Exact = Licensing.Kernel.Exact;
using Period = Licensing.Kernel.Period;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>
/// Small contracts with amounts that one can work out on paper: April 2024, tenant in EUR, S 20 %, Z 0 %. Both billers bill them, and must come to
/// the same lines.
/// </summary>
internal static class Worked
{
    public static readonly Period April = Period.Month(2024, 4);

    private static readonly SubscriptionId Subscription = new(Of(1));

    public static PlanCharge Base(string amount) => new("base", "Base", null, null, new Price(PriceModel.Flat, Amount: Number(amount)));

    public static PlanCharge Calls(string unitPrice) =>
        new("calls", "Calls", null, "calls", new Price(PriceModel.PerUnit, UnitPrice: Number(unitPrice)));

    /// <summary>A charge of seats that does not count days.</summary>
    public static PlanCharge Started(string unitPrice) =>
        new("seats", "Seats", "seats", null, new Price(PriceModel.PerUnit, UnitPrice: Number(unitPrice), Prorate: false));

    public static PlanVersionRef Plan(int number, params PlanCharge[] charges) => new(
        new(Of(10 + number)), new(Of(20 + number)), $"p{number}", 1, $"P{number}", "product", Currency.Parse("EUR"), charges, false, 0, new());

    public static PlanVersionRef Committed(this PlanVersionRef plan, string? minimum = null, string? cap = null) => plan with
    {
        Terms = new PlanTermsRef
        {
            Commitment = new(minimum is null ? null : Number(minimum), cap is null ? null : Number(cap)),
        },
    };

    /// <summary>Days of April by a plan: <c>1-15</c> are the first to the fifteenth.</summary>
    public static SubscriptionSpan On(this PlanVersionRef plan, string days, int seats = 0) =>
        new(Days(days), plan.Id, new Dictionary<string, int> { ["seats"] = seats });

    public static BillableSubscription Held(params SubscriptionSpan[] spans) =>
        new(Subscription, new(Of(2)), "1.2.3.4.", new(2020, 1, 1), new(2020, 1, 1), spans);

    public static PlanDays HeldOn(this PlanVersionRef plan, string days) => new(Days(days), plan.Id);

    /// <summary>So much on a day of April.</summary>
    public static DailyUsage Used(int day, string quantity, string meter = "calls", string sku = "", long records = 1) =>
        new(new(2024, 4, day), new(new(Of(2)), Subscription, meter, sku, "", Exact.Parse(quantity), records));

    public static Contract Contract(IReadOnlyList<PlanVersionRef> plans, BillableSubscription subscription, params DailyUsage[] usage) =>
        new(Currency.Parse("EUR"), "AT", April)
        {
            Plans = plans.ToDictionary(plan => plan.Id),
            Meters = new[] { ("calls", MeterAggregation.Sum), ("peak", MeterAggregation.Max), ("insured", MeterAggregation.Sum) }
                .Select((x, i) => new MeterRef(new(Of(100 + i)), x.Item1, "units", x.Item2)).ToDictionary(meter => meter.Key),
            Subscriptions = [subscription],
            Usage = usage,
            Rates = new Dictionary<string, decimal> { ["USD"] = 0.9m },
            Listed = new Dictionary<(string, string, string), Price>(),
            Taxes = [Tax("S", 20), Tax("Z", 0)],
            Reductions = [],
        };

    /// <summary>
    /// The lines as <c>charge days net</c>, and what the bill comes to without and with tax; or why there is no bill. Both billers say the same.
    /// </summary>
    public static string[] Billed(Contract contract)
    {
        var naive = new NaiveBiller(contract);
        var expected = naive.Bill();
        if (Oracle.Product(contract).Refused(out var refusal, out var bill))
        {
            naive.Refusals.ShouldContain(refusal.Code);
            return [refusal.Code];
        }

        naive.Refusals.ShouldBeEmpty();
        bill.Charges.Select(charge => Oracle.Text(charge).ToString()).ShouldBe(expected.Select(line => line.ToString()));
        if (bill.Charges.Count == 0)
            return [];
        return
        [
            .. bill.Charges.Select(charge => (charge.Due.Key, charge.Due.Days, charge.Line)).Select(x =>
                $"{x.Key.Charge}{x.Key.Sku} {x.Days.Start:dd}-{x.Days.End.AddDays(-1):dd} {x.Line.Net.ToAmountString()}"),
            $"{bill.Rated.Net.ToAmountString()} + {bill.Rated.Tax.ToAmountString()}",
        ];
    }

    public static CountryTaxRate Tax(string category, decimal percent) =>
        new() { Country = "AT", Category = category, Percent = percent, ValidFrom = new(2000, 1, 1) };

    private static Period Days(string days)
    {
        var parts = days.Split('-').Select(day => int.Parse(day, CultureInfo.InvariantCulture)).ToArray();
        return new Period(new(2024, 4, parts[0]), new DateOnly(2024, 4, parts[1]).AddDays(1));
    }

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static Guid Of(int number) => new($"01890000-0000-7000-8000-{number:x12}");
}
