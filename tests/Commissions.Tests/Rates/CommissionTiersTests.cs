using FsCheck;
using FsCheck.Fluent;
using Licensing.Commissions.Rates;

namespace Licensing.Commissions.Tests.Rates;

public sealed class CommissionTiersTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly CommissionTier[] Three = [new(0m, 1_000m, 5m), new(1_000m, 5_000m, 8m), new(5_000m, null, 10m)];

    private static string On(CommissionTiers tiers, decimal basis) => tiers.On(new Money(basis, Eur)).Amount.ToAmountString();

    private static string[] Errors(params CommissionTier[] tiers) =>
        [.. new CommissionTiers(tiers).Validate().Select(error => $"{error.Pointer} {error.Code}")];

    private static readonly Gen<CommissionTiers> Tiers =
        from count in Gen.Choose(0, 4)
        from widths in Gen.ListOf(Gen.Choose(1, 300_000), count)
        from percents in Gen.ListOf(Gen.Choose(0, 10_000), count + 1)
        from mode in Gen.Elements(CommissionMode.Graduated, CommissionMode.Volume)
        select Build(widths, percents, mode);

    private static CommissionTiers Build(IEnumerable<int> widths, IEnumerable<int> percents, CommissionMode mode)
    {
        decimal[] ends = [0m, .. widths.Select(width => width / 100m)];
        for (var i = 1; i < ends.Length; i++)
            ends[i] += ends[i - 1];
        return new([.. percents.Select((percent, i) => new CommissionTier(ends[i], i + 1 < ends.Length ? ends[i + 1] : null, percent / 100m))], mode);
    }

    [Theory]
    [InlineData("0.03", "20", "0.01")]
    [InlineData("0.15", "10", "0.02")]
    [InlineData("5.00", "2.9", "0.15")]
    public void A_commission_is_rounded_once_half_away_from_zero(string basis, string percent, string amount) =>
        On(new([new(0m, null, decimal.Parse(percent))]), decimal.Parse(basis)).ShouldBe(amount);

    [Fact]
    public void Graduated_tiers_pay_each_part_its_own_percentage()
    {
        var commission = new CommissionTiers(Three).On(new Money(7_000m, Eur));
        commission.Amount.ToAmountString().ShouldBe("570.00");
        commission.Steps.Select(step => (step.Basis.ToString(), step.Amount.ToString())).ShouldBe([("1000", "50"), ("4000", "320"), ("2000", "200")]);
    }

    [Fact]
    public void Volume_tiers_pay_the_whole_at_the_percentage_of_its_tier() =>
        On(new(Three, CommissionMode.Volume), 7_000m).ShouldBe("700.00");

    [Theory]
    [InlineData("1000", "50.00", "50.00")]
    [InlineData("1000.01", "50.00", "80.00")]
    [InlineData("5000", "370.00", "400.00")]
    [InlineData("0", "0.00", "0.00")]
    [InlineData("-7000", "-570.00", "-700.00")]
    public void The_end_of_a_tier_still_belongs_to_it(string basis, string graduated, string volume)
    {
        On(new(Three), decimal.Parse(basis)).ShouldBe(graduated);
        On(new(Three, CommissionMode.Volume), decimal.Parse(basis)).ShouldBe(volume);
    }

    [Fact]
    public void Tiers_must_cover_everything_once()
    {
        Errors(Three).ShouldBeEmpty();
        Errors().ShouldBe(["/tiers tiers_missing"]);
        Errors(new CommissionTier(1m, null, 5m)).ShouldBe(["/tiers/0/from tiers_have_gap"]);
        Errors(new(0m, 10m, 5m), new(11m, null, 5m)).ShouldBe(["/tiers/1/from tiers_have_gap"]);
        Errors(new(0m, 10m, 5m), new(9m, null, 5m)).ShouldBe(["/tiers/1/from tiers_have_gap"]);
        Errors(new(0m, null, 5m), new(5m, null, 5m)).ShouldBe(["/tiers/0/to tier_unbounded"]);
        Errors(new CommissionTier(0m, 10m, 5m)).ShouldBe(["/tiers/0/to last_tier_bounded"]);
        Errors(new(0m, 0m, 5m), new(0m, null, 5m)).ShouldBe(["/tiers/0/to tiers_not_ascending"]);
        Errors(new CommissionTier(0m, null, 100.1m)).ShouldBe(["/tiers/0/percent not_a_percentage"]);
        Errors(new CommissionTier(0m, null, -0.1m)).ShouldBe(["/tiers/0/percent not_a_percentage"]);
    }

    [Fact]
    public void The_steps_cover_the_basis_and_crediting_it_takes_the_commission_back() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        Tiers.Zip(Gen.Choose(-2_000_000, 2_000_000)).ToArbitrary(), sample =>
        {
            var (tiers, basis) = (sample.Item1, new Money(sample.Item2 / 100m, Eur));
            var commission = tiers.On(basis);
            return tiers.Validate().Count == 0
                && Exact.Sum(commission.Steps.Select(step => step.Basis)) == basis.Amount
                && Exact.Sum(commission.Steps.Select(step => step.Amount)).Round(Eur) == commission.Amount
                && tiers.On(-basis).Amount == -commission.Amount;
        }));
}
