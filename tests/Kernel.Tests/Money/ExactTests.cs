using System.Numerics;
using FsCheck;
using FsCheck.Fluent;

namespace Licensing.Kernel.Tests;

public sealed class ExactTests
{
    // The oracle keeps fractions unreduced and compares by cross-multiplication, which is not how Exact works.
    private readonly record struct Fraction(BigInteger Over, BigInteger Under)
    {
        public bool Is(Exact exact) => Over * exact.Denominator == exact.Numerator * Under;
    }

    private static readonly Gen<BigInteger> Integers =
        from high in Gen.Choose(int.MinValue, int.MaxValue)
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        from small in Gen.Elements(true, false)
        select small ? low % 100 : (BigInteger)high * int.MaxValue * 1_000_000_007 + low;

    private static readonly Gen<Fraction> Fractions =
        from over in Integers
        from under in Integers
        select new Fraction(over, under.IsZero ? 7 : under);

    private static readonly Arbitrary<(Fraction A, Fraction B)> Pairs = Fractions.Two().Select(two => (two.Item1, two.Item2)).ToArbitrary();

    private static Exact Of(Fraction fraction) => new(fraction.Over, fraction.Under);

    [Fact]
    public void Arithmetic_agrees_with_fractions_of_integers() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Pairs, pair =>
    {
        var ((a, b), (c, d)) = pair;
        var (x, y) = (Of(pair.A), Of(pair.B));
        return new Fraction(a * d + c * b, b * d).Is(x + y)
            && new Fraction(a * d - c * b, b * d).Is(x - y)
            && new Fraction(a * c, b * d).Is(x * y)
            && (c.IsZero || new Fraction(a * d, b * c).Is(x / y))
            && x.CompareTo(y) == (a * d * (b * d).Sign).CompareTo(c * b * (b * d).Sign)
            && (x == y) == (a * d == c * b);
    }));

    [Fact]
    public void Rounding_is_half_away_from_zero_at_any_place() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        Fractions.Zip(Gen.Choose(0, 12)).ToArbitrary(), sample =>
        {
            var (exact, unit) = (Of(sample.Item1), BigInteger.Pow(10, sample.Item2));
            var rounded = exact.Round(sample.Item2);
            var off = (exact - rounded) * new Exact(unit, 1);
            var half = new Exact(1, 2);
            // Never further than half a unit, and exactly half only when the result is the one further from zero.
            return (rounded * new Exact(unit, 1)).Denominator.IsOne
                && (off.Sign == exact.Sign ? off < half && off > -half : off <= half && off >= -half);
        }));

    [Fact]
    public void Floor_and_ceiling_enclose_the_number() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Fractions.ToArbitrary(), fraction =>
    {
        var exact = Of(fraction);
        var (floor, ceiling) = (new Exact(exact.Floor(), 1), new Exact(exact.Ceiling(), 1));
        return floor <= exact && exact <= ceiling && ceiling - floor == (exact.Denominator.IsOne ? 0 : 1);
    }));

    [Fact]
    public void What_ends_as_a_decimal_reads_back_as_itself() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        Integers.Zip(Gen.Choose(0, 30)).ToArbitrary(), sample =>
        {
            var exact = new Exact(sample.Item1, BigInteger.Pow(10, sample.Item2));
            return Exact.Parse(exact.ToString()) == exact;
        }));

    [Fact]
    public void Every_decimal_converts_there_and_back() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(
        (from low in Gen.Choose(int.MinValue, int.MaxValue)
         from middle in Gen.Choose(int.MinValue, int.MaxValue)
         from high in Gen.Choose(int.MinValue, int.MaxValue)
         from negative in Gen.Elements(true, false)
         from scale in Gen.Choose(0, 28)
         select new decimal(low, middle, high, negative, (byte)scale)).ToArbitrary(),
        value => ((Exact)value).TryToDecimal(out var back) && back == value && Exact.Parse(value.ToString()) == value));

    [Fact]
    public void The_product_of_the_largest_quantity_and_price_keeps_every_digit() =>
        (Exact.Parse("99999999999999999999.999999999999999999") * Exact.Parse("0.123456789012345678"))
            .ToString().ShouldBe("12345678901234567799.999999999999999999876543210987654322");

    [Fact]
    public void The_default_is_zero()
    {
        default(Exact).ShouldBe(Exact.Parse("0.00"));
        (default(Exact) + 5m).ToString().ShouldBe("5");
        default(Exact).ToString().ShouldBe("0");
    }

    [Fact]
    public void A_number_that_does_not_end_is_shown_to_28_places() =>
        ((Exact)10m * 27 / 31).ToString().ShouldBe("8.7096774193548387096774193548");

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("1.")]
    [InlineData(".1")]
    [InlineData("1.2.3")]
    [InlineData("--1")]
    [InlineData("-1.-5")]
    [InlineData("1e5")]
    [InlineData(" 1")]
    [InlineData(null)]
    public void What_is_not_a_plain_decimal_does_not_parse(string? text) => Exact.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void An_amount_of_more_than_a_trillion_millions_of_minor_units_is_not_money()
    {
        var euro = Currency.Parse("EUR");
        Exact.Parse("10000000000000000.004").TryRound(euro, out var largest).ShouldBeTrue();
        largest.ToAmountString().ShouldBe("10000000000000000.00");
        Exact.Parse("10000000000000000.005").TryRound(euro, out _).ShouldBeFalse();
        Exact.Parse("-10000000000000000.005").TryRound(euro, out _).ShouldBeFalse();
        Should.Throw<OverflowException>(() => Exact.Parse("10000000000000000.005").Round(euro));
    }

    [Fact]
    public void A_decimal_holds_neither_a_third_nor_thirty_digits()
    {
        new Exact(1, 3).TryToDecimal(out _).ShouldBeFalse();
        Exact.Parse("12345678901234567890.1234567891").TryToDecimal(out _).ShouldBeFalse();
        Exact.Parse("0.0000000000000000000000000001").TryToDecimal(out var smallest).ShouldBeTrue();
        smallest.ShouldBe(0.0000000000000000000000000001m);
    }

    /// <summary>
    /// Numbers that fit 64 bits take other ways than those that do not. Around the border, and far from it, both come to what fractions of big
    /// integers are.
    /// </summary>
    [Fact]
    public void Small_and_large_numbers_are_calculated_alike()
    {
        var chance = new Random(4711);
        BigInteger Any() => chance.Next(6) switch
        {
            0 => chance.Next(-3, 4),
            1 => chance.Next(-1_000_000, 1_000_000),
            2 => (BigInteger)chance.NextInt64(long.MinValue, long.MaxValue),
            3 => (BigInteger)long.MaxValue - chance.Next(0, 3),
            4 => (BigInteger)long.MinValue + chance.Next(-2, 3),
            _ => (BigInteger)chance.NextInt64() * chance.NextInt64() * (chance.Next(2) - 1),
        };
        BigInteger AnyUnder() => chance.Next(4) switch
        {
            0 => BigInteger.Pow(10, chance.Next(0, 25)),
            1 => chance.Next(1, 400),
            _ => BigInteger.Max(1, BigInteger.Abs(Any())),
        };
        static void Same(Exact value, BigInteger top, BigInteger under)
        {
            var common = BigInteger.GreatestCommonDivisor(top, under) * under.Sign;
            (value.Numerator, value.Denominator).ShouldBe((top / common, under / common));
            // Whichever way it was reached, it is one and the same number.
            value.ShouldBe(new Exact(top, under));
            value.GetHashCode().ShouldBe(new Exact(top, under).GetHashCode());
        }

        for (var i = 0; i < 20_000; i++)
        {
            var (a, b, c, d) = (Any(), AnyUnder(), Any(), AnyUnder());
            var (one, other) = (new Exact(a, b), new Exact(c, d));
            Same(one, a, b);
            Same(one + other, a * d + c * b, b * d);
            Same(one - other, a * d - c * b, b * d);
            Same(one * other, a * c, b * d);
            Same(-one, -a, b);
            if (!c.IsZero)
                Same(one / other, a * d, b * c);
            one.CompareTo(other).ShouldBe((a * d).CompareTo(c * b));
            one.Sign.ShouldBe(a.Sign);
            var floor = BigInteger.Divide(a - (((a % b) + b) % b), b);
            one.Floor().ShouldBe(floor);
            var places = chance.Next(0, 20);
            var units = (BigInteger.Abs(a) * BigInteger.Pow(10, places) * 2 + b) / (b * 2) * a.Sign;
            Same(one.Round(places), units, BigInteger.Pow(10, places));
            if (one.EndsAsDecimal)
                Exact.Parse(one.ToString()).ShouldBe(one);
            if (one.TryToDecimal(out var value))
                ((Exact)value).ShouldBe(one);
        }
    }
}
