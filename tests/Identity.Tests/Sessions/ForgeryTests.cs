using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>F40: whatever is done to a token, it is refused with the one answer, and the right one goes on working.</summary>
public sealed class ForgeryTests(App app) : IClassFixture<App>
{
    private static readonly string[] Kinds =
    [
        "untouched with a space inside", "alg none", "alg None", "alg NONE with the signature left", "no alg", "alg HS256 with the key set",
        "alg HS256 with the public key in PEM form", "alg HS256 with the public point", "alg RS256", "alg ES384", "alg ES256K", "alg in an array",
        "kid of nothing", "kid missing", "kid empty", "kid a path", "kid a query", "kid a number", "kid with a null character", "jku of a stranger",
        "x5u of a stranger", "jwk of a stranger", "x5c of a stranger", "crit", "typ JWT", "typ of an id_token", "typ missing",
        "typ of a client's assertion", "expired", "not yet valid",
        "number of another password", "no exp", "other issuer", "no issuer", "other audience", "no audience",
        "empty audience", "no subject", "subject a query", "no jti", "other payload", "payload no JSON", "payload an array", "truncated",
        "without its signature", "one part", "two parts", "four parts", "five parts", "dots", "empty", "bad base64", "padded base64", "one megabyte",
        "one megabyte of header", "deep payload", "stranger's signature", "signature zero", "signature of one byte", "signature in DER",
        "signature twice as long", "signature r zero", "signature s zero", "signature of the order", "header no JSON", "header twice",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forgeries => [.. Kinds];

    [Theory, MemberData(nameof(Forgeries))]
    public async Task A_forgery_is_refused_and_the_right_token_goes_on(string kind)
    {
        var (token, key, _) = await TokenAsync();
        using var good = app.Bearer(token);
        (await good.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        var forged = Forge(kind, token, key, await app.Anonymous().GetStringAsync("/.well-known/jwks.json", Ct));
        forged.ShouldNotBe(token);

        for (var i = 0; i < 2; i++)
        {
            using var client = app.Anonymous();
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + forged).ShouldBeTrue(kind);
            using var answer = await client.GetAsync("/api/v1/users", Ct);

            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, kind);
            var problem = await answer.JsonAsync();
            problem.GetProperty("code").GetString().ShouldBe("invalid_credential", kind);
            problem.GetProperty("detail").GetString().ShouldBe("The credential is malformed, unknown, expired or revoked.", kind);
            (await good.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task The_forger_s_tools_make_a_token_that_holds()
    {
        // Else all of the above could be refused for a mistake of the test.
        var (token, key, _) = await TokenAsync();
        var remade = Signed(key, Header(token), Payload(token));
        remade.ShouldNotBe(token);

        using var client = app.Bearer(remade);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_of_the_version_before_has_no_number_and_ends_with_its_log_in()
    {
        var (token, key, person) = await TokenAsync();
        using var client = app.Bearer(Signed(key, Header(token), Set(Payload(token), "epoch", null)));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        await person.ResetAsync();

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private string Forge(string kind, string token, ECDsa key, string keySet)
    {
        var parts = token.Split('.');
        var (header, payload) = (Header(token), Payload(token));
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicPem = key.ExportSubjectPublicKeyInfoPem();
        var jwk = JsonNode.Parse(keySet)!["keys"]![0]!;
        string With(string name, JsonNode? value) => Signed(key, Set(header, name, value), payload);
        string Saying(string name, JsonNode? value) => Signed(key, header, Set(payload, name, value));
        string By(ECDsa signer, string name, JsonNode? value) => Signed(signer, Set(header, name, value), payload);
        string Hmac(byte[] secret) => Of(Set(header, "alg", "HS256"), payload, data => HMACSHA256.HashData(secret, data));
        string Signature(Func<byte[], byte[]> sign) => Of(header, payload, sign);
        byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256);
        var now = app.Clock.GetUtcNow();
        return kind switch
        {
            "untouched with a space inside" => $"{parts[0]}. {parts[1]}.{parts[2]}",
            "alg none" => Of(Set(header, "alg", "none"), payload, _ => []),
            "alg None" => Of(Set(header, "alg", "None"), payload, _ => []),
            "alg NONE with the signature left" => Of(Set(header, "alg", "NONE"), payload, Sign),
            "no alg" => With("alg", null),
            "alg HS256 with the key set" => Hmac(Encoding.UTF8.GetBytes(keySet)),
            "alg HS256 with the public key in PEM form" => Hmac(Encoding.UTF8.GetBytes(publicPem)),
            "alg HS256 with the public point" => Hmac(Base64Url.DecodeFromChars((string)jwk["x"]!)),
            "alg RS256" => RsaSigned(Set(header, "alg", "RS256"), payload),
            "alg ES384" => With("alg", "ES384"),
            "alg ES256K" => With("alg", "ES256K"),
            "alg in an array" => With("alg", new JsonArray("ES256")),
            "kid of nothing" => With("kid", Guid.Empty.ToString()),
            "kid missing" => With("kid", null),
            "kid empty" => With("kid", ""),
            "kid a path" => With("kid", "../../../../dev/null"),
            "kid a query" => With("kid", "' union select id from identity.signing_keys --"),
            "kid a number" => With("kid", 1),
            "kid with a null character" => With("kid", $"{(string)header["kid"]!}\0"),
            "jku of a stranger" => By(stranger, "jku", "https://example.com/jwks.json"),
            "x5u of a stranger" => By(stranger, "x5u", "https://example.com/cert.pem"),
            "jwk of a stranger" => By(stranger, "jwk", JwkOf(stranger)),
            "x5c of a stranger" => By(stranger, "x5c", new JsonArray(Convert.ToBase64String(stranger.ExportSubjectPublicKeyInfo()))),
            "crit" => Signed(stranger, Set(Set(header, "crit", new JsonArray("exp")), "exp", 1), payload),
            "typ JWT" => With("typ", "JWT"),
            "typ of an id_token" => With("typ", "id_token"),
            "typ missing" => With("typ", null),
            "typ of a client's assertion" => With("typ", "client-authentication+jwt"),
            "expired" => Saying("exp", now.ToUnixTimeSeconds()),
            "not yet valid" => Saying("nbf", now.ToUnixTimeSeconds() + 61),
            "number of another password" => Saying("epoch", 99),
            "no exp" => Saying("exp", null),
            "other issuer" => Saying("iss", "https://evil.example"),
            "no issuer" => Saying("iss", null),
            "other audience" => Saying("aud", "another-api"),
            "no audience" => Saying("aud", null),
            "empty audience" => Saying("aud", new JsonArray()),
            "no subject" => Saying("sub", null),
            "subject a query" => Saying("sub", "' or 1=1 --"),
            "no jti" => Saying("jti", null),
            "other payload" => $"{parts[0]}.{Encode(Set(payload, "sub", Guid.Empty.ToString()).ToJsonString())}.{parts[2]}",
            "payload no JSON" => SignedText(key, header.ToJsonString(), "no JSON"),
            "payload an array" => SignedText(key, header.ToJsonString(), "[]"),
            "truncated" => token[..^20],
            "without its signature" => $"{parts[0]}.{parts[1]}.",
            "one part" => parts[0],
            "two parts" => $"{parts[0]}.{parts[1]}",
            "four parts" => $"{token}.{parts[2]}",
            "five parts" => $"{token}.{parts[2]}.{parts[2]}",
            "dots" => "....",
            "empty" => "",
            "bad base64" => $"{parts[0]}.{parts[1][..^2]}*~.{parts[2]}",
            "padded base64" => $"{parts[0]}.{parts[1]}==.{parts[2]}",
            "one megabyte" => Saying("more", new string('a', 1 << 20)),
            "one megabyte of header" => With("more", new string('a', 1 << 20)),
            "deep payload" => SignedText(key, header.ToJsonString(), new string('[', 1_000) + new string(']', 1_000)),
            "stranger's signature" => Signed(stranger, header, payload),
            "signature zero" => Signature(_ => new byte[64]),
            "signature of one byte" => Signature(_ => [1]),
            "signature in DER" => Signature(data => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            "signature twice as long" => Signature(data => [.. Sign(data), .. Sign(data)]),
            "signature r zero" => Signature(data => [.. new byte[32], .. Sign(data)[32..]]),
            "signature s zero" => Signature(data => [.. Sign(data)[..32], .. new byte[32]]),
            "signature of the order" => Signature(_ => [.. Order, .. Order]),
            "header no JSON" => SignedText(key, "no JSON", payload.ToJsonString()),
            "header twice" => SignedText(key, $$"""{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"{{Guid.Empty}}"}""", payload.ToJsonString()),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static byte[] Order => Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private async Task<(string Token, ECDsa Key, Person Person)> TokenAsync()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var token = (await person.LoginAsync()).GetProperty("accessToken").GetString()!;
        return (token, (await CurrentKeyAsync()).ECDsa, person);
    }

    private static JsonObject Header(string token) => Part(token, 0);

    private static JsonObject Payload(string token) => Part(token, 1);

    private static JsonObject Part(string token, int index) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[index]))!.AsObject();

    private static JsonObject Set(JsonObject of, string name, JsonNode? value)
    {
        var copy = of.DeepClone().AsObject();
        copy.Remove(name);
        if (value is not null)
            copy[name] = value;
        return copy;
    }

    private static JsonObject JwkOf(ECDsa key)
    {
        var point = key.ExportParameters(false).Q;
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
        };
    }

    private static string Signed(ECDsa key, JsonObject header, JsonObject payload) => SignedText(key, header.ToJsonString(), payload.ToJsonString());

    private static string SignedText(ECDsa key, string header, string payload) =>
        Text(header, payload, data => key.SignData(data, HashAlgorithmName.SHA256));

    private static string RsaSigned(JsonObject header, JsonObject payload)
    {
        using var rsa = RSA.Create(2048);
        return Of(header, payload, data => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Of(JsonObject header, JsonObject payload, Func<byte[], byte[]> sign) =>
        Text(header.ToJsonString(), payload.ToJsonString(), sign);

    private static string Text(string header, string payload, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(header)}.{Encode(payload)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private async Task<ECDsaSecurityKey> CurrentKeyAsync() =>
        (await app.Services.GetRequiredService<SigningKeys>().RingAsync(Ct)).Current(app.Clock.GetUtcNow())!.Key;
}
