using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>Refuses U+0000, which PostgreSQL keeps in no text: said here once, or every slice would find out from the database.</summary>
public sealed class StorableTextJsonConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String ? Storable(reader.GetString()!) : throw new JsonException("The value must be a text.");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Storable(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private static string Storable(string text) =>
        text.Contains('\0') ? throw new JsonException("The text holds the character U+0000, which cannot be kept.") : text;
}
