using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Federation;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>
/// A host with a single connection: whatever asks for a second one while it holds the first waits for itself. With a hundred
/// connections a hundred such requests at once do the same.
/// </summary>
public sealed class OneConnectionTests(StubApp app) : IClassFixture<StubApp>
{
    private static int _last;

    [Fact]
    public async Task Whoever_proves_himself_takes_one_connection_at_a_time()
    {
        await using var host = await app.StartSecondHostAsync(connections: 1);
        var branch = await app.BranchAsync();
        var people = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FederationApp.PersonAsync(branch)));
        async Task<JsonElement[]> AllAsync(HttpMethod method, string path, Func<int, object> body, JsonElement[]? callers = null)
        {
            // The signing keys are due to be read again, and the one-time codes are new.
            app.Clock.Advance(TimeSpan.FromSeconds(30));
            return await Task.WhenAll(people.Select((_, i) => SendAsync(host, callers?[i], method, path, body(i))));
        }

        const string password = "quite another long password";
        var tokens = await AllAsync(HttpMethod.Post, "login", i => new { email = people[i].Email, password = people[i].Password });
        tokens = await AllAsync(HttpMethod.Post, "password", i => new { currentPassword = people[i].Password, newPassword = password }, tokens);
        tokens = await AllAsync(HttpMethod.Post, "refresh", i => new { refreshToken = tokens[i].GetProperty("refreshToken").GetString() });
        tokens = await AllAsync(HttpMethod.Post, "login", i => new { email = people[i].Email, password }, tokens);
        var secrets = await AllAsync(HttpMethod.Post, "mfa", _ => new { password }, tokens);
        string Code(int i) => Totp.CodeOf(secrets[i].GetProperty("secret").GetString()!, app.Clock.GetUtcNow());
        await AllAsync(HttpMethod.Post, "mfa/confirm", i => new { code = Code(i) }, tokens);
        tokens = await AllAsync(
            HttpMethod.Post, "federated", i => new { provider = "plain", idToken = Token(people[i].Email), otp = Code(i) }, tokens);
        await AllAsync(HttpMethod.Delete, "mfa", _ => new { password }, tokens);
    }

    // With an Idempotency-Key, which opens the request's transaction before anything else where it is taken.
    private static async Task<JsonElement> SendAsync(SecondHost host, JsonElement? tokens, HttpMethod method, string path, object body)
    {
        using var client = host.Anonymous();
        if (tokens is { } held)
            client.DefaultRequestHeaders.Authorization = new("Bearer", held.GetProperty("accessToken").GetString());
        using var answer = await client.SendAsync(
            method, $"/api/v1/auth/{path}", body, key: tokens is null ? null : $"{path} {Interlocked.Increment(ref _last)}");
        answer.IsSuccessStatusCode.ShouldBeTrue(
            $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        return answer.StatusCode is HttpStatusCode.NoContent ? default : await answer.JsonAsync();
    }

    private string Token(string email)
    {
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        var number = Interlocked.Increment(ref _last);
        return app.Issuer.RS256(new JsonObject
        {
            ["iss"] = app.Issuer.Address,
            ["sub"] = $"one-connection-{number}",
            ["aud"] = "licensing",
            ["iat"] = now,
            ["exp"] = now + 3600,
            ["jti"] = $"{number}",
            ["email"] = email,
            ["email_verified"] = true,
        });
    }
}
