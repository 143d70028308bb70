using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Licensing.Identity.Federation;

/// <summary>
/// What an ID token says, read strictly before anything of it is believed: a member that comes twice could be read as one thing where
/// it is checked and as another where it is used.
/// </summary>
internal sealed class IdTokenClaims
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly JsonElement _header;
    private readonly JsonElement _payload;

    private IdTokenClaims(string token, JsonElement header, JsonElement payload) => (Token, _header, _payload) = (token, header, payload);

    public string Token { get; }

    /// <summary>What is signed. The signature itself can be written in several ways and so tells no two tokens apart.</summary>
    public byte[] SignedPart => Encoding.ASCII.GetBytes(Token[..Token.LastIndexOf('.')]);

    public string? Algorithm => TextOf(_header, "alg");

    public string? KeyId => TextOf(_header, "kid");

    /// <summary>An ID token by its type, without extensions that we would have to understand.</summary>
    public bool IsPlainIdToken => !_header.TryGetProperty("crit", out _)
        && (!_header.TryGetProperty("typ", out _) || string.Equals(TextOf(_header, "typ"), "JWT", StringComparison.OrdinalIgnoreCase))
        && (!_header.TryGetProperty("kid", out _) || KeyId is not null);

    public string? Issuer => Text("iss");

    public IReadOnlyList<string> Audiences => Texts("aud");

    public static IdTokenClaims? Read(string token)
    {
        if (token.Split('.') is not [var header, var payload, { Length: > 0 }])
            return null;
        try
        {
            return Part(header) is { } head && Part(payload) is { } body ? new IdTokenClaims(token, head, body) : null;
        }
        // Half a surrogate pair in a name is an invalid operation to the reader.
        catch (Exception malformed) when (malformed is FormatException or JsonException or DecoderFallbackException or InvalidOperationException)
        {
            return null;
        }
    }

    public bool Has(string claim) => _payload.TryGetProperty(claim, out _);

    public string? Text(string claim) => TextOf(_payload, claim);

    /// <summary>A text, or an array of nothing but texts; else empty.</summary>
    public IReadOnlyList<string> Texts(string claim) => !_payload.TryGetProperty(claim, out var value) ? []
        : value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(v => StringOf(v) is not null)
            ? [.. value.EnumerateArray().Select(v => StringOf(v)!)]
        : StringOf(value) is { } one ? [one]
        : [];

    /// <summary>True, also in the spellings that some issuers use.</summary>
    public bool Says(string claim) => _payload.TryGetProperty(claim, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.String => StringOf(value) is "true" or "True" or "1",
        JsonValueKind.Number => value.GetRawText() == "1",
        _ => false,
    };

    public DateTimeOffset? Instant(string claim) => _payload.TryGetProperty(claim, out var value) && value.ValueKind is JsonValueKind.Number
        && value.TryGetInt64(out var seconds) && seconds >= 0 && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    private static string? TextOf(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? StringOf(value) : null;

    // Half a surrogate pair can be written in JSON but is no text.
    private static string? StringOf(JsonElement value)
    {
        try
        {
            return value.ValueKind is JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonElement? Part(string encoded)
    {
        using var document = JsonDocument.Parse(Utf8.GetString(Base64Url.DecodeFromChars(encoded)), Strict);
        return document.RootElement.ValueKind is JsonValueKind.Object ? document.RootElement.Clone() : null;
    }
}
