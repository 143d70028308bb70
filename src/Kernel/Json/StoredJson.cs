using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Licensing.Kernel;

/// <summary>How documents and messages are kept in the database: lenient on reading, so that older rows stay readable.</summary>
public static class StoredJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new IdJsonConverter(), new JsonStringEnumConverter(), new DecimalAsText() },
        // Who asks for a type's metadata may come before who writes or reads for the first time.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>Decimals keep every digit whatever reads them: JSONB would keep them as numerics, but other readers take doubles.</summary>
    private sealed class DecimalAsText : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String ? decimal.Parse(reader.GetString()!) : reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
