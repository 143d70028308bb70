using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Subscriptions;
using static Licensing.Provisioning.Tests.Subscriptions.Made;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>What is agreed for days to come stays until it is withdrawn by name.</summary>
public sealed class AgreementsTests
{
    private static readonly DateTimeOffset Later = Now.AddDays(1);

    private static string? CodeOf<T>(Result<T> result)
        where T : notnull => result.Refusal?.Fields is [var field, ..] ? $"{field.Pointer} {field.Code}" : result.Refusal?.Code;

    private static Result<QuantitiesSet> Set(Subscription subscription, Dictionary<string, int> changes, string? on = null, DateOnly? today = null) =>
        subscription.SetQuantities(changes, on is null ? null : Day(on), AllRules, today ?? Today, "/quantities");

    private static Result<PlanAgreed> Move(
        Subscription subscription, PlanVersionRef plan, string? on = null, Dictionary<string, int>? quantities = null, DateOnly? today = null) =>
        subscription.ChangePlan(day => PlanFrom.Of(plan, day, Later), quantities, on is null ? null : Day(on), AllRules, today ?? Today);

    [Fact]
    public void Changes_for_other_days_stay_when_one_is_made_moved_or_withdrawn()
    {
        var subscription = Open();
        Set(subscription, Q(20), "2026-03-01").Refusal.ShouldBeNull();
        Set(subscription, new() { ["bots"] = 2 }, "2026-04-01").Refusal.ShouldBeNull();
        Set(subscription, Q(15)).Refusal.ShouldBeNull();
        Set(subscription, new() { ["bots"] = 1 }, "2026-03-01").Refusal.ShouldBeNull();

        subscription.QuantitiesOn(Day("2026-02-28")).Text().ShouldBe("seats=15");
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("bots=1,seats=20");
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("bots=2,seats=20");
        subscription.Withdraw(Day("2026-03-01"), AllRules, Today).Refused(out _, out var withdrawn).ShouldBeFalse();
        withdrawn.Fact.Quantities.Text().ShouldBe("seats=15");
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("bots=2,seats=15");
        CodeOf(subscription.Withdraw(Day("2026-03-01"), AllRules, Today)).ShouldBe("no_change_scheduled");
        CodeOf(subscription.Withdraw(Today, AllRules, Today)).ShouldBe("no_change_scheduled");
    }

    [Fact]
    public void What_a_later_change_needs_cannot_be_withdrawn_under_it()
    {
        var subscription = Open(seats: 0);
        Set(subscription, Q(10), "2026-03-01").Refusal.ShouldBeNull();
        Set(subscription, new() { ["bots"] = 2 }, "2026-04-01").Refusal.ShouldBeNull();

        var refusal = subscription.Withdraw(Day("2026-03-01"), AllRules, Today).Refusal!;
        (refusal.Code, refusal.Message.Contains("2026-04-01")).ShouldBe(("change_needed", true));
        subscription.Withdraw(Day("2026-04-01"), AllRules, Today).Refusal.ShouldBeNull();
        subscription.Withdraw(Day("2026-03-01"), AllRules, Today).Refusal.ShouldBeNull();
        subscription.History.Count.ShouldBe(1);
    }

    [Fact]
    public void A_change_after_a_cancellation_to_come_must_stay_allowed_since_the_cancellation_can_be_undone()
    {
        var subscription = Open();
        Set(subscription, new() { ["bots"] = 2 }, "2026-04-01").Refusal.ShouldBeNull();
        subscription.Cancel(Day("2026-03-01"), Today).Refusal.ShouldBeNull();

        CodeOf(Set(subscription, Q(0))).ShouldBe("/quantities/bots requires_any");

        subscription.UndoCancellation(Today).Refusal.ShouldBeNull();
        subscription.EndsOn.ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("bots=2,seats=10");
    }

    [Fact]
    public void A_cancellation_is_undone_only_before_it_comes()
    {
        var subscription = Open(expiresOn: Day("2026-12-01"));
        CodeOf(subscription.UndoCancellation(Today)).ShouldBe("no_cancellation_scheduled");
        subscription.Cancel(Day("2026-03-01"), Today).Refusal.ShouldBeNull();
        subscription.UndoCancellation(Day("2026-02-28")).Refusal.ShouldBeNull();
        subscription.EndsOn.ShouldBe(Day("2026-12-01"));
        subscription.Cancel(Day("2026-03-01"), Today).Refusal.ShouldBeNull();
        CodeOf(subscription.UndoCancellation(Day("2026-03-01"))).ShouldBe("subscription_ended");
        var never = Open(Day("2026-02-01"));
        never.Cancel(null, Today).Refusal.ShouldBeNull();
        CodeOf(never.UndoCancellation(Today)).ShouldBe("subscription_ended");
    }

    [Fact]
    public void A_plan_change_is_in_force_from_its_day_and_leaves_later_changes()
    {
        var (subscription, first, second) = (Open(), PlanWith(), PlanWith());
        Set(subscription, Q(20), "2026-03-01").Refusal.ShouldBeNull();
        Move(subscription, second, "2026-04-01").Refused(out _, out var agreed).ShouldBeFalse();
        agreed.Changed.ShouldBeNull();
        Move(subscription, first).Refused(out _, out agreed).ShouldBeFalse();

        (agreed.Changed!.FormerPlanVersionId, agreed.Changed.PlanVersionId, agreed.Changed.EffectiveOn).ShouldBe((Plan.Id, first.Id, Today));
        subscription.Plans.Select(p => (p.On, p.PlanVersionId)).ShouldBe([(Today, first.Id), (Day("2026-04-01"), second.Id)]);
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("seats=20");
        CodeOf(Move(subscription, first)).ShouldBe("plan_unchanged");
        CodeOf(Move(subscription, PlanWith(), "2026-04-01")).ShouldBe("plan_change_scheduled");
        CodeOf(Move(subscription, PlanWith(), "2026-01-14")).ShouldBe("/effectiveDate too_early");
        subscription.Withdraw(Day("2026-04-01"), AllRules, Today).Refusal.ShouldBeNull();
        subscription.Plans.Count.ShouldBe(1);
    }

    [Fact]
    public void Another_products_rules_hold_from_the_day_of_the_change()
    {
        var (subscription, desk) = (Open(seats: 20), PlanWith(product: "desk"));
        CodeOf(Move(subscription, desk)).ShouldBe("/quantities/seats maximum");
        Set(subscription, new() { ["bots"] = 2 }, "2026-03-01").Refusal.ShouldBeNull();
        // Bots are none of the other product's features, and are agreed for a day after the change.
        CodeOf(Move(subscription, desk, "2026-02-01", new() { ["desks"] = 5 })).ShouldBe("/quantities/bots unknown_feature");
        CodeOf(Move(subscription, desk, "2026-04-01", new() { ["chairs"] = 0 })).ShouldBe("/quantities/chairs unknown_feature");
        Move(subscription, desk, "2026-04-01", new() { ["desks"] = 5 }).Refusal.ShouldBeNull();

        subscription.QuantitiesOn(Day("2026-03-31")).Text().ShouldBe("bots=2,seats=20");
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("desks=5");
        CodeOf(Set(subscription, new() { ["bots"] = 3 }, "2026-05-01")).ShouldBe("/quantities/bots unknown_feature");
        Set(subscription, new() { ["bots"] = 3 }, "2026-03-15").Refusal.ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("desks=5");
        CodeOf(subscription.Withdraw(Day("2026-04-01"), AllRules, Today)).ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-04-01")).Text().ShouldBe("bots=3,seats=20");
    }

    [Fact]
    public void What_a_change_of_plan_names_is_all_that_is_held_then_also_where_more_is_bought_before()
    {
        var subscription = Open(seats: 20);
        Move(subscription, PlanWith(), "2026-03-01", Q(5)).Refusal.ShouldBeNull();
        Set(subscription, Q(30, bots: 2), "2026-02-10").Refusal.ShouldBeNull();

        subscription.QuantitiesOn(Day("2026-02-28")).Text().ShouldBe("bots=2,seats=30");
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("seats=5");
        subscription.History.ShownOn(Day("2026-03-01")).Text().ShouldBe("bots=0,seats=5");
        // For the very day it is laid over the whole and does not undo it.
        Set(subscription, new() { ["bots"] = 1 }, "2026-03-01").Refusal.ShouldBeNull();
        Set(subscription, Q(30, bots: 3), "2026-02-11").Refusal.ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("bots=1,seats=5");

        // What would be so anyway is agreed as well.
        var same = Open(seats: 20);
        Move(same, PlanWith(), "2026-03-01", Q(20)).Refusal.ShouldBeNull();
        Set(same, new() { ["bots"] = 2 }, "2026-02-10").Refusal.ShouldBeNull();
        same.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("seats=20");

        // Also where the same was said before, and not as all.
        var said = Open(seats: 20);
        Set(said, Q(20), "2026-03-01").Refusal.ShouldBeNull();
        Move(said, PlanWith(), "2026-03-01", Q(20)).Refusal.ShouldBeNull();
        Set(said, new() { ["bots"] = 2 }, "2026-02-10").Refusal.ShouldBeNull();
        said.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("seats=20");

        // It takes the place of what was said for its day before, and what is said for it afterwards is not all.
        var replaced = Open();
        Set(replaced, new() { ["bots"] = 2 }, "2026-03-01").Refusal.ShouldBeNull();
        Move(replaced, PlanWith(), "2026-03-01", Q(5)).Refusal.ShouldBeNull();
        replaced.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("seats=5");
        Set(replaced, Q(6), "2026-03-01").Refusal.ShouldBeNull();
        Set(replaced, new() { ["bots"] = 3 }, "2026-02-10").Refusal.ShouldBeNull();
        replaced.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("seats=6");
    }

    [Fact]
    public void Until_another_product_comes_all_of_the_present_one_can_be_bought()
    {
        var subscription = Open();
        Move(subscription, PlanWith(product: "desk"), "2026-03-01", new() { ["desks"] = 5 }).Refusal.ShouldBeNull();
        Set(subscription, new() { ["bots"] = 2 }, "2026-02-10").Refusal.ShouldBeNull();

        subscription.QuantitiesOn(Day("2026-02-28")).Text().ShouldBe("bots=2,seats=10");
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("desks=5");
        subscription.Withdraw(Day("2026-03-01"), AllRules, Today).Refusal.ShouldBeNull();
        subscription.QuantitiesOn(Day("2026-03-01")).Text().ShouldBe("bots=2,seats=10");
    }

    [Fact]
    public void Only_a_change_that_is_all_is_kept_as_such()
    {
        var subscription = Open();
        Move(subscription, PlanWith(), "2026-03-01", Q(5)).Refusal.ShouldBeNull();
        var kept = JsonSerializer.Serialize(subscription.History, StoredJson.Options);

        kept.ShouldBe("""[{"on":"2026-01-15","quantities":{"seats":10}},{"on":"2026-03-01","quantities":{"seats":5},"whole":true}]""");
        JsonSerializer.Deserialize<IReadOnlyList<QuantityChange>>(kept, StoredJson.Options)!.Select(c => c.Whole).ShouldBe([false, true]);
    }

    [Fact]
    public void A_plan_that_would_end_a_subscription_before_another_agreed_change_is_refused()
    {
        var subscription = Open();
        Set(subscription, Q(20), "2027-03-01").Refusal.ShouldBeNull();
        var ending = PlanWith(new PlanTermsRef { TermMonths = 12, AutoRenew = false });

        CodeOf(Move(subscription, ending)).ShouldBe("ends_before_change");
        subscription.Withdraw(Day("2027-03-01"), AllRules, Today).Refusal.ShouldBeNull();
        Move(subscription, ending).Refusal.ShouldBeNull();
        subscription.EndsOn.ShouldBe(Day("2027-01-15"));
    }

    /// <summary>0 quantities, 1 plan, 2 withdraw, 3 cancel, 4 undo, 5 the clock goes on, 6 plan with all that is held.</summary>
    private static readonly Arbitrary<List<(int What, int Day, int Seats, int Bots)>> Lives = (
        from steps in Gen.ListOf(
            from what in Gen.Frequency(
                (5, Gen.Constant(0)), (2, Gen.Constant(1)), (2, Gen.Constant(2)), (1, Gen.Constant(3)), (2, Gen.Constant(4)), (1, Gen.Constant(5)),
                (2, Gen.Constant(6)))
            from day in Gen.Choose(0, 12)
            from seats in Gen.Choose(-1, 9)
            from bots in Gen.Choose(-2, 3)
            select (what, day, seats, bots))
        select steps.ToList()).ToArbitrary();

    [Fact]
    public void Nothing_agreed_is_lost_by_anything_but_its_withdrawal()
    {
        var kept = 0;
        var plans = Enumerable.Range(0, 3).Select(_ => PlanWith()).ToList();
        Prop.ForAll(Lives, steps =>
        {
            var subscription = Open();
            var today = Today;
            // What each day was told last, feature by feature; and which plan.
            var told = new Dictionary<(DateOnly, string), int>();
            var moved = new Dictionary<DateOnly, PlanVersionRef>();
            var whole = new HashSet<DateOnly>();
            foreach (var (what, ahead, seats, bots) in steps)
            {
                var on = today.AddDays(ahead);
                Dictionary<string, int> changes = [];
                if (seats >= 0)
                    changes["seats"] = seats;
                if (bots >= 0)
                    changes["bots"] = bots;
                var plan = plans[ahead % 3];
                switch (what)
                {
                    case 0 when subscription.SetQuantities(changes, on, AllRules, today, "").Refusal is null:
                        foreach (var (feature, quantity) in changes)
                            if (on > today)
                                told[(on, feature)] = quantity;
                        break;
                    case 1 when subscription.ChangePlan(d => PlanFrom.Of(plan, d, Later), null, on, AllRules, today).Refusal is null && on > today:
                        moved[on] = plan;
                        break;
                    case 2 when subscription.Withdraw(on, AllRules, today).Refusal is null:
                        foreach (var key in told.Keys.Where(k => k.Item1 == on).ToList())
                            told.Remove(key);
                        moved.Remove(on);
                        whole.Remove(on);
                        break;
                    case 3:
                        subscription.Cancel(on, today);
                        break;
                    case 4:
                        subscription.UndoCancellation(today);
                        break;
                    case 5:
                        today = today.AddDays(1);
                        break;
                    case 6 when subscription.ChangePlan(d => PlanFrom.Of(plan, d, Later), changes, on, AllRules, today).Refusal is null && on > today:
                        foreach (var key in told.Keys.Where(k => k.Item1 == on).ToList())
                            told.Remove(key);
                        foreach (var (feature, quantity) in changes)
                            told[(on, feature)] = quantity;
                        moved[on] = plan;
                        whole.Add(on);
                        break;
                }

                // What has come can be overwritten, as every state of today can.
                foreach (var key in told.Keys.Where(k => k.Item1 <= today).ToList())
                    told.Remove(key);
                moved.Remove(today);
                whole.Remove(today);

                if (told.Any(t => subscription.History.Single(c => c.On == t.Key.Item1).Quantities[t.Key.Item2] != t.Value)
                    || moved.Any(m => subscription.Plans.Single(p => p.On == m.Key).PlanVersionId != m.Value.Id)
                    || whole.Any(day => subscription.QuantitiesOn(day).Any(held => told.GetValueOrDefault((day, held.Key)) != held.Value)))
                    return false;
                kept += told.Count + moved.Count + whole.Count;
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        kept.ShouldBeGreaterThan(1_000);
    }
}
