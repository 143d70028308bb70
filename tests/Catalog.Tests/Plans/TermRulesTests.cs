using Licensing.Catalog.Contracts;
using Licensing.Catalog.Plans;

namespace Licensing.Catalog.Tests.Plans;

public sealed class TermRulesTests
{
    private static List<(string, string)> Check(PlanTermsRef terms) =>
        [.. TermRules.Check(terms, new HashSet<string> { "calls", "a/b" }, new HashSet<string> { "ccaas" }).Select(e => (e.Pointer, e.Code))];

    [Fact]
    public void What_is_not_said_breaks_nothing() => Check(new PlanTermsRef()).ShouldBeEmpty();

    [Fact]
    public void A_full_set_of_terms_is_fine() => Check(new PlanTermsRef
    {
        TermMonths = 12,
        AutoRenew = false,
        RenewalWindowDays = new RenewalWindow(60, 15),
        IncreaseAllowed = true,
        DecreaseAllowed = false,
        EarlyCancellation = new EarlyCancellation(true, 50),
        Transferable = false,
        Quotas = new Dictionary<string, decimal> { ["calls"] = 1.5m, ["a/b"] = 0 },
        Prerequisites = ["ccaas"],
    }).ShouldBeEmpty();

    [Fact]
    public void Every_violation_is_named_at_once() => Check(new PlanTermsRef
    {
        TermMonths = 121,
        RenewalWindowDays = new RenewalWindow(-1, 366),
        EarlyCancellation = new EarlyCancellation(false, 100.5m),
        Quotas = new Dictionary<string, decimal> { ["a/b"] = -1, ["x/y"] = 1 },
        Prerequisites = ["ccaas", "none", "ccaas"],
    }).ShouldBe(
    [
        ("/terms/termMonths", "out_of_range"),
        ("/terms/renewalWindowDays/before", "out_of_range"),
        ("/terms/renewalWindowDays/after", "out_of_range"),
        ("/terms/earlyCancellation/feePercent", "out_of_range"),
        ("/terms/earlyCancellation/feePercent", "contradiction"),
        ("/terms/quotas/a~1b", "out_of_range"),
        ("/terms/quotas/x~1y", "unknown_meter"),
        ("/terms/prerequisites/1", "unknown_product"),
        ("/terms/prerequisites/2", "duplicate"),
    ]);

    [Fact]
    public void What_is_about_a_term_needs_one() => Check(new PlanTermsRef
    {
        AutoRenew = false,
        RenewalWindowDays = new RenewalWindow(10, 0),
        EarlyCancellation = new EarlyCancellation(true, 10),
        IncreaseAllowed = false,
        DecreaseAllowed = false,
        Transferable = false,
    }).ShouldBe(
    [
        ("/terms/autoRenew", "needs_term"),
        ("/terms/renewalWindowDays", "needs_term"),
        ("/terms/earlyCancellation", "needs_term"),
        ("/terms/increaseAllowed", "needs_term"),
        ("/terms/decreaseAllowed", "needs_term"),
    ]);

    [Theory]
    [InlineData(1, 31, 31)]
    [InlineData(1, 32, 0, "before")]
    [InlineData(1, 0, 32, "after")]
    [InlineData(2, 63, 63, "before", "after")]
    [InlineData(12, 365, 365)]
    public void A_window_to_renew_is_no_longer_than_the_term(int months, int before, int after, params string[] refused) =>
        Check(new PlanTermsRef { TermMonths = months, RenewalWindowDays = new RenewalWindow(before, after) })
            .ShouldBe(refused.Select(field => ($"/terms/renewalWindowDays/{field}", "longer_than_term")));

    [Fact]
    public void Lists_are_bounded() => Check(new PlanTermsRef
    {
        Quotas = Enumerable.Range(0, 101).ToDictionary(i => $"m{i}", _ => 1m),
        Prerequisites = [.. Enumerable.Repeat("ccaas", 21)],
    }).ShouldBe([("/terms/quotas", "count"), ("/terms/prerequisites", "count")]);
}
