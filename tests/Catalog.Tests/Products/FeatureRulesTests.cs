using Licensing.Catalog.Contracts;
using Licensing.Catalog.Products;

namespace Licensing.Catalog.Tests.Products;

public sealed class FeatureRulesTests
{
    private static List<string> Check(params FeatureRule[] features) => [.. FeatureRules.Check(features).Select(e => $"{e.Pointer} {e.Code}")];

    [Fact]
    public void The_shipped_product_obeys_its_own_form() => Check([.. CcaasProduct.Features]).ShouldBeEmpty();

    [Fact]
    public void The_shipped_product_has_the_rules_of_the_signed_updates()
    {
        var rules = CcaasProduct.Features.ToDictionary(f => f.Key);

        rules.Where(f => f.Value.ZeroOrMinimum == 5).Select(f => f.Key).Order().ShouldBe(
            ["digitalOnlySeats", "eliteSeats", "essentialSeats", "professionalSeats", "speechAnalyticsSeats"]);
        rules.Where(f => f.Value.ZeroOrMinimum == 10).Select(f => f.Key).Order().ShouldBe(
            ["dialerSeats", "workforceManagementSeats", "workforceOptimizationSeats"]);
        rules["aiMessaging.standardBundles"].RequiresAny.ShouldBe(["professionalSeats", "eliteSeats"]);
        rules["aiMessaging.standardBundles"].Excludes.ShouldBe(["aiMessaging.advancedBundles"]);
        rules["aiMessaging.advancedBundles"].RequiresAny.ShouldBe(["professionalSeats", "eliteSeats"]);
        rules["aiMessaging.advancedBundles"].Excludes.ShouldBe(["aiMessaging.standardBundles"]);
        rules["aiAudioServices.additionalHours"].RequiresAny.ShouldBe(["essentialSeats", "professionalSeats", "eliteSeats"]);
        rules.Count.ShouldBe(12);
        rules.Values.ShouldAllBe(f => f.Maximum == 1_000_000);
    }

    [Fact]
    public void There_is_at_least_one_feature_and_none_twice()
    {
        Check().ShouldBe(["/features count"]);
        Check(new("a", "A"), new("a", "A")).ShouldBe(["/features/1/key duplicate"]);
        Check(new("a", "A"), null!).ShouldBe(["/features/1 required"]);
        Check(new FeatureRule("A b", " ")).ShouldBe(["/features/0/key invalid_key", "/features/0/name name"]);
    }

    [Fact]
    public void Rules_refer_to_other_features_of_the_product() => Check(
        new FeatureRule("a", "A", RequiresAny: ["b"], RequiresAll: ["a"], Excludes: [null!]))
        .ShouldBe(["/features/0/requiresAny/0 unknown_feature", "/features/0/requiresAll/0 contradiction", "/features/0/excludes/0 unknown_feature"]);

    [Fact]
    public void Bounds_leave_room()
    {
        Check(new FeatureRule("a", "A", Minimum: 5, Maximum: 4)).ShouldBe(["/features/0/maximum contradiction"]);
        Check(new FeatureRule("a", "A", Minimum: -1, Maximum: -1)).ShouldBe(["/features/0/minimum out_of_range", "/features/0/maximum out_of_range"]);
        Check(new FeatureRule("a", "A", ZeroOrMinimum: 0)).ShouldBe(["/features/0/zeroOrMinimum out_of_range"]);
        Check(new FeatureRule("a", "A", ZeroOrMinimum: 5, Maximum: 4)).ShouldBe(["/features/0/maximum contradiction"]);
        Check(new FeatureRule("a", "A", Minimum: 1, ZeroOrMinimum: 5)).ShouldBe(["/features/0/zeroOrMinimum contradiction"]);
    }

    [Fact]
    public void Every_feature_can_be_held()
    {
        Check(new("a", "A", RequiresAll: ["b"], Excludes: ["c"]), new("b", "B", RequiresAll: ["c"]), new("c", "C"))
            .ShouldBe(["/features/0/requiresAll contradiction"]);
        Check(new("a", "A", RequiresAny: ["b"], Excludes: ["b"]), new("b", "B")).ShouldBe(["/features/0/requiresAny contradiction"]);
        Check(new("a", "A", Minimum: 1, Excludes: ["b"]), new("b", "B", Minimum: 1)).ShouldBe(["/features contradiction"]);
        Check(new("a", "A", Minimum: 1, RequiresAll: ["b"]), new("b", "B", Maximum: 0)).ShouldBe(["/features contradiction"]);
    }

    [Fact]
    public void Every_feature_can_be_held_with_what_it_needs_in_turn_and_with_what_is_always_needed()
    {
        // What it needs one of excludes it, or needs what does.
        Check(new("a", "A", RequiresAny: ["b"]), new("b", "B", Excludes: ["a"])).ShouldBe(["/features/0 contradiction"]);
        Check(new("a", "A", RequiresAny: ["b"]), new("b", "B", RequiresAll: ["c"]), new("c", "C", Excludes: ["a"]))
            .ShouldBe(["/features/0 contradiction"]);
        Check(new("a", "A", RequiresAny: ["b"]), new("b", "B", RequiresAny: ["c"]), new("c", "C", Maximum: 0))
            .ShouldBe(["/features/1/requiresAny contradiction"]);
        Check(new("a", "A", RequiresAll: ["b"]), new("b", "B", Maximum: 0)).ShouldBe(["/features/0 contradiction"]);
        Check(new("a", "A", Minimum: 1), new("b", "B", Excludes: ["a"])).ShouldBe(["/features/1 contradiction"]);
        Check(new("a", "A", Minimum: 1, RequiresAny: ["b", "c"]), new("b", "B", Excludes: ["a"]), new("c", "C", Excludes: ["a"]))
            .ShouldBe(["/features contradiction"]);
        // Another way is enough, and what is off sale need not be to be had.
        Check(new("a", "A", RequiresAny: ["b", "c"]), new("b", "B", Excludes: ["a"]), new("c", "C")).ShouldBeEmpty();
        Check(new("a", "A", Maximum: 0, RequiresAll: ["b"]), new("b", "B", Excludes: ["a"])).ShouldBeEmpty();
        Check(new("a", "A", Maximum: 0), new("b", "B", Maximum: 0, RequiresAny: ["a"])).ShouldBeEmpty();
        Check(new("a", "A", Maximum: 0, RequiresAny: ["b"]), new("b", "B", Excludes: ["a"])).ShouldBeEmpty();
    }

    [Fact]
    public void A_reference_is_there_once() => Check(
        new("a", "A", RequiresAny: ["b", "c", "b"], RequiresAll: ["b", "b"]), new("b", "B"), new("c", "C", Excludes: ["d", "d"]), new("d", "D"))
        .ShouldBe(["/features/0/requiresAny/2 duplicate", "/features/0/requiresAll/1 duplicate", "/features/2/excludes/1 duplicate"]);

    [Fact]
    public void What_has_no_way_is_found_among_ever_so_many_ways_of_the_rest()
    {
        // Each of twenty has three ways that stand free, and one has none: it is the last by its key.
        var wide = Enumerable.Range(0, 20).Select(i => $"w{(char)('a' + i)}").ToList();

        Check(
        [
            new("all", "All", RequiresAll: [.. wide, "z"]), new("x", "X", Excludes: ["all"]),
            new("y", "Y", Excludes: ["wa"]),
            .. wide.Select(w => new FeatureRule(w, w, RequiresAny: [w + "x", w + "y", w + "z"])),
            .. wide.SelectMany(w => "xyz".Select(c => new FeatureRule(w + c, w))),
            new("z", "Z", RequiresAny: ["x", "y"]),
        ]).ShouldBe(["/features/0 contradiction"]);
    }

    [Fact]
    public void What_has_the_fewest_choices_is_tried_first()
    {
        // Each of twenty has three ways that stand free. The last has one, and only taking it shows that there is none behind it.
        var wide = Enumerable.Range(0, 20).Select(i => $"w{(char)('a' + i)}").ToList();

        Check(
        [
            new("all", "All", RequiresAll: [.. wide, "z"]),
            .. wide.Select(w => new FeatureRule(w, w, RequiresAny: [w + "x", w + "y", w + "z"])),
            .. wide.SelectMany(w => "xyz".Select(c => new FeatureRule(w + c, w))),
            new("z", "Z", RequiresAny: ["y"]), new("y", "Y", RequiresAny: ["p", "q"]),
            new("p", "P", Excludes: ["all"]), new("q", "Q", Excludes: ["all"]),
        ]).ShouldBe(["/features/0 contradiction"]);
    }

    [Fact]
    public void Rules_with_more_ways_than_anyone_tries_are_left_to_the_engine()
    {
        // Each needs one of the next three, and the last three exclude all before them: there is no way, and ever so many to try.
        var keys = Enumerable.Range(0, 60).Select(i => $"f{(char)('a' + (i / 26))}{(char)('a' + (i % 26))}").ToList();

        var found = Check([.. keys.Select((key, i) =>
            i < 57 ? new FeatureRule(key, key, RequiresAny: keys[(i + 1)..(i + 4)]) : new FeatureRule(key, key, Excludes: keys[..56]))]);

        // What comes late is looked at nevertheless.
        found.ShouldNotContain("/features/0 contradiction");
        found.ShouldContain("/features/50 contradiction");
        found[^1].ShouldBe("/features/55 contradiction");
    }

    [Fact]
    public void Inclusions_include_something() => Check(
        new FeatureRule("a", "A", Includes: [new("x"), new("x", PerUnit: -1), new("X", Once: 1), null!, new("y", Once: 1)]))
        .ShouldBe(
        [
            "/features/0/includes/0 out_of_range", "/features/0/includes/1 out_of_range", "/features/0/includes/2/entitlement invalid_key",
            "/features/0/includes/3/entitlement invalid_key",
        ]);
}
