using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Xunit;

namespace Licensing.Testing;

/// <summary>
/// A reseller's automation of the signed door: a key of its own, its certificate enrolled, tokens by the contract unless a test bends them.
/// </summary>
public sealed class SignedCaller : IDisposable
{
    public const string Route = "/api/v1/licensing/update";

    private readonly App _app;

    private SignedCaller(App app, RSA key, string fingerprint, Guid id) => (_app, Key, Fingerprint, Id) = (app, key, fingerprint, id);

    public RSA Key { get; }

    /// <summary>Lower-case hex SHA-1 of the certificate's DER.</summary>
    public string Fingerprint { get; }

    /// <summary>The enrolled certificate.</summary>
    public Guid Id { get; }

    /// <summary>Enrols a new certificate for an organisation of the branch.</summary>
    public static async Task<SignedCaller> EnrolAsync(
        Branch branch, OrganizationRef? holder = null, string profile = "v2", TimeSpan? lasts = null, string? keyId = null)
    {
        var key = RSA.Create(2048);
        var now = branch.App.Now;
        using var certificate = new CertificateRequest($"CN={Kernel.Id.NewGuid(now)}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now.AddDays(-1), now + (lasts ?? TimeSpan.FromDays(365)));
        using var client = branch.Administrator();
        var body = new JsonObject
        {
            ["organizationId"] = (holder ?? branch.Partner).Id.Value,
            ["pem"] = certificate.ExportCertificatePem(),
            ["profile"] = profile,
        };
        if (keyId is not null)
            body["keyId"] = keyId;
        using var answer = await client.PostAsJsonAsync("/api/v1/certificates", body, TestContext.Current.CancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var enrolled = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return new SignedCaller(branch.App, key, enrolled.GetProperty("fingerprint").GetString()!, enrolled.GetProperty("id").GetGuid());
    }

    /// <summary>Sends the body with a good token, or what <paramref name="claims"/> and <paramref name="header"/> make of it.</summary>
    public Task<HttpResponseMessage> SendAsync(
        string body, HttpMethod? method = null, Action<JsonObject>? claims = null, Action<JsonObject>? header = null, HttpClient? through = null,
        string route = Route) =>
        SendAsync(Encoding.UTF8.GetBytes(body), method, claims, header, through, route);

    public async Task<HttpResponseMessage> SendAsync(
        byte[] body, HttpMethod? method = null, Action<JsonObject>? claims = null, Action<JsonObject>? header = null, HttpClient? through = null,
        string route = Route)
    {
        using var own = through is null ? _app.Anonymous() : null;
        using var request = Request(body, Token(body, claims, header), method, route);
        return await (through ?? own!).SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static HttpRequestMessage Request(byte[] body, string token, HttpMethod? method = null, string route = Route)
    {
        var request = new HttpRequestMessage(method ?? HttpMethod.Post, route) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return request;
    }

    /// <summary>A token for a body, signed with this caller's key.</summary>
    public string Token(byte[] body, Action<JsonObject>? bendClaims = null, Action<JsonObject>? bendHeader = null)
    {
        var now = _app.Now.ToUnixTimeSeconds();
        var header = new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = Fingerprint };
        var claims = new JsonObject
        {
            ["iss"] = "xima-ccaas",
            ["aud"] = "xima-ccaas",
            ["sub"] = Fingerprint,
            ["payload_hash"] = Convert.ToHexStringLower(SHA256.HashData(body)),
            ["jti"] = NewJti(),
            ["iat"] = now,
            ["exp"] = now + 1_800,
        };
        bendHeader?.Invoke(header);
        bendClaims?.Invoke(claims);
        var signed = $"{Part(header)}.{Part(claims)}";
        var signature = Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>A UUID of version 4, which ours are not.</summary>
    public static string NewJti()
    {
        var random = RandomNumberGenerator.GetBytes(16);
        random[6] = (byte)((random[6] & 0x0F) | 0x40);
        random[8] = (byte)((random[8] & 0x3F) | 0x80);
        return new Guid(random, bigEndian: true).ToString();
    }

    public static string Part(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    public void Dispose() => Key.Dispose();
}
