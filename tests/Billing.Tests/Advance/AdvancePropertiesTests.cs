using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Currency = Licensing.Kernel.Currency;

namespace Licensing.Billing.Tests.Advance;

/// <summary>
/// Whatever is changed in a month, and however often: what was billed in advance and the differences are what billing after it comes to.
/// </summary>
public sealed class AdvancePropertiesTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly SubscriptionId Subscription = new(new Guid("01890000-0000-7000-8000-000000000001"));

    private static readonly OrganizationRef Tenant = new(
        new OrganizationId(new Guid("01890000-0000-7000-8000-000000000002")), 4, OrganizationKind.Tenant, null, "1.2.3.4.", "t", "T", "AT",
        Eur, true);

    private static readonly PlanVersionRef[] Plans =
    [
        Plan(1, new("seats", "Seats", "seats", null, new Price(PriceModel.PerUnit, UnitPrice: 10.005m), true),
            new("base", "Base", null, null, new Price(PriceModel.Flat, Amount: 249.95m), true),
            new("after", "After", null, null, new Price(PriceModel.Flat, Amount: 5m))),
        Plan(2, new("seats", "Seats", "seats", null, new Price(PriceModel.PerUnit, UnitPrice: 7m, TaxCategory: "AA"), true),
            new("setup", "Setup", "seats", null, new Price(PriceModel.PerUnit, UnitPrice: 1m) { Prorate = false }, true)),
        Plan(3, new PlanCharge("base", "Base", null, null, new Price(PriceModel.Flat, Amount: 599.95m))),
    ];

    private sealed record State(int Plan, int Seats);

    /// <summary>What a subscription is from each day on; nothing is that it is paused or over.</summary>
    private sealed record Facts(Period Month, int TrialDays, IReadOnlyList<(int Day, State? State)> Changes)
    {
        public BillableSubscription Subscription
        {
            get
            {
                var spans = new List<SubscriptionSpan>();
                for (var day = Month.Start; day < Month.End; day = day.AddDays(1))
                {
                    var number = day.Day;
                    if (Changes.LastOrDefault(change => change.Day <= number).State is not { } state)
                        continue;
                    var (plan, seats) = (Plans[state.Plan].Id, new Dictionary<string, int> { ["seats"] = state.Seats });
                    spans.Add(new SubscriptionSpan(new Period(day, day.AddDays(1)), plan, seats));
                }

                var started = Month.Start.AddMonths(-2);
                var trial = TrialDays > 0 ? Month.Start.AddDays(TrialDays) : started;
                return new BillableSubscription(AdvancePropertiesTests.Subscription, Tenant.Id, Tenant.Path, started, trial, spans);
            }
        }
    }

    private static readonly Gen<State?> States = Gen.Frequency(
        (1, Gen.Constant((State?)null)),
        (6, from plan in Gen.Choose(0, 2) from seats in Gen.Choose(0, 12) select (State?)new State(plan, seats)));

    private static readonly Gen<IReadOnlyList<(int, State?)>> Changes =
        from count in Gen.Choose(0, 4)
        from first in States
        from days in Gen.ListOf(Gen.Choose(1, 31), count)
        from states in Gen.ListOf(States, count)
        select (IReadOnlyList<(int, State?)>)
        [
            .. days.Zip(states).OrderBy(x => x.First).Select(x => (x.First, x.Second)).Prepend((1, first)).GroupBy(x => x.Item1)
                .Select(x => x.Last()),
        ];

    // Of all lengths, a leap February among them.
    private static readonly Gen<Period> Months =
        from year in Gen.Elements(2023, 2024)
        from month in Gen.Choose(1, 12)
        select Period.Month(year, month);

    private static readonly Gen<(Facts Known, Facts Came, Facts Later)> Histories =
        from month in Months
        from trial in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(1, 35)))
        from changes in Gen.ListOf(Changes, 3)
        select Three(month, trial, [.. changes]);

    private static (Facts, Facts, Facts) Three(Period month, int trial, IReadOnlyList<(int, State?)>[] changes) =>
        (new Facts(month, trial, changes[0]), new Facts(month, trial, changes[1]), new Facts(month, trial, changes[2]));

    private static PlanVersionRef Plan(int number, params PlanCharge[] charges) => new(
        new PlanVersionId(new Guid($"01890001-0000-7000-8000-{number:x12}")), new PlanId(new Guid($"01890002-0000-7000-8000-{number:x12}")),
        $"p{number}", 1, $"P{number}", "product", Eur, charges, false, 0, new PlanTermsRef());

    private static readonly CountryTaxRate[] Taxes = [Tax("S", 20), Tax("AA", 7)];

    private static CountryTaxRate Tax(string category, decimal percent) =>
        new() { Country = "AT", Category = category, Percent = percent, ValidFrom = new(2000, 1, 1) };

    private static TenantBill Rate(TenantAccount account, Period month)
    {
        var prices = new PeriodPrices(
            month, Plans.ToDictionary(plan => plan.Id), null!, new Dictionary<string, MeterRef>(), new TaxTable(Taxes, month.End))
        {
            AheadOf = new Period(month.End, month.End.AddMonths(1)),
            TaxesAhead = new TaxTable(Taxes, month.End),
        };
        return TenantRating.Rate(account, prices).Refused(out var refusal, out var bill) ? throw new InvalidOperationException(refusal.Code) : bill;
    }

    private static TenantAccount Account(params BillableSubscription[] subscriptions) => new(
        Tenant, subscriptions, PeriodUsage.None);

    private static BilledLine[] Standing(TenantBill bill) =>
    [
        .. bill.Charges.Select(x => new BilledLine(x.Due.Key, x.Due.Adjustment?.Number ?? 0, true, x.Line.Net)
        {
            Description = x.Due.Description,
            Days = x.Due.Days,
            PeriodDays = x.Line.Days.PeriodDays,
            IsAhead = x.Due.AheadOf is not null,
            Quantity = x.Due.Days.Start == x.Due.Key.StartsOn ? x.Line.Quantity : 0,
            Unrounded = x.Line.Unrounded,
            CapReduction = x.Line.CapReduction,
            Discount = x.Line.Discount,
            Credit = x.Line.Credit,
            TaxCategory = x.Line.TaxCategory,
            TaxPercent = x.Line.TaxPercent,
        }),
    ];

    private static IReadOnlyList<BilledCharge> Differences(DateOnly month, IReadOnlyList<BilledCharge> due, IReadOnlyList<BilledLine> billed) =>
        Settling.Differences(month, due, billed, new MonthCredits([], new Dictionary<Guid, Exact>()));

    private static TenantBill Ahead(Facts known) =>
        Rate(Account() with { Next = [known.Subscription] }, new Period(known.Month.Start.AddMonths(-1), known.Month.Start));

    private static TenantBill Arrears(Facts came) => Rate(Account(came.Subscription), came.Month);

    private static Exact Net(params TenantBill[] bills) => Exact.Sum(bills.Select(bill => (Exact)bill.Rated.Net.Amount));

    private static void ForAll<T>(Gen<T> samples, Func<T, bool> holds) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(samples.ToArbitrary(), holds));

    [Fact]
    public void What_is_billed_in_advance_and_the_differences_are_what_billing_after_the_month_comes_to() => ForAll(Histories, history =>
    {
        var ahead = Ahead(history.Known);
        var then = Rate(Account(history.Came.Subscription) with { BilledAhead = Standing(ahead) }, history.Came.Month);
        var alone = Arrears(history.Came);
        return Net(ahead, then) == Net(alone) && ahead.Charges.All(x => x.Due.AheadOf == history.Came.Month.Start)
            && Differences(history.Came.Month.Start, alone.Charges, [.. Standing(ahead), .. Standing(then)]).Count == 0;
    });

    [Fact]
    public void Where_all_came_as_it_was_known_nothing_in_advance_is_left() => ForAll(Histories, history =>
    {
        var then = Rate(Account(history.Known.Subscription) with { BilledAhead = Standing(Ahead(history.Known)) }, history.Known.Month);
        return then.Charges.All(x => x.Due.Key.Charge is "after" or "base" && x.Due.Adjustment is null);
    });

    [Fact]
    public void What_changes_after_that_is_a_difference_again_and_taken_back_it_comes_to_nothing() => ForAll(Histories, history =>
    {
        var month = history.Came.Month.Start;
        BilledLine[] Add(BilledLine[] standing, IReadOnlyList<BilledCharge> charges) =>
            [.. standing, .. Standing(new TenantBill(Tenant, new RatedBill(Eur, [], [], []), charges))];
        var ahead = Standing(Ahead(history.Known));
        var then = Rate(Account(history.Came.Subscription) with { BilledAhead = ahead }, history.Came.Month);
        var standing = Add(ahead, then.Charges);
        var later = Differences(month, Arrears(history.Later).Charges, standing);
        var back = Differences(month, Arrears(history.Came).Charges, Add(standing, later));
        return Exact.Sum(later.Concat(back).Select(x => (Exact)x.Line.Net.Amount)) == 0;
    });

    [Fact]
    public void A_line_of_unused_days_is_of_those_days_and_its_steps_add_up_to_it() => ForAll(Histories, history =>
    {
        var then = Rate(Account(history.Came.Subscription) with { BilledAhead = Standing(Ahead(history.Known)) }, history.Came.Month);
        return then.Charges.Where(x => x.Due.Days.Start != x.Due.Key.StartsOn).All(x => x.Line.Days.Days == x.Due.Days.Days
            && x.Line.Quantity.Sign == x.Line.Net.Amount.CompareTo(0) && Exact.Sum(x.Line.Steps.Select(step => step.Amount)) == x.Line.Unrounded);
    });
}
