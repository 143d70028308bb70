using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Subscriptions;
using static Licensing.Provisioning.Tests.Subscriptions.Made;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class TermsTests
{
    private static readonly PlanTermsRef Yearly = new() { TermMonths = 12, AutoRenew = false, RenewalWindowDays = new(30, 10) };

    private static string? CodeOf<T>(Result<T> result)
        where T : notnull => result.Refusal?.Fields is [var field, ..] ? $"{field.Pointer} {field.Code}" : result.Refusal?.Code;

    private static Result<QuantitiesSet> Set(Subscription subscription, int seats, string? on = null, string? today = null) =>
        subscription.SetQuantities(Q(seats), on is null ? null : Day(on), AllRules, today is null ? Today : Day(today), "/quantities");

    private static Result<PlanAgreed> Move(
        Subscription subscription, PlanVersionRef plan, string? on = null, string? today = null, bool? autoRenew = null) =>
        subscription.ChangePlan(
        day => PlanFrom.Of(plan, day, Now, autoRenew), null, on is null ? null : Day(on), AllRules, today is null ? Today : Day(today));

    private static List<string> TermsOf(Subscription subscription, int count) =>
        [.. subscription.Plans.Terms().Take(count).Select(t => $"{t.StartsOn:yyyy-MM-dd}/{t.EndsOn:yyyy-MM-dd}")];

    [Fact]
    public void Terms_are_counted_from_the_first_day_which_comes_back_after_shorter_months()
    {
        TermsOf(Open(new PlanTermsRef { TermMonths = 1 }, Day("2026-01-31")), 4)
            .ShouldBe(["2026-01-31/2026-02-28", "2026-02-28/2026-03-31", "2026-03-31/2026-04-30", "2026-04-30/2026-05-31"]);
        TermsOf(Open(new PlanTermsRef { TermMonths = 12 }, Day("2028-02-29")), 5)
            .ShouldBe(["2028-02-29/2029-02-28", "2029-02-28/2030-02-28", "2030-02-28/2031-02-28", "2031-02-28/2032-02-29", "2032-02-29/2033-02-28"]);
        TermsOf(Open(), 1).ShouldBeEmpty();
    }

    [Fact]
    public void A_subscription_that_renews_itself_is_open_ended_and_one_that_does_not_expires_with_its_term()
    {
        var renewing = Open(new PlanTermsRef { TermMonths = 1 });
        (renewing.EndsOn, renewing.StatusOn(Day("2031-01-01"))).ShouldBe((null, SubscriptionStatus.Active));
        var ending = Open(Yearly);
        (ending.EndsOn, ending.StatusOn(Day("2027-01-14")), ending.StatusOn(Day("2027-01-15")))
            .ShouldBe((Day("2027-01-15"), SubscriptionStatus.Active, SubscriptionStatus.Expired));
        // A subscription may have its own answer.
        Open(Yearly, autoRenew: true).EndsOn.ShouldBeNull();
        Open(new PlanTermsRef { TermMonths = 1 }, autoRenew: false).EndsOn.ShouldBe(Day("2026-02-15"));
    }

    [Fact]
    public void A_subscription_is_renewed_within_its_window_only()
    {
        var subscription = Open(Yearly);
        var window = subscription.RenewalWindow().ShouldNotBeNull();
        window.ToString().ShouldBe("2026-12-16/2027-01-25");
        CodeOf(subscription.Renew(Day("2026-12-15"))).ShouldBe("outside_renewal_window");
        subscription.Renew(Day("2026-12-16")).Refused(out _, out var renewed).ShouldBeFalse();

        (renewed.TermStartsOn, renewed.TermEndsOn, subscription.EndsOn).ShouldBe((Day("2027-01-15"), Day("2028-01-15"), Day("2028-01-15")));
        subscription.Suspensions.ShouldBeEmpty();
        // Once, not twice ahead.
        CodeOf(subscription.Renew(Day("2026-12-16"))).ShouldBe("outside_renewal_window");
        CodeOf(Open().Renew(Today)).ShouldBe("subscription_not_renewable");
        CodeOf(Open(expiresOn: Day("2026-02-01")).Renew(Today)).ShouldBe("subscription_not_renewable");
        CodeOf(Open(new PlanTermsRef { TermMonths = 1 }).Renew(Today)).ShouldBe("subscription_not_renewable");
        CodeOf(Open(Yearly).Renew(Day("2027-01-25"))).ShouldBe("outside_renewal_window");
    }

    [Fact]
    public void Renewed_late_the_days_between_stay_without_access()
    {
        var subscription = Open(Yearly);
        subscription.StatusOn(Day("2027-01-20")).ShouldBe(SubscriptionStatus.Expired);
        subscription.Renew(Day("2027-01-20")).Refusal.ShouldBeNull();

        subscription.Suspensions.ShouldBe([new Suspension(Day("2027-01-15"), Day("2027-01-20"), Subscription.RenewedLate)]);
        (subscription.StatusOn(Day("2027-01-20")), subscription.EndsOn).ShouldBe((SubscriptionStatus.Active, Day("2028-01-15")));
        Spans.Of(Period.Month(2027, 1), subscription.Plans, subscription.StartsOn, subscription.EndsOn, subscription.History,
            subscription.Suspensions)
            .Select(s => s.Days.ToString()).ShouldBe(["2027-01-01/2027-01-15", "2027-01-20/2027-02-01"]);
        var suspended = Open(Yearly);
        suspended.Suspend("Overdue", Day("2027-01-10"), Now);
        suspended.Renew(Day("2027-01-20")).Refusal.ShouldBeNull();
        suspended.Suspensions.ShouldBe([new Suspension(Day("2027-01-10"), null, "Overdue")]);
    }

    [Fact]
    public void Within_the_term_quantities_go_only_where_the_plan_allows()
    {
        var subscription = Open(new PlanTermsRef { TermMonths = 3, DecreaseAllowed = false });
        Set(subscription, 20, today: "2026-01-20").Refusal.ShouldBeNull();
        // What was set today can be corrected today, down to what held yesterday.
        Set(subscription, 10, today: "2026-01-20").Refusal.ShouldBeNull();
        CodeOf(Set(subscription, 9, today: "2026-01-20")).ShouldBe("/quantities/seats decrease_not_allowed");
        CodeOf(Set(subscription, 9, "2026-04-14")).ShouldBe("/quantities/seats decrease_not_allowed");
        Set(subscription, 9, "2026-04-15").Refusal.ShouldBeNull();
        // Only until that day: raised before, the agreed 9 would still be a start of a term.
        Set(subscription, 30, today: "2026-02-01").Refusal.ShouldBeNull();
        Set(subscription, 40, "2026-03-01", "2026-02-01").Refusal.ShouldBeNull();
        // Raising above what is agreed for later would make that a decrease.
        CodeOf(Set(subscription, 50, today: "2026-02-02")).ShouldBe("/quantities/seats decrease_not_allowed");
        var fixedSeats = Open(new PlanTermsRef { TermMonths = 3, IncreaseAllowed = false });
        CodeOf(Set(fixedSeats, 11, today: "2026-01-16")).ShouldBe("/quantities/seats increase_not_allowed");
        Set(fixedSeats, 11).Refusal.ShouldBeNull();
    }

    /// <summary>Plans published before windows were bounded by the term.</summary>
    [Fact]
    public void A_window_longer_than_the_term_renews_for_one_term_ahead_and_never_for_one_that_is_over()
    {
        var endless = new PlanTermsRef { TermMonths = 1, AutoRenew = false, RenewalWindowDays = new(365, 365) };
        var eager = Open(endless);
        eager.Renew(Today).Refused(out _, out var renewed).ShouldBeFalse();
        (renewed.TermStartsOn, renewed.TermEndsOn).ShouldBe((Day("2026-02-15"), Day("2026-03-15")));
        CodeOf(eager.Renew(Today)).ShouldBe("outside_renewal_window");
        CodeOf(eager.Renew(Day("2026-02-14"))).ShouldBe("outside_renewal_window");
        eager.Renew(Day("2026-02-15")).Refusal.ShouldBeNull();

        var late = Open(endless);
        CodeOf(late.Renew(Day("2026-03-15"))).ShouldBe("outside_renewal_window");
        late.Renew(Day("2026-03-14")).Refusal.ShouldBeNull();
        (late.StatusOn(Day("2026-03-14")), late.EndsOn).ShouldBe((SubscriptionStatus.Active, Day("2026-03-15")));
    }

    [Fact]
    public void Within_a_trial_all_may_still_change_and_end()
    {
        var subscription = Open(new PlanTermsRef { TermMonths = 12, DecreaseAllowed = false, EarlyCancellation = new(false) }, trialDays: 14);
        subscription.TrialEndsOn.ShouldBe(Day("2026-01-29"));
        Set(subscription, 5, today: "2026-01-29").Refusal.ShouldBeNull();
        CodeOf(subscription.Cancel(Day("2026-01-30"), Today)).ShouldBe("early_cancellation_not_allowed");
        subscription.Cancel(Day("2026-01-29"), Today).Refused(out _, out var cancelled).ShouldBeFalse();
        cancelled.EarlyFeePercent.ShouldBeNull();
    }

    [Fact]
    public void Ending_within_the_term_is_refused_or_costs_what_the_plan_says()
    {
        var bound = Open(new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(false) });
        CodeOf(bound.Cancel(null, Day("2026-01-16"))).ShouldBe("early_cancellation_not_allowed");
        CodeOf(bound.Cancel(Day("2027-01-16"), Today)).ShouldBe("early_cancellation_not_allowed");
        bound.Cancel(Day("2028-01-15"), Today).Refusal.ShouldBeNull();
        bound.CancelAtTermEnd(Day("2026-06-01")).Refused(out _, out var cancelled).ShouldBeFalse();
        (cancelled.EndsOn, cancelled.EarlyFeePercent).ShouldBe((Day("2027-01-15"), null));
        // What deletes a customer's data is not stopped by what he agreed to.
        bound.Cancel(null, Day("2026-06-02"), bound: false).Refusal.ShouldBeNull();

        var costly = Open(new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(true, 25) });
        costly.Cancel(Day("2026-03-01"), Today).Refused(out _, out cancelled).ShouldBeFalse();
        cancelled.EarlyFeePercent.ShouldBe(25);
        costly.Cancel(Day("2027-01-15"), Today).Refused(out _, out cancelled).ShouldBeFalse();
        cancelled.EarlyFeePercent.ShouldBeNull();
    }

    [Fact]
    public void Cancelled_with_its_term_it_neither_renews_itself_nor_can_be_renewed_until_that_is_undone()
    {
        var subscription = Open(Yearly);
        subscription.CancelAtTermEnd(Today).Refusal.ShouldBeNull();
        subscription.StatusOn(Day("2027-01-15")).ShouldBe(SubscriptionStatus.Cancelled);
        CodeOf(subscription.Renew(Day("2027-01-01"))).ShouldBe("cancellation_scheduled");
        CodeOf(subscription.Renew(Day("2027-01-15"))).ShouldBe("subscription_ended");
        subscription.UndoCancellation(Day("2027-01-01")).Refusal.ShouldBeNull();
        subscription.Renew(Day("2027-01-01")).Refusal.ShouldBeNull();
        CodeOf(Open().CancelAtTermEnd(Today)).ShouldBe("subscription_without_term");
        var pending = Open(Yearly, Day("2026-03-01"));
        pending.CancelAtTermEnd(Today).Refusal.ShouldBeNull();
        pending.EndsOn.ShouldBe(Day("2027-03-01"));
    }

    [Fact]
    public void Nobody_leaves_a_term_by_changing_his_plan()
    {
        var subscription = Open(new PlanTermsRef { TermMonths = 12, DecreaseAllowed = false, EarlyCancellation = new(false) });
        Move(subscription, PlanWith(), "2026-03-01").Refusal.ShouldBeNull();

        TermsOf(subscription, 3).ShouldBe(["2026-01-15/2027-01-15"]);
        CodeOf(subscription.Cancel(Day("2026-04-01"), Today)).ShouldBe("early_cancellation_not_allowed");
        CodeOf(Set(subscription, 5, "2026-04-01")).ShouldBe("/quantities/seats decrease_not_allowed");
        // The running term ends, and nothing follows that binds.
        subscription.EndsOn.ShouldBeNull();
        subscription.Cancel(Day("2027-02-01"), Today).Refusal.ShouldBeNull();

        // Nor by one with a trial, which is of a beginning.
        var tried = Open(new PlanTermsRef { TermMonths = 12, DecreaseAllowed = false, EarlyCancellation = new(false) });
        Move(tried, PlanWith(trialDays: 30), today: "2026-02-04").Refusal.ShouldBeNull();
        CodeOf(Set(tried, 5, today: "2026-02-05")).ShouldBe("/quantities/seats decrease_not_allowed");
        CodeOf(tried.Cancel(null, Day("2026-02-05"))).ShouldBe("early_cancellation_not_allowed");
        tried.TrialEndsOn.ShouldBe(Today);
    }

    [Fact]
    public void Nobody_leaves_a_term_by_cancelling_before_he_agrees_to_it()
    {
        var binding = new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(false) };
        var free = Open();
        free.Cancel(Day("2026-04-01"), Today).Refusal.ShouldBeNull();
        CodeOf(Move(free, PlanWith(binding))).ShouldBe("early_cancellation_not_allowed");
        free.Plans.Count.ShouldBe(1);
        // One that ends where the term ends cuts nothing short.
        free.Cancel(Day("2027-01-15"), Today).Refusal.ShouldBeNull();
        Move(free, PlanWith(binding)).Refusal.ShouldBeNull();

        // Nor in the trial of a plan that is changed back on the same day.
        var tried = Open(binding);
        Move(tried, PlanWith(trialDays: 90)).Refusal.ShouldBeNull();
        tried.Cancel(Day("2026-04-01"), Today).Refusal.ShouldBeNull();
        CodeOf(Move(tried, PlanWith(binding))).ShouldBe("early_cancellation_not_allowed");

        // Nor in one that is withdrawn.
        var longer = Open(binding, trialDays: 14);
        Move(longer, PlanWith(trialDays: 90), "2026-01-25").Refusal.ShouldBeNull();
        longer.Cancel(Day("2026-04-01"), Today).Refusal.ShouldBeNull();
        CodeOf(longer.Withdraw(Day("2026-01-25"), AllRules, Today)).ShouldBe("early_cancellation_not_allowed");
        longer.UndoCancellation(Today).Refusal.ShouldBeNull();
        longer.Withdraw(Day("2026-01-25"), AllRules, Today).Refusal.ShouldBeNull();

        // What nothing stopped is not stopped afterwards either.
        var deleted = Open(binding);
        deleted.Cancel(Day("2026-04-01"), Today, bound: false).Refusal.ShouldBeNull();
        Move(deleted, PlanWith(binding), "2026-03-01").Refusal.ShouldBeNull();
    }

    [Fact]
    public void What_a_cancellation_costs_is_said_by_the_plans_agreed_since()
    {
        var subscription = Open();
        subscription.Cancel(Day("2026-04-01"), Today).Refused(out _, out var cancelled).ShouldBeFalse();
        cancelled.EarlyFeePercent.ShouldBeNull();
        Move(subscription, PlanWith(new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(true, 25) })).Refusal.ShouldBeNull();
        subscription.Cancellation.ShouldBe(cancelled with { EarlyFeePercent = 25 });

        // Behind the day on which it ends by itself it costs nothing and is in nobody's way.
        var ending = Open();
        ending.Cancel(Day("2026-08-03"), Today).Refusal.ShouldBeNull();
        foreach (var terms in new[] { new EarlyCancellation(true, 25), new EarlyCancellation(false) })
        {
            Move(ending, PlanWith(new PlanTermsRef { TermMonths = 1, AutoRenew = false, EarlyCancellation = terms }))
                .Refused(out _, out var agreed).ShouldBeFalse();
            (ending.EndsOn, ending.Cancellation!.EarlyFeePercent, agreed!.Repriced).ShouldBe((Day("2026-02-15"), null, null));
        }

        CodeOf(Move(ending, PlanWith(new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(false) })))
            .ShouldBe("early_cancellation_not_allowed");
    }

    [Fact]
    public void What_was_said_of_renewal_for_the_subscription_stays_whatever_its_plans_say()
    {
        var ending = Open(new PlanTermsRef { TermMonths = 12 }, autoRenew: false);
        Move(ending, PlanWith(new PlanTermsRef { TermMonths = 12 }), "2026-06-01").Refusal.ShouldBeNull();
        ending.EndsOn.ShouldBe(Day("2027-01-15"));
        var lasting = Open(Yearly, autoRenew: true);
        Move(lasting, PlanWith(Yearly), "2026-06-01").Refusal.ShouldBeNull();
        lasting.EndsOn.ShouldBeNull();
        // Until another answer is given, which holds for plans agreed before it, too, and goes with its own change.
        Move(ending, PlanWith(new PlanTermsRef { TermMonths = 12 }), "2026-03-01", autoRenew: true).Refusal.ShouldBeNull();
        ending.EndsOn.ShouldBeNull();
        ending.Withdraw(Day("2026-03-01"), AllRules, Today).Refusal.ShouldBeNull();
        ending.EndsOn.ShouldBe(Day("2027-01-15"));
        // Where nothing was said the plan in force says it.
        var plain = Open(new PlanTermsRef { TermMonths = 12 });
        Move(plain, PlanWith(Yearly), "2026-06-01").Refusal.ShouldBeNull();
        plain.EndsOn.ShouldBe(Day("2027-01-15"));
    }

    /// <summary>The first plan's trial days, and the others with the day on which they come; January 2026.</summary>
    [Theory]
    [InlineData(0, "", 1)]
    [InlineData(14, "", 15)]
    // Over by then, for ever; also with a plan that comes on the first day after it.
    [InlineData(0, "2+30", 1)]
    [InlineData(10, "11+30", 11)]
    [InlineData(10, "12+30 20+60", 11)]
    // Within it the next plan says how long it is, but never undoes a day.
    [InlineData(10, "10+30", 31)]
    [InlineData(14, "8+0", 8)]
    [InlineData(14, "8+3", 8)]
    [InlineData(14, "8+10", 11)]
    [InlineData(14, "8+0 9+30", 8)]
    [InlineData(14, "8+20 15+5 16+30", 15)]
    public void A_trial_is_of_the_beginning_and_once_over_over_for_ever(int first, string later, int ends)
    {
        var subscription = Open(new PlanTermsRef { TermMonths = 12, EarlyCancellation = new(false) }, Day("2026-01-01"), trialDays: first);
        foreach (var plan in later.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('+')))
            Move(subscription, PlanWith(trialDays: int.Parse(plan[1])), $"2026-01-{int.Parse(plan[0]):00}", "2026-01-01").Refusal.ShouldBeNull();

        subscription.TrialEndsOn.ShouldBe(Day($"2026-01-{ends:00}"));
        // Each day is judged as it was before the plans after it were agreed.
        for (var day = Day("2026-01-01"); day <= Day("2026-01-31"); day = day.AddDays(1))
            (subscription.Plans.Where(p => p.On <= day).ToList().TrialEndsOn() > day).ShouldBe(subscription.TrialEndsOn > day);
        subscription.Plans.CutShortOn(Day($"2026-01-{ends:00}")).ShouldBeNull();
        subscription.Plans.CutShortOn(Day($"2026-01-{ends:00}").AddDays(1)).ShouldNotBeNull();
    }

    [Fact]
    public void Another_plans_term_begins_where_the_running_one_ends_or_at_once_where_none_runs()
    {
        var subscription = Open(new PlanTermsRef { TermMonths = 1 }, Day("2026-01-31"));
        Move(subscription, PlanWith(new PlanTermsRef { TermMonths = 3, AutoRenew = false }), "2026-03-10").Refusal.ShouldBeNull();
        TermsOf(subscription, 4).ShouldBe(["2026-01-31/2026-02-28", "2026-02-28/2026-03-31", "2026-03-31/2026-06-30", "2026-06-30/2026-09-30"]);
        // Whether it goes on is said by the plan of the term's last day.
        subscription.EndsOn.ShouldBe(Day("2026-03-31"));

        var open = Open();
        Move(open, PlanWith(new PlanTermsRef { TermMonths = 3 }), "2026-03-10").Refusal.ShouldBeNull();
        TermsOf(open, 2).ShouldBe(["2026-03-10/2026-06-10", "2026-06-10/2026-09-10"]);
        open.TermOn(Today).ShouldBeNull();
    }
}
