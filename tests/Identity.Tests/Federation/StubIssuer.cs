using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Licensing.Identity.Tests.Federation;

/// <summary>An issuer whose keys the test holds, for what no honest one would sign: documents by path, and tokens of any content.</summary>
internal sealed class StubIssuer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private int _asked;

    private StubIssuer(WebApplication server) => _server = server;

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Address => _server.Urls.Single();

    public ConcurrentDictionary<string, string> Documents { get; } = new();

    /// <summary>How many documents it has been asked for.</summary>
    public int Asked => _asked;

    public static async Task<StubIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        var issuer = new StubIssuer(server);
        server.Run(async context =>
        {
            Interlocked.Increment(ref issuer._asked);
            if (issuer.Documents.TryGetValue(context.Request.Path, out var document))
                await context.Response.WriteAsync(document);
            else
                context.Response.StatusCode = StatusCodes.Status404NotFound;
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        issuer.Publish("", issuer.Address);
        return issuer;
    }

    /// <summary>Puts a discovery document below <paramref name="path"/>, and the key set.</summary>
    public void Publish(string path, string issuer, string? keyIssuer = null)
    {
        Documents[$"{path}/.well-known/openid-configuration"] = new JsonObject
        {
            ["issuer"] = issuer,
            ["jwks_uri"] = $"{Address}{path}/keys",
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256", "ES256", "HS256", "none"),
        }.ToJsonString();
        var (rsa, ec) = (RsaKey(), EcKey());
        if (keyIssuer is not null)
            (rsa["issuer"], ec["issuer"]) = (keyIssuer, keyIssuer);
        Documents[$"{path}/keys"] = new JsonObject { ["keys"] = new JsonArray(rsa, ec) }.ToJsonString();
    }

    public JsonObject RsaKey() => new()
    {
        ["kty"] = "RSA",
        ["kid"] = "rsa",
        ["use"] = "sig",
        ["n"] = Base64Url.EncodeToString(Rsa.ExportParameters(false).Modulus),
        ["e"] = Base64Url.EncodeToString(Rsa.ExportParameters(false).Exponent),
    };

    public string RS256(JsonObject claims) => Sign(Header("RS256", "rsa"), claims.ToJsonString(), Rsa);

    public string ES256(JsonObject claims) => Join(Header("ES256", "ec"), claims.ToJsonString(), data => Ec.SignData(data, HashAlgorithmName.SHA256));

    public static JsonObject Header(string algorithm, string? kid)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (kid is not null)
            header["kid"] = kid;
        return header;
    }

    public static string Sign(JsonObject header, string claims, RSA key) =>
        Join(header, claims, data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Join(JsonObject header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encoded(header.ToJsonString())}.{Encoded(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";

        static string Encoded(string part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part));
    }

    /// <summary>The other signature that holds for the same content: (r, n − s) in place of (r, s).</summary>
    public static string Twin(string es256)
    {
        var order = BigInteger.Parse(
            "00FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);
        var signature = Base64Url.DecodeFromChars(es256.Split('.')[2]);
        var s = order - new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        var bytes = s.ToByteArray(isUnsigned: true, isBigEndian: true);
        signature.AsSpan(32).Clear();
        bytes.CopyTo(signature.AsSpan(64 - bytes.Length));
        return $"{es256[..es256.LastIndexOf('.')]}.{Base64Url.EncodeToString(signature)}";
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Rsa.Dispose();
        Ec.Dispose();
    }

    private JsonObject EcKey() => new()
    {
        ["kty"] = "EC",
        ["kid"] = "ec",
        ["crv"] = "P-256",
        ["x"] = Base64Url.EncodeToString(Ec.ExportParameters(false).Q.X),
        ["y"] = Base64Url.EncodeToString(Ec.ExportParameters(false).Q.Y),
    };
}
