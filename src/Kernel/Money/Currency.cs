using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>
/// An active ISO 4217 currency. Codes are upper case and compared exactly. The default value is no currency: reading its code throws.
/// </summary>
[JsonConverter(typeof(CurrencyJsonConverter))]
public readonly record struct Currency
{
    private readonly string? _code;

    internal Currency(string code, int minorUnits) => (_code, MinorUnits) = (code, minorUnits);

    /// <summary>Every currency there is, in no particular order.</summary>
    public static IReadOnlyList<Currency> All => CurrencyTable.ByCode.Values;

    /// <summary>The alphabetic code, such as EUR.</summary>
    public string Code => _code ?? throw new InvalidOperationException("The default Currency has no code.");

    /// <summary>Digits after the point of the smallest amount: JPY 0, EUR 2, KWD 3, CLF 4.</summary>
    public int MinorUnits { get; }

    public static bool TryParse([NotNullWhen(true)] string? code, out Currency currency) =>
        CurrencyTable.ByCode.TryGetValue(code ?? "", out currency);

    /// <exception cref="FormatException"><paramref name="code"/> is not an active ISO 4217 code.</exception>
    public static Currency Parse(string code) =>
        TryParse(code, out var currency) ? currency : throw new FormatException($"'{code}' is not an ISO 4217 currency code.");

    public override string ToString() => _code ?? "(none)";
}

/// <summary>A currency travels as its code.</summary>
public sealed class CurrencyJsonConverter : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Currency.TryParse(reader.GetString(), out var currency)
            ? currency
            : throw new JsonException("A currency is the code of an active ISO 4217 currency, as a string.");

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options) => writer.WriteStringValue(value.Code);
}
