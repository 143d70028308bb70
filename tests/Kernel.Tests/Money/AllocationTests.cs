using FsCheck;
using FsCheck.Fluent;

namespace Licensing.Kernel.Tests;

public sealed class AllocationTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");

    private static string[] Split(string total, string currency, params decimal[] weights) => [.. Allocation
        .ByLargestRemainder(new Money(decimal.Parse(total), Currency.Parse(currency)), weights).Select(share => share.ToAmountString())];

    private static readonly Arbitrary<(int Cents, List<int> Weights)> Splits = (
        from cents in Gen.Choose(-1_000_000, 1_000_000)
        from weights in Gen.NonEmptyListOf(Gen.Choose(-50, 500))
        select (cents, weights.ToList())).ToArbitrary();

    private static IReadOnlyList<Money> Shares(int cents, List<int> weights) =>
        Allocation.ByLargestRemainder(new Money(cents / 100m, Eur), [.. weights.Select(weight => (decimal)weight)]);

    [Fact]
    public void The_cent_left_over_goes_to_the_largest_remainder()
    {
        Split("100.00", "EUR", 1m, 1m, 1m).ShouldBe(["33.34", "33.33", "33.33"]);
        Split("0.05", "EUR", 3m, 7m).ShouldBe(["0.02", "0.03"]);
        Split("10.00", "EUR", 0.1m, 0m, 0.2m).ShouldBe(["3.33", "0.00", "6.67"]);
        Split("100", "JPY", 1m, 1m, 1m).ShouldBe(["34", "33", "33"]);
        Split("1.000", "KWD", 1m, 2m).ShouldBe(["0.333", "0.667"]);
    }

    // Weights of few digits are shared in whole numbers, all others as fractions.
    [Fact]
    public void In_whole_numbers_and_in_fractions_it_is_the_same() => Prop.ForAll((
            from units in Gen.Choose(int.MinValue, int.MaxValue)
            from currency in Gen.Elements("EUR", "JPY", "KWD")
            from lowest in Gen.Elements(0, 0, 0, -50)
            from weights in Gen.NonEmptyListOf(Gen.Zip(Gen.Choose(lowest, 100_000), Gen.Choose(0, 9)))
            select (units, currency, weights: weights.Select(x => x.Item1 / (decimal)Math.Pow(10, x.Item2)).ToList())).ToArbitrary(), x =>
        {
            var currency = Currency.Parse(x.currency);
            var total = new Money(x.units / (decimal)Math.Pow(10, currency.MinorUnits), currency);
            Allocation.ByLargestRemainder(total, x.weights)
                .ShouldBe(Allocation.ByLargestRemainder(total, [.. x.weights.Select(weight => (Exact)weight)]));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0.00")]
    [InlineData("0.01")]
    [InlineData("-9999999999999999.99")]
    [InlineData("9999999999999999.99")]
    public void So_it_is_at_the_edges(string amount)
    {
        var total = new Money(decimal.Parse(amount), Eur);
        foreach (decimal[] weights in new decimal[][]
        {
            [0m, 0m, 0m], [1m], [0m, 1m], [9_223_372_036_854_775_807m, 1m], [9_223_372_036_854_775_808m, 1m],
            [9_223_372_036.854775807m, 0.000000001m], [0.0000000001m, 3m], [decimal.MaxValue, 1m],
        })
            Allocation.ByLargestRemainder(total, weights)
                .ShouldBe(Allocation.ByLargestRemainder(total, [.. weights.Select(weight => (Exact)weight)]));
    }

    [Fact]
    public void A_negative_total_is_split_as_the_mirror_of_the_positive_one() =>
        Split("-100.00", "EUR", 1m, 1m, 1m).ShouldBe(["-33.34", "-33.33", "-33.33"]);

    [Fact]
    public void Weights_that_sum_to_zero_count_as_equal()
    {
        Split("0.03", "EUR", 0m, 0m).ShouldBe(["0.02", "0.01"]);
        Split("10.00", "EUR", 5m, -5m).ShouldBe(["5.00", "5.00"]);
    }

    [Fact]
    public void Nothing_can_be_split_over_nobody()
    {
        Split("0.00", "EUR").ShouldBeEmpty();
        Should.Throw<ArgumentException>(() => Split("0.01", "EUR"));
        Should.Throw<ArgumentException>(() => Split("0.001", "EUR", 1m));
    }

    [Fact]
    public void Shares_that_are_not_those_of_the_total_are_refused() =>
        Should.Throw<ArgumentException>(() => Allocation.RoundTogether(new Money(1m, Eur), [0.2m, 0.2m]));

    [Fact]
    public void Shares_add_up_to_the_total() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Splits, split =>
        Money.Sum(Eur, Shares(split.Cents, split.Weights)) == new Money(split.Cents / 100m, Eur)));

    [Fact]
    public void A_reversal_takes_back_each_share() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Splits, split =>
        Shares(split.Cents, split.Weights).Select(share => -share).SequenceEqual(Shares(-split.Cents, split.Weights))));

    [Fact]
    public void No_share_is_a_whole_minor_unit_away_from_its_proportion() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Splits, split =>
    {
        var sum = split.Weights.Sum();
        return sum == 0 || Shares(split.Cents, split.Weights).Zip(split.Weights).All(pair =>
        {
            var off = pair.First.Amount - (Exact)split.Cents / 100 * pair.Second / sum;
            return off < 0.01m && off > -0.01m;
        });
    }));
}
