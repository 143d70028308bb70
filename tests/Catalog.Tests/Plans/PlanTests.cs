using Licensing.Catalog.Plans;

namespace Licensing.Catalog.Tests.Plans;

public sealed class PlanTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);

    private static Plan Draft(string name = "First") =>
        Plan.Create("plan", "phone", Currency.Parse("EUR"), new PlanTerms(name, [], false, 0), Now);

    [Fact]
    public void Publishing_makes_the_draft_the_current_version()
    {
        var plan = Draft();

        plan.Publish(Now).Refused(out _, out var version).ShouldBeFalse();

        (plan.Status, plan.Draft, plan.CurrentVersionId).ShouldBe((PlanStatus.Published, null, version.Id));
        (version.Number, version.Name).ShouldBe((1, "First"));
    }

    [Fact]
    public void A_published_plan_keeps_its_version_while_the_next_is_drafted()
    {
        var plan = Draft();
        plan.Publish(Now).Refused(out _, out var first);
        plan.Redraft(new PlanTerms("Second", [], true, 14)).Refusal.ShouldBeNull();

        (plan.Name, plan.Status, plan.CurrentVersionId).ShouldBe(("First", PlanStatus.Published, first!.Id));

        plan.Publish(Now).Refused(out _, out var second);
        (second!.Number, second.TrialDays, plan.Name).ShouldBe((2, 14, "Second"));
        plan.Versions.Select(v => v.Number).ShouldBe([1, 2]);
    }

    [Fact]
    public void What_has_no_draft_cannot_be_published()
    {
        var plan = Draft();
        plan.Publish(Now);

        plan.Publish(Now).Refusal!.Code.ShouldBe("plan_without_draft");
    }

    [Fact]
    public void A_draft_from_before_windows_were_bounded_by_the_term_is_not_published()
    {
        var plan = Draft();
        plan.Redraft(new PlanTerms("Old", [], false, 0) { Terms = new() { TermMonths = 1, RenewalWindowDays = new(90, 0) } }).Refusal.ShouldBeNull();

        plan.Publish(Now).Refusal!.Fields.Select(e => (e.Pointer, e.Code)).ShouldBe([("/terms/renewalWindowDays/before", "longer_than_term")]);
        plan.Status.ShouldBe(PlanStatus.Draft);
    }

    [Fact]
    public void A_retired_plan_cannot_change_any_more()
    {
        var plan = Draft();
        plan.Retire().Refusal.ShouldBeNull();

        plan.Retire().Refusal!.Code.ShouldBe("plan_retired");
        plan.Publish(Now).Refusal!.Code.ShouldBe("plan_retired");
        plan.Redraft(new PlanTerms("Again", [], false, 0)).Refusal!.Code.ShouldBe("plan_retired");
    }
}
