using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;
using static Licensing.Provisioning.Tests.Subscriptions.Made;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class SubscriptionTests
{
    private static string? CodeOf<T>(Result<T> result)
        where T : notnull => result.Refusal?.Fields is [var field, ..] ? $"{field.Pointer} {field.Code}" : result.Refusal?.Code;

    private static Result<QuantitiesSet> Set(Subscription subscription, Dictionary<string, int> changes, string? on = null, DateOnly? today = null) =>
        subscription.SetQuantities(changes, on is null ? null : Day(on), AllRules, today ?? Today, "/quantities");

    [Fact]
    public void The_status_follows_from_the_day()
    {
        var subscription = Open(Day("2026-02-01"), Day("2026-03-01"));

        subscription.StatusOn(Day("2026-01-31")).ShouldBe(SubscriptionStatus.Pending);
        subscription.StatusOn(Day("2026-02-01")).ShouldBe(SubscriptionStatus.Active);
        subscription.StatusOn(Day("2026-02-28")).ShouldBe(SubscriptionStatus.Active);
        subscription.StatusOn(Day("2026-03-01")).ShouldBe(SubscriptionStatus.Expired);
    }

    [Fact]
    public void Suspending_and_resuming_leave_the_days_between()
    {
        var subscription = Open();
        subscription.Suspend("Overdue", Today, Now).Refused(out _, out var suspended).ShouldBeFalse();

        suspended.ShouldBe(new SubscriptionSuspended(subscription.Id, Tenant.Id, Now));
        subscription.StatusOn(Today).ShouldBe(SubscriptionStatus.Suspended);
        subscription.Suspend("Again", Today, Now).Refusal!.Code.ShouldBe("subscription_already_suspended");

        subscription.Resume(Today.AddDays(3), Now).Refusal.ShouldBeNull();
        subscription.Suspensions.ShouldBe([new Suspension(Today, Today.AddDays(3), "Overdue")]);
        subscription.StatusOn(Today.AddDays(3)).ShouldBe(SubscriptionStatus.Active);
        subscription.Resume(Today.AddDays(3), Now).Refusal!.Code.ShouldBe("subscription_not_suspended");
    }

    [Fact]
    public void Suspended_and_resumed_on_one_day_loses_no_day()
    {
        var subscription = Open();
        subscription.Suspend("Mistake", Today, Now);
        subscription.Resume(Today, Now);

        subscription.Suspensions.ShouldBeEmpty();
    }

    [Fact]
    public void Resumed_and_suspended_on_one_day_is_one_suspension()
    {
        var subscription = Open();
        subscription.Suspend("Overdue", Today, Now);
        subscription.Resume(Today.AddDays(3), Now);
        subscription.Suspend("Bounced", Today.AddDays(3), Now);

        subscription.Suspensions.ShouldBe([new Suspension(Today, null, "Bounced")]);
        subscription.SuspendedOn.ShouldBe(Today);
    }

    [Fact]
    public void A_cancellation_to_come_can_be_moved_and_one_that_has_come_cannot()
    {
        var subscription = Open();
        subscription.Cancel(Day("2026-03-01"), Today).Refused(out _, out var cancelled).ShouldBeFalse();
        cancelled.EndsOn.ShouldBe(Day("2026-03-01"));
        subscription.StatusOn(Today).ShouldBe(SubscriptionStatus.Active);
        subscription.Cancel(Day("2026-02-01"), Today).Refusal.ShouldBeNull();

        subscription.StatusOn(Day("2026-02-01")).ShouldBe(SubscriptionStatus.Cancelled);
        subscription.Cancel(null, Day("2026-02-01")).Refusal!.Code.ShouldBe("subscription_ended");
        subscription.Suspend("Late", Day("2026-02-01"), Now).Refusal!.Code.ShouldBe("subscription_ended");
        subscription.Resume(Day("2026-02-01"), Now).Refusal!.Code.ShouldBe("subscription_ended");
        CodeOf(Set(subscription, Q(6), today: Day("2026-02-01"))).ShouldBe("subscription_ended");
    }

    [Fact]
    public void Cancelled_before_its_start_it_never_starts()
    {
        var subscription = Open(Day("2026-02-01"));
        subscription.Suspend("Early", Today, Now).Refusal!.Code.ShouldBe("subscription_pending");

        subscription.Cancel(null, Today).Refusal.ShouldBeNull();

        subscription.EndsOn.ShouldBe(Day("2026-02-01"));
        subscription.StatusOn(Today).ShouldBe(SubscriptionStatus.Cancelled);
        subscription.StatusOn(Day("2026-02-01")).ShouldBe(SubscriptionStatus.Cancelled);
    }

    [Fact]
    public void An_end_lies_ahead_and_within_the_term()
    {
        var subscription = Open(expiresOn: Day("2026-06-01"));

        CodeOf(subscription.Cancel(Today.AddDays(-1), Today)).ShouldBe("/on too_early");
        CodeOf(subscription.Cancel(Day("2026-06-01"), Today)).ShouldBe("/on too_late");
        CodeOf(Open().Cancel(Day("2036-01-16"), Today)).ShouldBe("/on too_late");
    }

    [Fact]
    public void Setting_quantities_leaves_what_is_absent_and_removes_what_is_zero()
    {
        var subscription = Open(bots: 3);
        Set(subscription, Q(20)).Refused(out _, out var set).ShouldBeFalse();

        (set.Before.Text(), set.After.Text()).ShouldBe(("bots=3,seats=10", "bots=3,seats=20"));
        set.Changed!.EffectiveOn.ShouldBe(Today);
        Set(subscription, new() { ["bots"] = 0 }).Refusal.ShouldBeNull();
        subscription.QuantitiesOn(Today).Text().ShouldBe("seats=20");
        subscription.History.Count.ShouldBe(1);
    }

    [Fact]
    public void Nothing_changed_is_nothing_to_tell()
    {
        var subscription = Open();
        var history = subscription.History;

        Set(subscription, Q(10)).Refused(out _, out var set).ShouldBeFalse();

        set.Changed.ShouldBeNull();
        subscription.History.ShouldBeSameAs(history);
        Set(subscription, new() { ["bots"] = 0 }).Refused(out _, out set).ShouldBeFalse();
        set.Changed.ShouldBeNull();
    }

    [Fact]
    public void The_rules_hold_for_the_resulting_state()
    {
        var subscription = Open(bots: 3);

        CodeOf(Set(subscription, new() { ["seats"] = 0 })).ShouldBe("/quantities/bots requires_any");
        CodeOf(Set(subscription, new() { ["desks"] = 0 })).ShouldBe("/quantities/desks unknown_feature");
        CodeOf(Set(subscription, new() { ["seats"] = -1 })).ShouldBe("/quantities/seats negative");
        subscription.QuantitiesOn(Today).Text().ShouldBe("bots=3,seats=10");
    }

    [Fact]
    public void A_change_now_must_leave_later_ones_allowed_and_does_not_undo_them()
    {
        var subscription = Open();
        Set(subscription, new() { ["bots"] = 2 }, "2026-03-01").Refusal.ShouldBeNull();

        var refusal = Set(subscription, new() { ["seats"] = 0 }).Refusal!;
        refusal.Fields.Single().Pointer.ShouldBe("/quantities/bots");
        refusal.Message.ShouldContain("2026-03-01");

        Set(subscription, Q(50)).Refusal.ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-02-28")).Text().ShouldBe("seats=50");
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("bots=2,seats=50");
    }

    [Fact]
    public void A_change_takes_effect_while_the_subscription_lives()
    {
        CodeOf(Set(Open(), Q(6), "2026-01-14")).ShouldBe("/effectiveDate too_early");
        CodeOf(Set(Open(Day("2026-02-01")), Q(6), "2026-01-31")).ShouldBe("/effectiveDate too_early");
        CodeOf(Set(Open(expiresOn: Day("2026-03-01")), Q(6), "2026-03-01")).ShouldBe("/effectiveDate too_late");
        var pending = Open(Day("2026-02-01"));
        Set(pending, Q(6)).Refusal.ShouldBeNull();
        pending.QuantitiesOn(Today).Text().ShouldBe("seats=6");
        var suspended = Open();
        suspended.Suspend("Overdue", Today, Now);
        CodeOf(Set(suspended, Q(6))).ShouldBe("subscription_suspended");
    }
}
