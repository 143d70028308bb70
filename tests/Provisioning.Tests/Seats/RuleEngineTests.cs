using FsCheck;
using FsCheck.Fluent;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Licensing.Provisioning.Tests.Subscriptions;

namespace Licensing.Provisioning.Tests.Seats;

/// <summary>The rule engine on products that nobody thought of, against what the rules say in words.</summary>
public sealed class RuleEngineTests
{
    private static readonly string[] Keys = ["alpha", "bravo", "Charlie", "delta~/x", "echo"];
    private static readonly string[] Entitlements = ["hours", "messages", "lines"];

    /// <summary>A product, where a tenant begins, and what is then asked for on which day from today.</summary>
    internal sealed record Course(ProductRules Rules, Dictionary<string, int> Start, List<(int Day, Dictionary<string, int> Changes)> Steps);

    private static Gen<int> Seldom(int often, Gen<int> gen) => Gen.Frequency((often, Gen.Constant(0)), (1, gen));

    private static readonly Gen<FeatureRule> Features =
        from minimum in Seldom(6, Gen.Choose(1, 3))
        from maximum in Seldom(1, Gen.Choose(3, 12))
        from zeroOr in Seldom(2, Gen.Choose(2, 6))
        from any in Seldom(2, Gen.Choose(1, 31))
        from all in Seldom(4, Gen.Choose(1, 31))
        from excluded in Seldom(3, Gen.Choose(1, 31))
        from once in Gen.Choose(0, 5)
        from per in Gen.Choose(0, 9)
        from given in Gen.Choose(0, 7)
        select new FeatureRule(
            "", "", minimum == 0 ? null : minimum, maximum == 0 ? null : maximum, zeroOr == 0 ? null : zeroOr, Of(any, Keys), Of(all, Keys),
            Of(excluded, Keys),
            [.. Of(given, Entitlements).Select(e => new FeatureInclusion(e, once, per / 4m))]);

    private static readonly Gen<ProductRules> Products =
        from features in Gen.ArrayOf(Features, Keys.Length)
        from count in Gen.Choose(1, Keys.Length)
        from twist in Gen.Choose(0, count - 1)
        select new ProductRules("thing",
        [
            .. features.Take(count).Select((f, i) => f with
            {
                Key = Keys[(i + twist) % count],
                // What names itself would be a rule that the catalog refuses.
                RequiresAny = [.. f.RequiresAny!.Where(k => k != Keys[(i + twist) % count])],
                RequiresAll = [.. f.RequiresAll!.Where(k => k != Keys[(i + twist) % count])],
                Excludes = [.. f.Excludes!.Where(k => k != Keys[(i + twist) % count])],
            }),
        ]);

    private static readonly Gen<Dictionary<string, int>> States =
        from held in Gen.ListOf(
            Gen.Elements([.. Keys, "nothing"]).Zip(Gen.Frequency((3, Gen.Constant(0)), (8, Gen.Choose(0, 8)), (1, Gen.Choose(-1, 14)))))
        select held.GroupBy(h => h.Item1).ToDictionary(g => g.Key, g => g.Last().Item2);

    private static readonly Arbitrary<(ProductRules Rules, Dictionary<string, int> State)> Cases = Products.Zip(States)
        .Select(c => (c.Item1, c.Item2)).ToArbitrary();

    private static readonly Arbitrary<Course> Courses = (
        from rules in Products
        from starts in Gen.ListOf(States)
        from steps in Gen.ListOf(Gen.Choose(0, 6).Zip(States))
        select new Course(
            rules, starts.Append([]).Select(s => Known(rules, s)).FirstOrDefault(s => Verdict(rules, s).Count == 0) ?? [],
            [.. steps.Select(s => (s.Item1, s.Item2))])).ToArbitrary();

    private static List<string> Of(int bits, string[] names) => [.. names.Where((_, i) => (bits >> i & 1) == 1)];

    private static Dictionary<string, int> Known(ProductRules rules, Dictionary<string, int> state) =>
        state.Where(s => rules.Features.Any(f => f.Key == s.Key)).ToDictionary();

    // The rules once more, as a plain list of what is forbidden.
    private static HashSet<(string Feature, string Code, string About)> Verdict(ProductRules rules, Dictionary<string, int> state)
    {
        var broken = new HashSet<(string, string, string)>();
        int Held(string key) => state.TryGetValue(key, out var quantity) ? quantity : 0;
        foreach (var key in state.Keys)
            if (!rules.Features.Any(f => f.Key == key))
                broken.Add((key, "unknown_feature", ""));
        foreach (var rule in rules.Features)
        {
            var held = Held(rule.Key);
            if (held < 0)
            {
                broken.Add((rule.Key, "negative", ""));
                continue;
            }

            if (rule.Minimum is { } least && held < least)
                broken.Add((rule.Key, "minimum", ""));
            if (rule.Maximum is { } most && held > most)
                broken.Add((rule.Key, "maximum", ""));
            if (held == 0)
                continue;
            if (rule.ZeroOrMinimum is { } floor && held < floor)
                broken.Add((rule.Key, "zero_or_minimum", ""));
            if (rule.RequiresAny!.Count > 0 && rule.RequiresAny.All(k => Held(k) <= 0))
                broken.Add((rule.Key, "requires_any", ""));
            foreach (var other in rule.RequiresAll!)
                if (Held(other) <= 0)
                    broken.Add((rule.Key, "requires_all", other));
            foreach (var other in rule.Excludes!)
                if (Held(other) > 0)
                    broken.Add((rule.Key, "excludes", other));
        }

        return broken;
    }

    private static Dictionary<string, int> On(Subscription subscription, DateOnly day) => new(subscription.QuantitiesOn(day));

    private static Subscription Begin(Course course) => Subscription.Open(
        Made.Tenant, PlanFrom.Of(Made.PlanWith(product: "thing"), Made.Today, Made.Now), course.Start, null, null, Made.Now);

    private static Result<QuantitiesSet> Set(Subscription subscription, ProductRules rules, int day, Dictionary<string, int> changes) =>
        subscription.SetQuantities(
        changes, Made.Today.AddDays(day), new Dictionary<string, ProductRules> { ["thing"] = rules }, Made.Today, "");

    private static bool Same(IReadOnlyDictionary<string, int> a, IReadOnlyDictionary<string, int> b) => a.Text() == b.Text();

    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(400);

    [Fact]
    public void No_state_that_can_be_reached_breaks_a_rule_today_or_later()
    {
        var (accepted, refused) = (0, 0);
        Prop.ForAll(Courses, course =>
        {
            var subscription = Begin(course);
            if (Verdict(course.Rules, course.Start).Count > 0)
                return true;
            foreach (var (day, changes) in course.Steps)
            {
                var before = subscription.History;
                if (Set(subscription, course.Rules, day, changes).Refusal is null)
                    accepted++;
                else if (refused++ >= 0 && !ReferenceEquals(before, subscription.History))
                    return false;
                for (var ahead = 0; ahead <= 8; ahead++)
                    if (Verdict(course.Rules, On(subscription, Made.Today.AddDays(ahead))).Count > 0)
                        return false;
            }

            return true;
        }).Check(Many);
        // Not because nothing was ever accepted or refused.
        accepted.ShouldBeGreaterThan(300);
        refused.ShouldBeGreaterThan(300);
    }

    [Fact]
    public void A_change_and_its_reverse_lead_back_on_every_day()
    {
        var reversed = 0;
        Prop.ForAll(Courses, course =>
        {
            var subscription = Begin(course);
            if (Verdict(course.Rules, course.Start).Count > 0)
                return true;
            foreach (var (day, changes) in course.Steps)
            {
                var before = Enumerable.Range(0, 9).Select(ahead => On(subscription, Made.Today.AddDays(ahead))).ToList();
                if (Set(subscription, course.Rules, day, changes).Refusal is not null)
                    continue;
                var reverse = changes.Keys.ToDictionary(k => k, k => before[day].GetValueOrDefault(k));
                // What the change overwrote of an earlier one for the same day comes back with it.
                if (Set(subscription, course.Rules, day, reverse).Refusal is not null
                    || !before.Select((state, ahead) => Same(state, On(subscription, Made.Today.AddDays(ahead)))).All(same => same))
                    return false;
                reversed++;
                Set(subscription, course.Rules, day, changes);
            }

            return true;
        }).Check(Many);
        reversed.ShouldBeGreaterThan(300);
    }

    [Fact]
    public void The_order_of_fields_never_matters() => Prop.ForAll(Courses, course =>
    {
        var (forward, backward) = (Begin(course), Begin(course));
        foreach (var (day, changes) in course.Steps)
        {
            var one = Set(forward, course.Rules, day, changes);
            var other = Set(backward, course.Rules, day, changes.Reverse().ToDictionary());
            if (!(one.Refusal?.Fields ?? []).SequenceEqual(other.Refusal?.Fields ?? [])
                || !Same(On(forward, Made.Today.AddDays(9)), On(backward, Made.Today.AddDays(9))))
                return false;
        }

        return true;
    }).Check(Many);

    [Fact]
    public void All_violations_are_told_at_once_in_the_order_of_the_product() => Prop.ForAll(Cases, drawn =>
    {
        var (rules, state) = drawn;
        var told = SeatRules.Check(rules, state, "/q");
        var features = told.Select(e => e.Pointer["/q/".Length..].Replace("~1", "/").Replace("~0", "~")).ToList();
        var expected = Verdict(rules, state);
        var order = state.Keys.Where(k => rules.Features.All(f => f.Key != k)).Order(StringComparer.Ordinal).Concat(rules.Features.Select(f => f.Key))
            .ToList();
        return told.Count == expected.Count
            && told.Zip(features).Select(e => (e.Second, e.First.Code)).Order().SequenceEqual(expected.Select(e => (e.Feature, e.Code)).Order())
            && expected.All(e => told.Zip(features).Any(t => t.Second == e.Feature && t.First.Code == e.Code && t.First.Message.Contains(e.About)))
            && features.Select(f => order.IndexOf(f)).SequenceEqual(features.Select(f => order.IndexOf(f)).Order())
            && told.SequenceEqual(SeatRules.Check(rules, state.Reverse().ToDictionary(), "/q"));
    }).Check(Many);

    [Fact]
    public void What_is_derived_is_what_one_would_add_up_by_hand() => Prop.ForAll(Cases, drawn =>
    {
        var (rules, state) = drawn;
        var sums = new Dictionary<string, decimal>();
        foreach (var feature in rules.Features)
            for (var unit = 0; unit < state.GetValueOrDefault(feature.Key); unit++)
                foreach (var inclusion in feature.Includes!)
                    sums[inclusion.Entitlement] = sums.GetValueOrDefault(inclusion.Entitlement) + inclusion.PerUnit
                        + (unit == 0 ? inclusion.Once : 0);
        var derived = Provisioning.Seats.Entitlements.Of(rules, state);
        return derived.Select(e => (e.Key, e.Quantity)).SequenceEqual(sums.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Key, s.Value)))
            && derived.All(e => e.Quantity == e.Why.Sum(w => w.Amount) && e.Why.All(w => state[w.Feature] == w.Held));
    }).Check(Many);
}
