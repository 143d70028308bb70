using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>
/// A number without limit of size or precision: a fraction of two integers in lowest terms. Rating calculates with it, so that
/// nothing overflows and nothing is rounded before the one rounding of a line. It is a fraction and not a long decimal because
/// price × days / days in the period does not end as a decimal.
/// </summary>
/// <remarks>
/// Nearly all numbers of a bill fit two 64-bit integers, whose products and sums fit 128 bits; those that do not are kept as big integers. A number
/// that fits is never kept as one that does not, so that equal numbers are equal in memory.
/// </remarks>
[JsonConverter(typeof(ExactJsonConverter))]
public readonly record struct Exact : IComparable<Exact>
{
    /// <summary>Places after the point to which <see cref="ToString"/> shows a number that does not end.</summary>
    private const int ShownPlaces = 28;

    /// <summary>The most places whose power of ten fits 64 bits.</summary>
    private const int SmallPlaces = 18;

    private static readonly long[] PowersOfTen = [.. Enumerable.Range(0, SmallPlaces + 1).Select(places => (long)BigInteger.Pow(10, places))];

    private readonly long _top;

    // One less than the denominator, so that the default value is 0/1 and equal to any other zero.
    private readonly long _underLessOne;

    // Then the other two are 0.
    private readonly Big? _big;

    private sealed record Big(BigInteger Top, BigInteger Under);

    /// <exception cref="DivideByZeroException"><paramref name="denominator"/> is zero.</exception>
    public Exact(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
            throw new DivideByZeroException();

        var divisor = denominator.IsOne ? BigInteger.One : BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        var (top, under) = divisor.IsOne ? (numerator, denominator) : (numerator / divisor, denominator / divisor);
        if (BigInteger.Abs(top) <= long.MaxValue && under <= long.MaxValue)
            (_top, _underLessOne) = ((long)top, (long)under - 1);
        else
            _big = new(top, under);
    }

    // In lowest terms already.
    private Exact(Int128 top, Int128 under)
    {
        if (top <= long.MaxValue && top >= -long.MaxValue && under <= long.MaxValue)
            (_top, _underLessOne) = ((long)top, (long)under - 1);
        else
            _big = new(top, under);
    }

    public static Exact Zero => default;

    public BigInteger Numerator => _big?.Top ?? _top;

    /// <summary>Always positive, and without a common factor with <see cref="Numerator"/>.</summary>
    public BigInteger Denominator => _big?.Under ?? Under;

    public int Sign => _big is null ? Math.Sign(_top) : _big.Top.Sign;

    /// <summary>Whether some number of places after the point holds all of it.</summary>
    public bool EndsAsDecimal => TryScale(out _);

    private long Under => _underLessOne + 1;

    public static implicit operator Exact(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var scale = (bits[3] >> 16) & 0xFF;
        var low = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        if (bits[2] == 0 && low <= long.MaxValue && scale <= SmallPlaces)
        {
            var common = Common((long)low, PowersOfTen[scale]);
            return new((Int128)(bits[3] < 0 ? -(long)low / common : (long)low / common), PowersOfTen[scale] / common);
        }

        var digits = ((BigInteger)(uint)bits[2] << 64) + low;
        return new(value < 0m ? -digits : digits, BigInteger.Pow(10, scale));
    }

    public static Exact operator +(Exact left, Exact right)
    {
        if (left._big is not null || right._big is not null)
            return new(left.Numerator * right.Denominator + right.Numerator * left.Denominator, left.Denominator * right.Denominator);

        var (a, b) = (left.Under, right.Under);
        if (a == 1 && b == 1)
            return new((Int128)left._top + right._top, Int128.One);

        // What the sum can have in common with the product of the denominators is in what they have in common.
        var shared = Common(a, b);
        var top = (Int128)left._top * (b / shared) + (Int128)right._top * (a / shared);
        var common = Common((long)(top % shared), shared);
        return new(top / common, (Int128)(a / shared) * (b / common));
    }

    public static Exact operator -(Exact left, Exact right) => left + -right;

    public static Exact operator -(Exact value) =>
        value._big is null ? new(-(Int128)value._top, value.Under) : new(-value.Numerator, value.Denominator);

    public static Exact operator *(Exact left, Exact right)
    {
        if (left._big is not null || right._big is not null)
            return new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

        var (one, other) = (Common(left._top, right.Under), Common(right._top, left.Under));
        return new((Int128)(left._top / one) * (right._top / other), (Int128)(left.Under / other) * (right.Under / one));
    }

    public static Exact operator /(Exact left, Exact right)
    {
        if (left._big is not null || right._big is not null || right._top == 0)
            return new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);
        return left * new Exact((Int128)right.Under * Math.Sign(right._top), Math.Abs(right._top));
    }

    public static bool operator <(Exact left, Exact right) => left.CompareTo(right) < 0;

    public static bool operator >(Exact left, Exact right) => left.CompareTo(right) > 0;

    public static bool operator <=(Exact left, Exact right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Exact left, Exact right) => left.CompareTo(right) >= 0;

    public static Exact Min(Exact left, Exact right) => left <= right ? left : right;

    public static Exact Max(Exact left, Exact right) => left >= right ? left : right;

    public static Exact Sum(IEnumerable<Exact> values)
    {
        var sum = Zero;
        foreach (var value in values)
            sum += value;
        return sum;
    }

    public int CompareTo(Exact other) => _big is null && other._big is null
        ? ((Int128)_top * other.Under).CompareTo((Int128)other._top * Under)
        : (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>The largest integer that is not above this number.</summary>
    public BigInteger Floor()
    {
        if (_big is null)
            return Under == 1 ? _top : _top / Under - (_top < 0 && _top % Under != 0 ? 1 : 0);
        var whole = BigInteger.DivRem(Numerator, Denominator, out var rest);
        return rest.Sign < 0 ? whole - 1 : whole;
    }

    /// <summary>The smallest integer that is not below this number.</summary>
    public BigInteger Ceiling() => -(-this).Floor();

    /// <summary>Rounded half away from zero to <paramref name="places"/> digits after the point.</summary>
    public Exact Round(int places) => new(ToUnits(places), BigInteger.Pow(10, places));

    /// <summary>Rounded half away from zero to the minor unit. False above <see cref="Money.MaxMinorUnits"/>, of either sign.</summary>
    public bool TryRound(Currency currency, out Money money)
    {
        var units = ToUnits(currency.MinorUnits);
        var fits = BigInteger.Abs(units) <= Money.MaxMinorUnits;
        money = fits ? FromMinorUnits(units, currency) : default;
        return fits;
    }

    /// <summary>As <see cref="TryRound"/>, for amounts known to be in range.</summary>
    /// <exception cref="OverflowException">More than <see cref="Money.MaxMinorUnits"/>.</exception>
    public Money Round(Currency currency) =>
        TryRound(currency, out var money) ? money : throw new OverflowException($"{this} {currency} is more than can be billed.");

    /// <summary>False when a decimal cannot hold this number without rounding it.</summary>
    public bool TryToDecimal(out decimal value)
    {
        value = 0m;
        return TryScale(out var scale) && scale <= 28 && TryDecimal(Numerator * BigInteger.Pow(10, scale) / Denominator, scale, out value);
    }

    /// <summary>Reads an optional minus sign, digits, and optionally a point and more digits; ASCII only.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Exact value)
    {
        value = default;
        // Longer than any sum of products of what travels; bounds the work that a hostile text can cause.
        if (text is null or { Length: > 256 })
            return false;

        var digits = text.StartsWith('-') ? text[1..] : text;
        var point = digits.IndexOf('.');
        var places = point < 0 ? 0 : digits.Length - point - 1;
        if (point == 0 || (point > 0 && places == 0))
            return false;
        if (!BigInteger.TryParse(point < 0 ? digits : digits.Remove(point, 1), NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
            return false;

        value = new(text.StartsWith('-') ? -whole : whole, BigInteger.Pow(10, places));
        return true;
    }

    /// <exception cref="FormatException"><paramref name="text"/> is not a plain decimal number.</exception>
    public static Exact Parse(string text) =>
        TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is not a decimal number.");

    /// <summary>
    /// All digits, without exponent or trailing zeros. A number that does not end (10 × 27/31) is shown rounded
    /// half away from zero to 28 places, and is the only one that does not parse back to itself.
    /// </summary>
    public override string ToString()
    {
        if (!TryScale(out var scale))
            return Round(ShownPlaces).ToString();

        var digits = (_big is null && scale <= SmallPlaces
            ? ((UInt128)Math.Abs(_top) * (ulong)(PowersOfTen[scale] / Under)).ToString(CultureInfo.InvariantCulture)
            : (BigInteger.Abs(Numerator) * BigInteger.Pow(10, scale) / Denominator).ToString(CultureInfo.InvariantCulture)).PadLeft(scale + 1, '0');
        return (Sign < 0 ? "-" : "") + (scale == 0 ? digits : digits.Insert(digits.Length - scale, "."));
    }

    internal static Money FromMinorUnits(BigInteger units, Currency currency) => TryDecimal(units, currency.MinorUnits, out var amount)
        ? new(amount, currency)
        : throw new OverflowException($"{units} minor units of {currency}.");

    private BigInteger ToUnits(int places)
    {
        if (_big is null && places <= SmallPlaces)
        {
            var half = (UInt128)Math.Abs(_top) * (ulong)PowersOfTen[places] * 2 + (ulong)Under;
            return (BigInteger)(half / ((UInt128)(ulong)Under * 2)) * Math.Sign(_top);
        }

        var doubled = BigInteger.Abs(Numerator) * BigInteger.Pow(10, places) * 2 + Denominator;
        return doubled / (Denominator * 2) * Sign;
    }

    /// <summary>The fewest places after the point that hold the whole number; false when no number of places does.</summary>
    private bool TryScale(out int scale)
    {
        var (twos, fives) = (0, 0);
        if (_big is null)
        {
            twos = BitOperations.TrailingZeroCount(Under);
            var odd = Under >> twos;
            for (; odd % 5 == 0; fives++)
                odd /= 5;
            scale = Math.Max(twos, fives);
            return odd == 1;
        }

        var rest = Denominator;
        for (; rest.IsEven; twos++)
            rest >>= 1;
        for (; rest % 5 == 0; fives++)
            rest /= 5;
        scale = Math.Max(twos, fives);
        return rest.IsOne;
    }

    // Greatest common divisor, of whatever sign; of 0 and n it is n.
    private static long Common(long a, long b)
    {
        (a, b) = (Math.Abs(a), Math.Abs(b));
        if (a == 1 || b == 1)
            return 1;
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }

    private static bool TryDecimal(BigInteger units, int scale, out decimal value)
    {
        var digits = BigInteger.Abs(units);
        value = 0m;
        if (digits >> 96 != 0)
            return false;

        var (low, middle, high) = ((uint)(digits & uint.MaxValue), (uint)((digits >> 32) & uint.MaxValue), (uint)(digits >> 64));
        value = new((int)low, (int)middle, (int)high, units.Sign < 0, (byte)scale);
        return true;
    }
}
