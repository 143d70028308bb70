using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Licensing.Kernel;

/// <summary>The one form in which decimals travel: up to 20 digits before and 18 after the point, no plus sign, no exponent, no spaces.</summary>
public static partial class DecimalStrings
{
    public static bool IsValid([NotNullWhen(true)] string? text) => text is not null && Form().IsMatch(text);

    /// <summary>Without the zeros that its scale adds.</summary>
    public static string Of(decimal value) => value == 0m ? "0" : value.ToString("0.############################", CultureInfo.InvariantCulture);

    internal static string Read(ref Utf8JsonReader reader)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return IsValid(text)
            ? text
            : throw new JsonException("A decimal is a string of up to 20 digits before and 18 after the point, such as \"12.34\".");
    }

    [GeneratedRegex(@"^-?[0-9]{1,20}(\.[0-9]{1,18})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>
/// A decimal that travels as a string. A string with more digits than a decimal holds (28 to 29) is refused rather than rounded;
/// <see cref="Exact"/> takes all of them.
/// </summary>
public sealed class DecimalStringJsonConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadDecimal(ref reader);

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteStringValue(DecimalStrings.Of(value));

    internal static decimal ReadDecimal(ref Utf8JsonReader reader) => Exact.Parse(DecimalStrings.Read(ref reader)).TryToDecimal(out var value)
        ? value
        : throw new JsonException("The decimal has more than 28 significant digits.");
}

/// <summary>A quantity or price that travels as a string, with every digit it has.</summary>
public sealed class ExactJsonConverter : JsonConverter<Exact>
{
    public override Exact Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Exact.Parse(DecimalStrings.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, Exact value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
