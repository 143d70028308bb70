using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>
/// An amount in whole units of a currency (12.34 EUR is 12 euros and 34 cents). It may hold more digits than the minor unit;
/// only <see cref="Round"/> takes them away. Mixing currencies is a bug and throws.
/// </summary>
[JsonConverter(typeof(MoneyJsonConverter))]
public readonly record struct Money(decimal Amount, Currency Currency) : IComparable<Money>
{
    private const string Fraction = "############################";

    /// <summary>The largest rounded amount that is billed, in minor units, of either sign.</summary>
    public const long MaxMinorUnits = 1_000_000_000_000_000_000;

    public static Money Zero(Currency currency) => new(0m, currency);

    /// <summary>Rounded half away from zero to the minor unit: 0.005 EUR is 0.01, −10.125 EUR is −10.13, 100.5 JPY is 101.</summary>
    public Money Round() => this with { Amount = Math.Round(Amount, Currency.MinorUnits, MidpointRounding.AwayFromZero) };

    /// <summary>The sum; zero of <paramref name="currency"/> when there is nothing to add.</summary>
    public static Money Sum(Currency currency, IEnumerable<Money> amounts) => amounts.Aggregate(Zero(currency), (sum, amount) => sum + amount);

    public static Money Min(Money left, Money right) => left <= right ? left : right;

    public static Money Max(Money left, Money right) => left >= right ? left : right;

    public static Money operator +(Money left, Money right) => new(left.Amount + right.Amount, Same(left, right));

    public static Money operator -(Money left, Money right) => new(left.Amount - right.Amount, Same(left, right));

    public static Money operator -(Money money) => money with { Amount = -money.Amount };

    /// <summary>Unrounded, to the 28 digits of a decimal; <see cref="Exact"/> is for products that may be longer.</summary>
    public static Money operator *(Money money, decimal factor) => money with { Amount = money.Amount * factor };

    public static bool operator <(Money left, Money right) => left.CompareTo(right) < 0;

    public static bool operator >(Money left, Money right) => left.CompareTo(right) > 0;

    public static bool operator <=(Money left, Money right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Money left, Money right) => left.CompareTo(right) >= 0;

    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public int CompareTo(Money other)
    {
        Same(this, other);
        return Amount.CompareTo(other.Amount);
    }

    /// <summary>The amount as it travels: no exponent, at least the digits of the minor unit, no zeros after those.</summary>
    public string ToAmountString()
    {
        // Adding zero drops the sign of a negative zero, which the formatter would print.
        var amount = Amount == 0m ? 0m : Amount;
        var format = string.Concat("0.", new string('0', Currency.MinorUnits), Fraction.AsSpan(Currency.MinorUnits));
        return amount.ToString(format, CultureInfo.InvariantCulture);
    }

    public override string ToString() => $"{ToAmountString()} {Currency}";

    private static Currency Same(Money left, Money right) => left.Currency == right.Currency
        ? left.Currency
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} do not mix.");
}

/// <summary><c>{"amount":"12.34","currency":"EUR"}</c>: both properties, no other, and the amount never a JSON number.</summary>
public sealed class MoneyJsonConverter : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("Money is an object of amount and currency.");

        decimal? amount = null;
        Currency? currency = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "amount" when amount is null:
                    amount = DecimalStringJsonConverter.ReadDecimal(ref reader);
                    break;
                case "currency" when currency is null:
                    currency = reader.TokenType == JsonTokenType.String && Currency.TryParse(reader.GetString(), out var known)
                        ? known
                        : throw new JsonException("A currency is the code of an active ISO 4217 currency, as a string.");
                    break;
                default:
                    throw new JsonException(name is "amount" or "currency" ? $"{name} is given twice." : $"Unknown property {name}.");
            }
        }

        return amount is { } value && currency is { } unit ? new(value, unit) : throw new JsonException("Money needs both amount and currency.");
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("amount", value.ToAmountString());
        writer.WriteString("currency", value.Currency.Code);
        writer.WriteEndObject();
    }
}
