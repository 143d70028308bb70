using System.Numerics;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>A fraction of two integers, as one learns it at school: the second biller's only number.</summary>
internal readonly struct Fraction : IComparable<Fraction>, IEquatable<Fraction>
{
    private readonly BigInteger _over;

    public Fraction(BigInteger top, BigInteger over)
    {
        var common = BigInteger.GreatestCommonDivisor(top, over) * over.Sign;
        (Top, _over) = (top / common, over / common);
    }

    public BigInteger Top { get; }

    public BigInteger Over => _over.IsZero ? BigInteger.One : _over;

    public int Sign => Top.Sign;

    public static implicit operator Fraction(int whole) => new(whole, 1);

    public static implicit operator Fraction(long whole) => new(whole, 1);

    public static implicit operator Fraction(decimal value) => Read(value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public static Fraction operator +(Fraction a, Fraction b) => new(a.Top * b.Over + b.Top * a.Over, a.Over * b.Over);

    public static Fraction operator -(Fraction a) => new(-a.Top, a.Over);

    public static Fraction operator -(Fraction a, Fraction b) => a + -b;

    public static Fraction operator *(Fraction a, Fraction b) => new(a.Top * b.Top, a.Over * b.Over);

    public static Fraction operator /(Fraction a, Fraction b) => new(a.Top * b.Over, a.Over * b.Top);

    public static bool operator <(Fraction a, Fraction b) => a.CompareTo(b) < 0;

    public static bool operator >(Fraction a, Fraction b) => a.CompareTo(b) > 0;

    public static bool operator <=(Fraction a, Fraction b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Fraction a, Fraction b) => a.CompareTo(b) >= 0;

    public static bool operator ==(Fraction a, Fraction b) => a.Equals(b);

    public static bool operator !=(Fraction a, Fraction b) => !a.Equals(b);

    public static Fraction Sum(IEnumerable<Fraction> all) => all.Aggregate((Fraction)0, (sum, next) => sum + next);

    /// <summary>Plain decimal text.</summary>
    public static Fraction Read(string text)
    {
        var point = text.IndexOf('.');
        return point < 0
            ? new(BigInteger.Parse(text), 1)
            : new(BigInteger.Parse(text.Remove(point, 1)), BigInteger.Pow(10, text.Length - point - 1));
    }

    public BigInteger Floor()
    {
        var whole = BigInteger.Divide(Top, Over);
        return whole * Over > Top ? whole - 1 : whole;
    }

    /// <summary>To so many places, half away from zero.</summary>
    public Fraction Round(int places)
    {
        var scale = (Fraction)(decimal)Math.Pow(10, places);
        var size = (Sign < 0 ? -this : this) * scale;
        var units = (Fraction)0 + new Fraction((size + new Fraction(1, 2)).Floor(), 1);
        return (Sign < 0 ? -units : units) / scale;
    }

    public int CompareTo(Fraction other) => (Top * other.Over).CompareTo(other.Top * Over);

    public bool Equals(Fraction other) => Top == other.Top && Over == other.Over;

    public override bool Equals(object? obj) => obj is Fraction other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Top, Over);

    public override string ToString() => Over.IsOne ? $"{Top}" : $"{Top}/{Over}";
}
