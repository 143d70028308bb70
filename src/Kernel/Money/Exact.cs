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
[JsonConverter(typeof(ExactJsonConverter))]
public readonly record struct Exact : IComparable<Exact>
{
    /// <summary>Places after the point to which <see cref="ToString"/> shows a number that does not end.</summary>
    private const int ShownPlaces = 28;

    // One less than the denominator, so that the default value is 0/1 and equal to any other zero.
    private readonly BigInteger _denominatorLessOne;

    /// <exception cref="DivideByZeroException"><paramref name="denominator"/> is zero.</exception>
    public Exact(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
            throw new DivideByZeroException();

        var divisor = denominator.IsOne ? BigInteger.One : BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        Numerator = numerator / divisor;
        _denominatorLessOne = denominator / divisor - 1;
    }

    public static Exact Zero => default;

    public BigInteger Numerator { get; }

    /// <summary>Always positive, and without a common factor with <see cref="Numerator"/>.</summary>
    public BigInteger Denominator => _denominatorLessOne + 1;

    public int Sign => Numerator.Sign;

    public static implicit operator Exact(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var digits = ((BigInteger)(uint)bits[2] << 64) + ((BigInteger)(uint)bits[1] << 32) + (uint)bits[0];
        var scale = (bits[3] >> 16) & 0xFF;
        return new(value < 0m ? -digits : digits, BigInteger.Pow(10, scale));
    }

    public static Exact operator +(Exact left, Exact right) =>
        new(left.Numerator * right.Denominator + right.Numerator * left.Denominator, left.Denominator * right.Denominator);

    public static Exact operator -(Exact left, Exact right) => left + -right;

    public static Exact operator -(Exact value) => new(-value.Numerator, value.Denominator);

    public static Exact operator *(Exact left, Exact right) => new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

    public static Exact operator /(Exact left, Exact right) => new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    public static bool operator <(Exact left, Exact right) => left.CompareTo(right) < 0;

    public static bool operator >(Exact left, Exact right) => left.CompareTo(right) > 0;

    public static bool operator <=(Exact left, Exact right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Exact left, Exact right) => left.CompareTo(right) >= 0;

    public static Exact Min(Exact left, Exact right) => left <= right ? left : right;

    public static Exact Max(Exact left, Exact right) => left >= right ? left : right;

    public static Exact Sum(IEnumerable<Exact> values) => values.Aggregate(Zero, (sum, value) => sum + value);

    public int CompareTo(Exact other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>The largest integer that is not above this number.</summary>
    public BigInteger Floor()
    {
        var whole = BigInteger.DivRem(Numerator, Denominator, out var rest);
        return rest.Sign < 0 ? whole - 1 : whole;
    }

    /// <summary>The smallest integer that is not below this number.</summary>
    public BigInteger Ceiling() => -(-this).Floor();

    /// <summary>Rounded half away from zero to <paramref name="places"/> digits after the point.</summary>
    public Exact Round(int places)
    {
        var unit = BigInteger.Pow(10, places);
        return new(ToUnits(unit), unit);
    }

    /// <summary>Rounded half away from zero to the minor unit. False above <see cref="Money.MaxMinorUnits"/>, of either sign.</summary>
    public bool TryRound(Currency currency, out Money money)
    {
        var units = ToUnits(BigInteger.Pow(10, currency.MinorUnits));
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

        var units = BigInteger.Abs(Numerator) * BigInteger.Pow(10, scale) / Denominator;
        var digits = units.ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (Sign < 0 ? "-" : "") + (scale == 0 ? digits : digits.Insert(digits.Length - scale, "."));
    }

    internal static Money FromMinorUnits(BigInteger units, Currency currency) => TryDecimal(units, currency.MinorUnits, out var amount)
        ? new(amount, currency)
        : throw new OverflowException($"{units} minor units of {currency}.");

    private BigInteger ToUnits(BigInteger unit)
    {
        var doubled = BigInteger.Abs(Numerator) * unit * 2 + Denominator;
        return doubled / (Denominator * 2) * Sign;
    }

    /// <summary>The fewest places after the point that hold the whole number; false when no number of places does.</summary>
    private bool TryScale(out int scale)
    {
        var (rest, twos, fives) = (Denominator, 0, 0);
        for (; rest.IsEven; twos++)
            rest >>= 1;
        for (; rest % 5 == 0; fives++)
            rest /= 5;
        scale = Math.Max(twos, fives);
        return rest.IsOne;
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
