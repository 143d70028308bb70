using System.Buffers;
using System.Text.Json;

namespace Licensing.Provisioning.Signed;

/// <summary>A JSON text without white space between its tokens; property order and the lexemes of names, strings and numbers stay as sent.</summary>
internal static class CompactJson
{
    /// <returns>Null where <paramref name="json"/> is not one JSON text.</returns>
    public static byte[]? Of(ReadOnlySpan<byte> json)
    {
        var compact = new ArrayBufferWriter<byte>(Math.Max(1, json.Length));
        var reader = new Utf8JsonReader(json.StartsWith("\uFEFF"u8) ? json[3..] : json, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            var before = JsonTokenType.None;
            while (reader.Read())
            {
                if (NeedsComma(before, reader.TokenType))
                    compact.Write(","u8);
                switch (reader.TokenType)
                {
                    // The value's span is what stands between the quotes, escapes and all.
                    case JsonTokenType.PropertyName or JsonTokenType.String:
                        compact.Write("\""u8);
                        compact.Write(reader.ValueSpan);
                        compact.Write(reader.TokenType is JsonTokenType.PropertyName ? "\":"u8 : "\""u8);
                        break;
                    default:
                        compact.Write(reader.ValueSpan);
                        break;
                }

                before = reader.TokenType;
            }

            return compact.WrittenSpan.ToArray();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool NeedsComma(JsonTokenType before, JsonTokenType now) =>
        before is not (JsonTokenType.None or JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName)
        && now is not (JsonTokenType.EndObject or JsonTokenType.EndArray);
}
