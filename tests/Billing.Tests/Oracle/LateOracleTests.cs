namespace Licensing.Billing.Tests.Oracle;

/// <summary>What the late months of chance have, so that their agreement says something; and that credit and credit notes come back once.</summary>
[Trait("Fault", "F33")]
public sealed class LateOracleTests
{
    [Fact]
    public void The_late_months_of_chance_have_everything_that_can_go_back()
    {
        var months = Enumerable.Range(0, 6_000).Select(LateOracle.Of).OfType<LateOracle.LateMonthOfChance>().ToList();
        foreach (var (what, has) in new Dictionary<string, bool>
        {
            ["money that goes back to credits"] = months.Exists(x => x.Given.Any(use => use.Reduction.Quantity is null)),
            ["units that go back"] = months.Exists(x => x.Given.Any(use => use.Reduction.Quantity is not null)),
            ["a part of the units"] = months.Exists(x => x.Given.Any(use => use.Reduction.Quantity is not null
                && x.Before.Uses.Any(own => own.Reduction.Id == use.Reduction.Id && own.Consumed > -use.Consumed))),
            ["money and credit of one thing"] = months.Exists(x => x.Corrected.Any(c => c.Line.Credit.Amount < 0 && c.Line.Net.Amount < 0)),
            ["credit alone"] = months.Exists(x => x.Corrected.Any(c => c.Line.Credit.Amount < 0 && c.Line.Net.Amount == 0)),
            ["credit that pays again"] = months.Exists(x => x.Taken.Any(use => use.Amount.Sign > 0)),
            ["credit that was spent meanwhile"] = months.Exists(x => x.IsSpent && x.Undone.Any(c => c.Line.Credit.Amount > 0)),
            ["money instead of spent credit"] = months.Exists(x => x.IsSpent && x.Given.Count > 0
                && x.Taken.Sum(use => use.Amount.Sign) < x.Given.Count),
            ["credit notes in full"] = months.Exists(x => x.Before.Charges.Any(c => x.Noted.GetValueOrDefault(Oracle.Text(c).Key) == c.Line.Net.Amount
                && c.Line.Net.Amount != 0)),
            ["corrections of what was credited"] = months.Exists(x => x.Corrected.Any(c => x.Noted.ContainsKey(Oracle.Text(c).Key))),
        })
            has.ShouldBeTrue(what);
    }
}
