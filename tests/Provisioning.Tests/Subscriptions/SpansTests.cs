using FsCheck;
using FsCheck.Fluent;
using Licensing.Provisioning.Subscriptions;
using static Licensing.Provisioning.Tests.Subscriptions.Made;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class SpansTests
{
    private static readonly Period February = Period.Month(2024, 2);

    private static List<string> Of(
        string starts, string? ends = null, (string On, int Seats)[]? changes = null, (string From, string? Until)[]? suspended = null,
        Period? period = null) =>
    [
        .. Spans.Of(
            period ?? February, [PlanFrom.Of(Plan, Day(starts), Now)], Day(starts), ends is null ? null : Day(ends),
            [new(Day(starts), Q(5)), .. (changes ?? []).Select(c => new QuantityChange(Day(c.On), Q(c.Seats)))],
            [.. (suspended ?? []).Select(s => new Suspension(Day(s.From), s.Until is null ? null : Day(s.Until), "r"))])
            .Select(s => $"{s.Days.Start:MM-dd}/{s.Days.End:MM-dd} {s.Quantities.Text()}"),
    ];

    [Fact]
    public void An_unchanged_subscription_is_one_span_of_the_whole_period_with_its_leap_day() => Of("2023-12-31").ShouldBe(["02-01/03-01 seats=5"]);

    [Fact]
    public void The_first_day_counts_and_the_end_day_does_not()
    {
        Of("2024-02-29").ShouldBe(["02-29/03-01 seats=5"]);
        Of("2024-01-01", "2024-02-02").ShouldBe(["02-01/02-02 seats=5"]);
        Of("2024-02-10", "2024-02-11").ShouldBe(["02-10/02-11 seats=5"]);
    }

    [Fact]
    public void A_subscription_of_no_day_in_the_period_has_no_span()
    {
        Of("2024-03-01").ShouldBeEmpty();
        Of("2024-01-01", "2024-02-01").ShouldBeEmpty();
        Of("2024-02-10", "2024-02-10").ShouldBeEmpty();
    }

    [Fact]
    public void A_day_of_change_belongs_to_the_new_state()
    {
        Of("2024-01-01", changes: [("2024-02-01", 7)]).ShouldBe(["02-01/03-01 seats=7"]);
        Of("2024-01-01", changes: [("2024-02-29", 7)]).ShouldBe(["02-01/02-29 seats=5", "02-29/03-01 seats=7"]);
        Of("2024-01-01", changes: [("2024-03-01", 7)]).ShouldBe(["02-01/03-01 seats=5"]);
        Of("2024-01-01", changes: [("2024-01-31", 6), ("2024-02-10", 7), ("2024-02-11", 8)])
            .ShouldBe(["02-01/02-10 seats=6", "02-10/02-11 seats=7", "02-11/03-01 seats=8"]);
    }

    [Fact]
    public void Suspended_days_are_left_out_also_over_the_end_of_a_month()
    {
        Of("2024-01-01", suspended: [("2024-02-20", "2024-03-05")]).ShouldBe(["02-01/02-20 seats=5"]);
        Of("2024-01-01", suspended: [("2024-01-20", "2024-02-03")]).ShouldBe(["02-03/03-01 seats=5"]);
        Of("2024-01-01", suspended: [("2024-02-29", null)]).ShouldBe(["02-01/02-29 seats=5"]);
        Of("2024-01-01", suspended: [("2024-01-31", "2024-03-01")]).ShouldBeEmpty();
        Of("2024-01-01", suspended: [("2024-02-01", "2024-02-02"), ("2024-02-28", "2024-02-29")])
            .ShouldBe(["02-02/02-28 seats=5", "02-29/03-01 seats=5"]);
    }

    [Fact]
    public void A_change_during_a_suspension_holds_after_it() =>
        Of("2024-01-01", changes: [("2024-02-12", 9)], suspended: [("2024-02-10", "2024-02-15")])
            .ShouldBe(["02-01/02-10 seats=5", "02-15/03-01 seats=9"]);

    [Fact]
    public void A_change_that_changes_nothing_cuts_nothing() => Of("2024-01-01", changes: [("2024-02-10", 5)]).ShouldBe(["02-01/03-01 seats=5"]);

    [Fact]
    public void Cancelled_during_a_suspension_it_ends_there() =>
        Of("2024-01-01", "2024-02-15", suspended: [("2024-02-10", null)]).ShouldBe(["02-01/02-10 seats=5"]);

    [Fact]
    public void A_change_of_plan_cuts_also_where_the_quantities_stay()
    {
        var other = PlanWith();
        var spans = Spans.Of(
            February, [PlanFrom.Of(Plan, Day("2024-01-01"), Now), PlanFrom.Of(other, Day("2024-02-10"), Now),
                PlanFrom.Of(Plan, Day("2024-03-01"), Now)],
            Day("2024-01-01"), null, [new(Day("2024-01-01"), Q(5))], []);

        spans.Select(s => (s.Days.ToString(), s.PlanVersionId)).ShouldBe([("2024-02-01/2024-02-10", Plan.Id), ("2024-02-10/2024-03-01", other.Id)]);
    }

    [Fact]
    public void Plans_are_told_for_all_days_suspended_or_not_and_one_beside_the_other()
    {
        var other = PlanWith();
        IReadOnlyList<PlanFrom> plans =
        [
            PlanFrom.Of(Plan, Day("2024-01-01"), Now), PlanFrom.Of(Plan, Day("2024-02-05"), Now), PlanFrom.Of(other, Day("2024-02-10"), Now),
            PlanFrom.Of(Plan, Day("2024-03-01"), Now),
        ];
        string[] In(Period period, string? ends = null) =>
        [
            .. Spans.Plans(period, plans, Day("2024-01-20"), ends is null ? null : Day(ends))
                .Select(x => $"{x.Days} {(x.PlanVersionId == other.Id ? "other" : "plan")}"),
        ];
        In(February).ShouldBe(["2024-02-01/2024-02-10 plan", "2024-02-10/2024-03-01 other"]);
        In(February, "2024-02-12").ShouldBe(["2024-02-01/2024-02-10 plan", "2024-02-10/2024-02-12 other"]);
        In(February, "2024-02-10").ShouldBe(["2024-02-01/2024-02-10 plan"]);
        In(Period.Month(2024, 1)).ShouldBe(["2024-01-20/2024-02-01 plan"]);
        In(February, "2024-02-01").ShouldBeEmpty();
    }

    private static readonly Arbitrary<(int Start, int? End, List<(int On, int Seats)> Changes, List<int> Cuts)> Lives = (
        from start in Gen.Choose(0, 60)
        from length in Gen.Choose(-20, 80)
        from changes in Gen.ListOf(Gen.Choose(0, 90).Zip(Gen.Choose(0, 9)))
        from cuts in Gen.ListOf(Gen.Choose(0, 90))
        select (start, length < 0 ? (int?)null : start + length,
            changes.Select(c => (c.Item1, c.Item2)).DistinctBy(c => c.Item1).OrderBy(c => c.Item1).ToList(), cuts.Distinct().Order().ToList()))
                .ToArbitrary();

    [Fact]
    public void Each_day_is_in_one_span_exactly_when_it_is_neither_over_nor_suspended() => Prop.ForAll(Lives, life =>
    {
        var origin = Day("2024-01-01");
        DateOnly At(int days) => origin.AddDays(days);
        List<QuantityChange> history = [new(At(life.Start), Q(3)),
            .. life.Changes.Where(c => c.On > life.Start).Select(c => new QuantityChange(At(c.On), Q(c.Seats)))];
        List<Suspension> suspensions = [.. life.Cuts.Chunk(2).Select(c => new Suspension(At(c[0]), c is [_, var until] ? At(until) : null, "r"))];
        var spans = Spans.Of(
            February, [PlanFrom.Of(Plan, At(life.Start), Now)], At(life.Start), life.End is { } e ? At(e) : null, history, suspensions);
        for (var day = February.Start; day < February.End; day = day.AddDays(1))
        {
            var live = day >= At(life.Start) && (life.End is null || day < At(life.End.Value))
                && !suspensions.Exists(s => s.From <= day && (s.Until is null || day < s.Until));
            var holding = spans.Where(s => s.Days.Contains(day)).ToList();
            if (holding.Count != (live ? 1 : 0) || (live && holding[0].Quantities.Text() != history.On(day).Text()))
                return false;
        }

        return spans.Zip(spans.Skip(1)).All(p => p.First.Days.End <= p.Second.Days.Start);
    }).QuickCheckThrowOnFailure();
}
