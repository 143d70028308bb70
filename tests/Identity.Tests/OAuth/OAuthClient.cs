using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests;

/// <summary>A client as it stands outside: what it was told when it was registered, or its own key.</summary>
internal sealed record OAuthClient(App App, Guid Id, Guid? SecretId, string? Secret, AsymmetricAlgorithm? Key)
{
    public const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public string Path => $"/api/v1/clients/{Id}";

    public static async Task<OAuthClient> RegisterAsync(
        Branch branch, OrganizationRef at, string role, string[]? scopes = null, AsymmetricAlgorithm? key = null)
    {
        using var administrator = branch.Administrator();
        using var answer = await administrator.PostAsync("/api/v1/clients", new
        {
            name = "client",
            organizationId = at.Id.Value,
            role,
            scopes,
            authMethod = key is null ? "ClientSecret" : "PrivateKeyJwt",
            publicKeyPem = key?.ExportSubjectPublicKeyInfoPem(),
        });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var told = await answer.JsonAsync();
        return new OAuthClient(
            branch.App, told.GetProperty("id").GetGuid(), key is null ? told.GetProperty("secretId").GetGuid() : null,
            key is null ? told.GetProperty("secret").GetString() : null, key);
    }

    public Task<HttpResponseMessage> AskAsync(params (string, string)[] parameters) => AskAsync(App.Anonymous(), parameters);

    public Task<HttpResponseMessage> AskAsync(HttpClient at, params (string, string)[] parameters) => SendAsync(at, "/connect/token",
        [("grant_type", "client_credentials"), .. parameters]);

    /// <summary>A form with the client's proof: Basic, or an assertion of its key.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpClient at, string path, params (string, string)[] parameters) => Key is null
        ? at.FormAsync(path, Basic(Id.ToString(), Secret!), parameters)
        : at.FormAsync(path, [.. parameters, ("client_assertion_type", AssertionType), ("client_assertion", Assertion())]);

    public async Task<string> TokenAsync(string? scope = null)
    {
        using var answer = await (scope is null ? AskAsync() : AskAsync(("scope", scope)));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.JsonAsync()).GetProperty("access_token").GetString()!;
    }

    /// <summary>A signed assertion; what is given replaces or, when null, removes a claim or header.</summary>
    public string Assertion(
        IReadOnlyDictionary<string, object?>? claims = null, IReadOnlyDictionary<string, object?>? header = null, Func<byte[], byte[]>? sign = null)
    {
        var now = App.Clock.GetUtcNow().ToUnixTimeSeconds();
        var head = Merged(new() { ["alg"] = Key is RSA ? "RS256" : "ES256" }, header);
        var body = Merged(new()
        {
            ["iss"] = Id.ToString(),
            ["sub"] = Id.ToString(),
            ["aud"] = "licensing",
            ["exp"] = now + 60,
            ["jti"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(8)),
        }, claims);
        var text = $"{Encode(head)}.{Encode(body)}";
        var data = Encoding.ASCII.GetBytes(text);
        return $"{text}.{Base64Url.EncodeToString((sign ?? Sign)(data))}";
    }

    public static string Basic(string id, string secret) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{WebUtility.UrlEncode(id)}:{WebUtility.UrlEncode(secret)}"));

    private byte[] Sign(byte[] data) => Key switch
    {
        RSA rsa => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => ecdsa.SignData(data, HashAlgorithmName.SHA256),
        _ => throw new InvalidOperationException("This client has a secret."),
    };

    private static Dictionary<string, object?> Merged(Dictionary<string, object?> usual, IReadOnlyDictionary<string, object?>? given)
    {
        foreach (var (name, value) in given ?? new Dictionary<string, object?>())
            usual[name] = value;
        return usual.Where(x => x.Value is not null).ToDictionary();
    }

    private static string Encode(Dictionary<string, object?> part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}

internal static class Forms
{
    extension(HttpClient client)
    {
        public Task<HttpResponseMessage> FormAsync(string path, params (string Name, string Value)[] parameters) =>
            client.FormAsync(path, null, parameters);

        public async Task<HttpResponseMessage> FormAsync(string path, string? authorization, (string Name, string Value)[] parameters)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new FormUrlEncodedContent(parameters.Select(p => KeyValuePair.Create(p.Name, p.Value))),
            };
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            return await client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    extension(HttpResponseMessage answer)
    {
        /// <summary>Status and error of an OAuth answer.</summary>
        public async Task<string> ErrorAsync() => $"{(int)answer.StatusCode} {(await answer.JsonAsync()).GetProperty("error").GetString()}";
    }
}
