// Enrols a certificate, then updates and deletes a customer's licences by signed requests. Run it with: dotnet run Walk.cs
#:property PublishAot=false
using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

string Given(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set.");

var (reseller, http) = (Given("RESELLER_ID"), new HttpClient { BaseAddress = new Uri(Given("LICENSING_URL")) });
using var key = RSA.Create(2048);
using var certificate = new CertificateRequest($"CN={reseller}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
    .CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddYears(1));
var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA1).ToLowerInvariant();

var enrolment = new JsonObject { ["organizationId"] = Given("PARTNER_ID"), ["pem"] = certificate.ExportCertificatePem(), ["profile"] = "v2" };
Console.WriteLine(await CallAsync(HttpMethod.Post, "/api/v1/certificates", enrolment.ToJsonString(), Given("LICENSING_KEY")));

var tenant = $"walk-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
await SendAsync(HttpMethod.Post, new
{
    ccId = new { resellerId = reseller, tenantId = tenant, resellerName = "Walk through", tenantName = "First customer" },
    professionalSeats = 5,
    aiMessaging = new { standardBundles = 1 },
});
await SendAsync(HttpMethod.Post, new { ccId = new { resellerId = reseller, tenantId = tenant }, professionalSeats = 8, eliteSeats = 5 });
await SendAsync(HttpMethod.Delete, new { ccId = new { resellerId = reseller, tenantId = tenant } });

// The token is bound to exactly the bytes that are sent.
async Task SendAsync(HttpMethod method, object value)
{
    var body = JsonSerializer.Serialize(value);
    var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    var header = new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = fingerprint };
    var claims = new JsonObject
    {
        ["iss"] = "xima-ccaas",
        ["aud"] = "xima-ccaas",
        ["sub"] = fingerprint,
        ["payload_hash"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body))),
        ["jti"] = Guid.NewGuid().ToString(),
        ["iat"] = now,
        ["exp"] = now + 300,
    };
    var signed = $"{Part(header)}.{Part(claims)}";
    var signature = Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    Console.WriteLine(await CallAsync(method, "/api/v1/licensing/update", body, $"{signed}.{signature}"));
}

async Task<string> CallAsync(HttpMethod method, string path, string body, string token)
{
    using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
    using var answer = await http.SendAsync(request);
    var text = await answer.Content.ReadAsStringAsync();
    return answer.IsSuccessStatusCode ? text : throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {text}");
}

static string Part(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
