using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// A compact JWS (RFC 7515) as this door takes it: RS256 and nothing else, the key named by <c>kid</c>. Read by hand, because the order in
/// which its parts are judged is part of the contract, and because nothing of it is to be believed before its signature is.
/// </summary>
internal sealed class SignedToken
{
    public static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);
    private const int LongestToken = 8 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly byte[] _signed;
    private readonly byte[] _signature;
    private readonly JsonElement _claims;

    private SignedToken(string keyId, byte[] signed, byte[] signature, JsonElement claims) =>
        (KeyId, _signed, _signature, _claims) = (keyId, signed, signature, claims);

    /// <summary>Which certificate's key is said to have signed it.</summary>
    public string KeyId { get; }

    public static Result<SignedToken> Parse(string text)
    {
        if (text.Length > LongestToken || text.Split('.') is not [{ Length: > 0 } header, { Length: > 0 } claims, { Length: > 0 } signature]
            || Object(header) is not { } head || Object(claims) is not { } body || Bytes(signature) is not { } signed)
            return SignedRefusals.InvalidToken("The token is not a signed JWT.");
        if (Text(head, "alg") != "RS256")
            return SignedRefusals.InvalidToken("alg must be RS256.");
        if (!"JWT".Equals(Text(head, "typ"), StringComparison.OrdinalIgnoreCase))
            return SignedRefusals.InvalidToken("typ must be JWT.");
        // An extension that must be understood, and none is.
        if (head.TryGetProperty("crit", out _))
            return SignedRefusals.InvalidToken("crit is not supported.");
        if (Text(head, "kid") is not { Length: > 0 and <= 200 } kid)
            return SignedRefusals.InvalidToken("kid must name the certificate.");
        return new SignedToken(kid, Encoding.ASCII.GetBytes($"{header}.{claims}"), signed, body);
    }

    public bool IsSignedWith(RSA key) => key.VerifyData(_signed, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    /// <summary>Judges the claims but <c>payload_hash</c>, in the order of the contract.</summary>
    /// <param name="certificate">Whose key signed it.</param>
    /// <param name="issuer">The claim <c>iss</c> must be this.</param>
    /// <param name="audience">The claim <c>aud</c> must be this.</param>
    /// <param name="now">The present instant.</param>
    public Result<SignedClaims> Judge(RegisteredCertificate certificate, string issuer, string audience, DateTimeOffset now)
    {
        var first = certificate.Profile is CertificateProfile.V1;
        if (Given("iss", first) && Text(_claims, "iss") != issuer)
            return SignedRefusals.InvalidToken($"iss must be {issuer}.");
        if (Given("aud", first) && !IsAudience(audience))
            return SignedRefusals.InvalidToken($"aud must be {audience}.");
        if (Given("sub", first) && !IsFingerprint(Text(_claims, "sub"), certificate))
            return SignedRefusals.InvalidToken("sub must be the certificate's fingerprint.");
        if (Instant("iat") is not { } issuedAt || issuedAt > now + Skew)
            return SignedRefusals.InvalidToken("iat must be the time of signing.");
        if (_claims.TryGetProperty("nbf", out _) && (Instant("nbf") is not { } notBefore || notBefore > now + Skew))
            return SignedRefusals.InvalidToken("nbf is in the future.");

        if (Until(first) is not { } until)
            return SignedRefusals.InvalidToken("exp must be the time until which the token is good.");
        if (until + Skew <= now)
            return SignedRefusals.Expired;
        if (until > now + LongestLife + Skew)
            return SignedRefusals.LivesTooLong;
        return UseBy(certificate) is { } use ? new SignedClaims(use, Text(_claims, "payload_hash") ?? "") : SignedRefusals.InvalidJti;
    }

    /// <summary>
    /// The one use that it has once its signature holds, whatever its claims are judged to be: with time some of them become good. Null where
    /// there is none to remember, since no time makes that good.
    /// </summary>
    public TokenUse? UseBy(RegisteredCertificate certificate) =>
        Text(_claims, "jti") is { Length: 36 } text && Guid.TryParseExact(text, "D", out var jti) && jti is { Version: 4, Variant: >= 8 and <= 0xB }
        && Until(certificate.Profile is CertificateProfile.V1) is { } until
            ? new TokenUse(jti, until + Skew)
            : null;

    // The first generation has no exp; its tokens live as long as any may.
    private DateTimeOffset? Until(bool first) => Given("exp", first) ? Instant("exp") : Instant("iat") + LongestLife;

    // What the first generation may leave out it must still not contradict.
    private bool Given(string claim, bool optional) => !optional || _claims.TryGetProperty(claim, out _);

    private bool IsAudience(string expected) => _claims.TryGetProperty("aud", out var aud) && aud.ValueKind switch
    {
        JsonValueKind.String => aud.AsText == expected,
        JsonValueKind.Array => aud.GetArrayLength() == 1 && aud[0].AsText == expected,
        _ => false,
    };

    private static bool IsFingerprint(string? subject, RegisteredCertificate certificate) =>
        subject?.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant() == certificate.Fingerprint;

    private DateTimeOffset? Instant(string claim)
    {
        if (!_claims.TryGetProperty(claim, out var value) || value.ValueKind is not JsonValueKind.Number || !value.TryGetDecimal(out var seconds))
            return null;
        // Beyond what a date can be is beyond every bound, too.
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(Math.Clamp(seconds, -60_000_000_000m, 250_000_000_000m) * 1_000m));
    }

    private static string? Text(JsonElement from, string name) => from.TryGetProperty(name, out var value) ? value.AsText : null;

    private static JsonElement? Object(string part)
    {
        if (Bytes(part) is not { } bytes)
            return null;
        try
        {
            var parsed = JsonElement.Parse(bytes, Strict);
            return parsed.ValueKind is JsonValueKind.Object ? parsed : null;
        }
        // The second is thrown of a name with half a surrogate pair.
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(string part)
    {
        // The decoder would take padding and white space, which the format has not.
        if (part.AsSpan().ContainsAnyExcept(Alphabet))
            return null;
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>What a good token says of its request.</summary>
/// <param name="Use">Its single one.</param>
/// <param name="PayloadHash">The body's digest as claimed.</param>
internal sealed record SignedClaims(TokenUse Use, string PayloadHash);

/// <param name="Jti">What it is known by.</param>
/// <param name="RememberUntil">From when on the token is refused by its age anyway.</param>
internal sealed record TokenUse(Guid Jti, DateTimeOffset RememberUntil);
