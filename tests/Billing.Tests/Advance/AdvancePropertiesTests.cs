using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Coupons;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Taxes;
using Licensing.Billing.Tests.Settlement;
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

    private static BilledLine[] Standing(TenantBill bill) => StandingLines.Of(bill.Charges);

    private static IReadOnlyList<BilledCharge> Differences(DateOnly month, IReadOnlyList<BilledCharge> due, IReadOnlyList<BilledLine> billed) =>
        Settling.Differences(month, due, billed, new MonthCredits([], new Dictionary<Guid, Exact>()));

    private static TenantBill Ahead(Facts known) =>
        Rate(Account() with { Next = [known.Subscription] }, new Period(known.Month.Start.AddMonths(-1), known.Month.Start));

    private static TenantBill Arrears(Facts came) => Rate(Account(came.Subscription), came.Month);

    private static Exact Net(params TenantBill[] bills) => Exact.Sum(bills.Select(bill => (Exact)bill.Rated.Net.Amount));

    private static string[] ByTax(IEnumerable<BilledCharge> charges) =>
    [
        .. charges.GroupBy(x => x.Line.TaxCategory).Select(x => (x.Key, Net: Exact.Sum(x.Select(y => (Exact)y.Line.Net.Amount))))
            .Where(x => x.Net.Sign != 0).Select(x => $"{x.Key} {x.Net}").Order(),
    ];

    // Over from a day on.
    private static Facts Cut(Facts came, int day) => came with { Changes = [.. came.Changes.Where(x => x.Day < day), (day, null)] };

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
            [.. standing, .. StandingLines.Of(charges)];
        var ahead = Standing(Ahead(history.Known));
        var then = Rate(Account(history.Came.Subscription) with { BilledAhead = ahead }, history.Came.Month);
        var standing = Add(ahead, then.Charges);
        var later = Differences(month, Arrears(history.Later).Charges, standing);
        var back = Differences(month, Arrears(history.Came).Charges, Add(standing, later));
        return Exact.Sum(later.Concat(back).Select(x => (Exact)x.Line.Net.Amount)) == 0;
    });

    [Fact]
    public void Whatever_is_settled_stands_by_its_own_tax() => ForAll(
        from history in Histories from day in Gen.Choose(2, 31) select (history.Known, history.Came, day),
        history =>
        {
            var month = history.Came.Month.Start;
            var ahead = Ahead(history.Known);
            var then = Rate(Account(history.Came.Subscription) with { BilledAhead = Standing(ahead) }, history.Came.Month);
            var (came, cut) = (Arrears(history.Came), Arrears(Cut(history.Came, history.day)));
            var later = Differences(month, cut.Charges, [.. Standing(ahead), .. Standing(then)]);
            var withdrawn = Differences(month, came.Charges, Standing(then));
            return ByTax([.. ahead.Charges, .. then.Charges, .. later]).SequenceEqual(ByTax(cut.Charges))
                && ByTax([.. then.Charges, .. withdrawn]).SequenceEqual(ByTax(came.Charges));
        });

    [Fact]
    public void What_a_credit_paid_in_advance_and_got_back_is_of_the_month_and_without_that_bill_it_got_nothing() => ForAll(
        from history in Histories from cents in Gen.Choose(1, 60_000) select (history.Known, history.Came, cents),
        history =>
        {
            var month = history.Came.Month.Start;
            var credit = new GrantedReduction(Tenant.Id.Value, ReductionKind.Credit) { Amount = new Money(history.cents / 100m, Eur) };
            var ahead = Rate(
                Account() with { Next = [history.Known.Subscription], Reductions = [credit] }, new Period(month.AddMonths(-1), month));
            var paid = Exact.Sum(ahead.Uses.Select(use => use.Amount));
            var then = Rate(
                Account(history.Came.Subscription) with { BilledAhead = Standing(ahead), PaidAhead = [Paid(credit, paid, paid)] },
                history.Came.Month);
            var given = Exact.Sum(then.Uses.Select(use => use.Amount));

            // The bill in advance is withdrawn: what the month gave for it is taken again, and what the month comes to is billed.
            var credits = new MonthCredits([Paid(credit, given, 0)], new Dictionary<Guid, Exact> { [credit.Id] = 1_000_000 });
            var late = Settling.Differences(month, Arrears(history.Came).Charges, Standing(then), credits);
            return ahead.Uses.Concat(then.Uses).Concat(credits.Uses(month)).All(use => use.Adjusts == month && use.Consumed == use.Amount)
                && paid == CreditOf(ahead.Charges) && given == CreditOf(then.Charges) && given.Sign <= 0 && (paid + given).Sign >= 0
                && Exact.Sum(credits.Uses(month).Select(use => use.Amount)) == -given && CreditOf(late) == -given
                && Exact.Sum(then.Charges.Concat(late).Select(x => (Exact)x.Line.Net.Amount)) == Net(Arrears(history.Came));
        });

    private static PaidCredit Paid(GrantedReduction credit, Exact amount, Exact own) =>
        new(credit, amount, amount) { OwnAmount = own, OwnConsumed = own };

    private static Exact CreditOf(IEnumerable<BilledCharge> charges) => Exact.Sum(charges.Select(x => (Exact)x.Line.Credit.Amount));

    [Fact]
    public void What_replaced_another_thing_from_the_first_day_on_is_corrected_by_its_own_tax()
    {
        var june = Period.Month(2023, 6);
        var ahead = Ahead(new Facts(june, 0, [(1, new State(0, 5))]));
        var came = new Facts(june, 0, [(1, new State(1, 8))]);
        var then = Rate(Account(came.Subscription) with { BilledAhead = Standing(ahead) }, june);
        static string[] Seats(IEnumerable<BilledCharge> charges) =>
        [
            .. charges.Where(x => x.Due.Key.Charge == "seats")
                .Select(x => $"{x.Line.Net} {x.Line.TaxCategory} {x.Line.TaxPercent} #{x.Due.Adjustment?.Number ?? 0}"),
        ];
        Seats(ahead.Charges).ShouldBe(["50.03 EUR S 20 #0"]);
        Seats(then.Charges).ShouldBe(["-50.03 EUR S 20 #1", "56.00 EUR AA 7 #2"]);
        // Over in the middle, a half of what replaced it goes back, with the tax of that.
        Seats(Differences(june.Start, Arrears(Cut(came, 16)).Charges, [.. Standing(ahead), .. Standing(then)])).ShouldBe(["-28.00 EUR AA 7 #3"]);
        // Without the bill in advance what was taken back of it is owed by its own tax, and nothing else.
        Seats(Differences(june.Start, Arrears(came).Charges, Standing(then))).ShouldBe(["50.03 EUR S 20 #3"]);
    }

    [Fact]
    public void A_line_of_unused_days_is_of_those_days_and_its_steps_add_up_to_it() => ForAll(Histories, history =>
    {
        var then = Rate(Account(history.Came.Subscription) with { BilledAhead = Standing(Ahead(history.Known)) }, history.Came.Month);
        return then.Charges.Where(x => x.Due.Days.Start != x.Due.Key.StartsOn).All(x => x.Line.Days.Days == x.Due.Days.Days
            && x.Line.Quantity.Sign == x.Line.Net.Amount.CompareTo(0) && Exact.Sum(x.Line.Steps.Select(step => step.Amount)) == x.Line.Unrounded);
    });

    // The first of the two is taken off, so that among the lines there is only one.
    [Fact, Trait("Fault", "F35")]
    public void What_is_told_twice_is_not_billed_where_it_was_billed_in_advance_either()
    {
        var known = new Facts(Period.Month(2024, 2), 0, [(1, new State(0, 3))]);
        var account = Account(known.Subscription, known.Subscription) with { BilledAhead = Standing(Ahead(known)) };
        Should.Throw<InvalidOperationException>(() => Rate(account, known.Month)).Message.ShouldBe("due_twice");
    }
}
