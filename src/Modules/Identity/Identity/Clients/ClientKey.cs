using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Clients;

/// <summary>A public key of a client, as a JWK with nothing but what is needed to verify with it (RFC 7517).</summary>
internal sealed record ClientKey(
    string Kty,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kid = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Crv = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? X = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Y = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? N = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? E = null)
{
    public const int MostKeys = 10;
    private const int ShortestRsa = 2048;
    private const int LongestRsa = 8192;
    private static readonly string[] Private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    /// <summary>Reads what was given as one kind or the other; nothing at all is no key.</summary>
    public static Result<ClientKeysView> Read(JsonElement? jwks, string? pem)
    {
        var set = jwks is { ValueKind: not JsonValueKind.Null } given ? given : (JsonElement?)null;
        if (set is not null && pem is not null)
            return ClientRefusals.OneKindOfKeys;
        if (pem is not null)
            return OfPem(pem).Refused(out var refusal, out var key) ? refusal : new ClientKeysView([key]);
        try
        {
            return set is { } keys ? OfSet(keys) : new ClientKeysView([]);
        }
        // Half a surrogate pair can be written in JSON, in a value or a name, but is no text.
        catch (InvalidOperationException)
        {
            return ClientRefusals.BadKey("/jwks", "it holds a text that is none: half of a surrogate pair.");
        }
    }

    /// <summary>For one signature; whoever asks disposes it.</summary>
    public (SecurityKey Key, IDisposable Owned) Open()
    {
        // The stock factory would keep a signer under the key's id, and with it a key that the client has replaced.
        var factory = new CryptoProviderFactory { CacheSignatureProviders = false };
        if (Kty == "RSA")
        {
            var rsa = RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(N), Exponent = Base64Url.DecodeFromChars(E) });
            return (new RsaSecurityKey(rsa) { KeyId = Kid, CryptoProviderFactory = factory }, rsa);
        }

        var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = CurveOf(Crv)!.Value,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) },
        });
        return (new ECDsaSecurityKey(ecdsa) { KeyId = Kid, CryptoProviderFactory = factory }, ecdsa);
    }

    private static Result<ClientKeysView> OfSet(JsonElement set)
    {
        const string field = "/jwks";
        if (set.ValueKind is not JsonValueKind.Object || !set.TryGetProperty("keys", out var keys) || keys.ValueKind is not JsonValueKind.Array)
            return ClientRefusals.BadKey(field, "it must be a JWK set, an object with an array of keys.");
        if (keys.GetArrayLength() is 0 or > MostKeys)
            return ClientRefusals.BadKey(field, $"it must hold 1 to {MostKeys} keys.");
        var read = new List<ClientKey>();
        foreach (var jwk in keys.EnumerateArray())
            if (OfJwk(jwk).Refused(out var refusal, out var key))
                return refusal;
            else
                read.Add(key);
        return new ClientKeysView(read);
    }

    private static Result<ClientKey> OfJwk(JsonElement jwk)
    {
        const string field = "/jwks";
        if (jwk.ValueKind is not JsonValueKind.Object)
            return ClientRefusals.BadKey(field, "every key must be an object.");
        if (Private.FirstOrDefault(name => jwk.TryGetProperty(name, out _)) is { } leaked)
            return ClientRefusals.BadKey(
                field, $"it holds a private or shared key ({leaked}). Send only the public half, and replace this one: it has been told.");
        if (jwk.TryGetProperty("use", out var use) && use.ToString() != "sig")
            return ClientRefusals.BadKey(field, "use must be sig.");
        string? Text(string name) => jwk.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
        var key = Text("kty") switch
        {
            "RSA" => new ClientKey("RSA", Text("kid"), N: Text("n"), E: Text("e")),
            "EC" => new ClientKey("EC", Text("kid"), Text("crv"), Text("x"), Text("y")),
            _ => null,
        };
        if (key is null)
            return ClientRefusals.BadKey(field, "kty must be EC or RSA.");
        if (key.Kid is { Length: > 200 })
            return ClientRefusals.BadKey(field, "kid has at most 200 characters.");
        return key.Checked(field);
    }

    private static Result<ClientKey> OfPem(string pem)
    {
        const string field = "/publicKeyPem";
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
            return ClientRefusals.BadKey(field, "it holds a private key. Send only the public half, and replace this one: it has been told.");
        if (Imported(() => RSA.Create(), pem) is RSA rsa)
            using (rsa)
            {
                var parameters = rsa.ExportParameters(false);
                return new ClientKey("RSA", N: Base64Url.EncodeToString(parameters.Modulus), E: Base64Url.EncodeToString(parameters.Exponent))
                    .Checked(field);
            }

        if (Imported(() => ECDsa.Create(), pem) is ECDsa ecdsa)
            using (ecdsa)
            {
                var parameters = ecdsa.ExportParameters(false);
                return new ClientKey(
                        "EC", Crv: $"P-{ecdsa.KeySize}", X: Base64Url.EncodeToString(parameters.Q.X), Y: Base64Url.EncodeToString(parameters.Q.Y))
                    .Checked(field);
            }

        return ClientRefusals.BadKey(field, "it must be an EC or RSA key in PEM form (BEGIN PUBLIC KEY).");
    }

    private static AsymmetricAlgorithm? Imported(Func<AsymmetricAlgorithm> make, string pem)
    {
        var key = make();
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return null;
        }
    }

    // Whether it can be used at all shows when it is: the curve refuses a point that does not lie on it.
    private Result<ClientKey> Checked(string field)
    {
        if (Kty == "EC" && CurveOf(Crv) is null)
            return ClientRefusals.BadKey(field, "crv must be P-256, P-384 or P-521.");
        try
        {
            var (_, opened) = Open();
            using (opened)
                return opened is RSA { KeySize: < ShortestRsa or > LongestRsa }
                    ? ClientRefusals.BadKey(field, $"an RSA key has {ShortestRsa} to {LongestRsa} bits.")
                    : this;
        }
        catch (Exception failure) when (failure is CryptographicException or FormatException or ArgumentException)
        {
            return ClientRefusals.BadKey(field, "it is no key: a number of it is missing or wrong.");
        }
    }

    private static ECCurve? CurveOf(string? name) => name switch
    {
        "P-256" => ECCurve.NamedCurves.nistP256,
        "P-384" => ECCurve.NamedCurves.nistP384,
        "P-521" => ECCurve.NamedCurves.nistP521,
        _ => null,
    };
}
