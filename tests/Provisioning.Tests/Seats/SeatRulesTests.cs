using FsCheck;
using FsCheck.Fluent;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Seats;

namespace Licensing.Provisioning.Tests.Seats;

public sealed class SeatRulesTests
{
    private static readonly ProductRules Phone = new("phone",
    [
        new("base", "Base", Minimum: 1, Maximum: 3),
        new("seats", "Seats", ZeroOrMinimum: 5, Maximum: 100, Includes: [new("hours", PerUnit: 48), new("messages", Once: 5_000)]),
        new("elite", "Elite", Includes: [new("messages", Once: 100, PerUnit: 0.5m)]),
        new("bots", "Bots", RequiresAny: ["seats", "elite"], Excludes: ["agents"]),
        new("agents", "Agents", RequiresAll: ["seats", "elite"], Excludes: ["bots"]),
    ]);

    private static Dictionary<string, int> State(params (string Feature, int Quantity)[] held) => held.ToDictionary(h => h.Feature, h => h.Quantity);

    private static List<string> Check(params (string Feature, int Quantity)[] held) =>
        [.. SeatRules.Check(Phone, State(held)).Select(e => $"{e.Pointer} {e.Code}")];

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(-1, false)]
    public void Zero_or_the_minimum_and_up_to_the_maximum(int seats, bool allowed) =>
        (Check(("base", 1), ("seats", seats)).Count == 0).ShouldBe(allowed);

    [Fact]
    public void Every_rule_has_its_code_and_names_its_feature()
    {
        Check().ShouldBe(["/base minimum"]);
        Check(("base", 4)).ShouldBe(["/base maximum"]);
        Check(("base", 1), ("bots", 1)).ShouldBe(["/bots requires_any"]);
        Check(("base", 1), ("agents", 1)).ShouldBe(["/agents requires_all", "/agents requires_all"]);
        Check(("base", 1), ("seats", 5), ("elite", 1), ("bots", 1), ("agents", 1)).ShouldBe(["/bots excludes", "/agents excludes"]);
        Check(("base", 1), ("desks", 0)).ShouldBe(["/desks unknown_feature"]);
        Check(("base", 1), ("seats", -5)).ShouldBe(["/seats negative"]);
    }

    [Fact]
    public void A_message_names_the_field_the_rule_and_the_minimum()
    {
        var error = SeatRules.Check(Phone, State(("base", 1), ("seats", 4)), "/quantities").Single();

        error.ShouldBe(new FieldError("/quantities/seats", "zero_or_minimum", "seats must be 0 or at least 5."));
    }

    [Fact]
    public void Entitlements_are_given_once_and_per_unit_and_say_why()
    {
        var given = Entitlements.Of(Phone, State(("base", 1), ("seats", 10), ("elite", 3)));

        given.Select(e => (e.Key, e.Quantity)).ShouldBe([("hours", 480m), ("messages", 5_101.5m)]);
        given[1].Why.ShouldBe([new("seats", 10, 5_000, 0, 5_000), new("elite", 3, 100, 0.5m, 101.5m)]);
        Entitlements.Of(Phone, State(("base", 1), ("seats", 0))).ShouldBeEmpty();
    }

    private static readonly string[] Names = ["base", "seats", "elite", "bots", "agents", "desks"];

    private static readonly Arbitrary<Dictionary<string, int>> States = (
        from chosen in Gen.ListOf(Gen.Elements(Names).Zip(Gen.OneOf(Gen.Choose(-1, 6), Gen.Choose(0, 120))))
        select chosen.GroupBy(c => c.Item1).ToDictionary(c => c.Key, c => c.Last().Item2)).ToArbitrary();

    [Fact]
    public void The_verdict_depends_on_the_state_alone() => Prop.ForAll(States, state =>
        SeatRules.Check(Phone, state).SequenceEqual(SeatRules.Check(Phone, state.Reverse().ToDictionary())))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void An_absent_feature_is_one_at_zero() => Prop.ForAll(States, state =>
    {
        var stated = Phone.Features.ToDictionary(f => f.Key, f => state.GetValueOrDefault(f.Key));
        foreach (var (feature, quantity) in state)
            stated[feature] = quantity;
        return SeatRules.Check(Phone, state).SequenceEqual(SeatRules.Check(Phone, stated));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_accepted_obeys_every_rule() => Prop.ForAll(States, state =>
    {
        int Of(string feature) => state.GetValueOrDefault(feature);
        var obeys = Of("base") is >= 1 and <= 3 && Of("seats") is 0 or (>= 5 and <= 100) && Of("elite") >= 0 && Of("bots") >= 0 && Of("agents") >= 0
            && (Of("bots") == 0 || ((Of("seats") > 0 || Of("elite") > 0) && Of("agents") == 0))
            && (Of("agents") == 0 || (Of("seats") > 0 && Of("elite") > 0))
            && !state.ContainsKey("desks") && Of("base") is >= 1 and <= 3;
        return SeatRules.Check(Phone, state).Count == 0 == obeys;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_violation_points_at_a_feature_of_the_state_or_the_product() => Prop.ForAll(States, state =>
        SeatRules.Check(Phone, state, "/q").All(e => Names.Contains(e.Pointer["/q/".Length..]) && e.Message.Contains(e.Pointer["/q/".Length..])))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Each_entitlement_is_the_sum_of_its_reasons() => Prop.ForAll(States, state => Entitlements.Of(Phone, state)
        .All(e => e.Quantity == e.Why.Sum(w => w.Once + w.PerUnit * w.Held) && e.Why.All(w => w.Held > 0)))
        .QuickCheckThrowOnFailure();
}
