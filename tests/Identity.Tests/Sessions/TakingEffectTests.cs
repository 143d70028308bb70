using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>F41: what is taken away counts at once on the host that was told, and within five seconds on every other.</summary>
public sealed class TakingEffectTests(App app) : IClassFixture<App>
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("log-out", HttpStatusCode.Unauthorized)]
    [InlineData("token revoked", HttpStatusCode.Unauthorized)]
    [InlineData("user disabled", HttpStatusCode.Unauthorized)]
    [InlineData("role taken", HttpStatusCode.Forbidden)]
    [InlineData("organization closed", HttpStatusCode.Unauthorized)]
    [InlineData("organization suspended", HttpStatusCode.Forbidden)]
    [InlineData("client revoked", HttpStatusCode.Unauthorized)]
    [InlineData("client narrowed", HttpStatusCode.Forbidden)]
    [InlineData("secret removed", HttpStatusCode.Unauthorized)]
    public async Task What_is_taken_counts_here_at_once_and_elsewhere_within_five_seconds(string what, HttpStatusCode expected)
    {
        await using var other = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        var (token, take) = what.StartsWith("client", StringComparison.Ordinal) || what.StartsWith("secret", StringComparison.Ordinal)
            ? await OfClientAsync(branch, what)
            : await OfUserAsync(branch, what);
        using var here = app.Bearer(token);
        using var there = other.Anonymous();
        there.DefaultRequestHeaders.Authorization = new("Bearer", token);
        (await WriteAsync(here)).ShouldBe(HttpStatusCode.Created);
        (await WriteAsync(there)).ShouldBe(HttpStatusCode.Created);

        using (var taken = await take())
            taken.IsSuccessStatusCode.ShouldBeTrue($"{what}: {await taken.Content.ReadAsStringAsync(Ct)}");

        (await WriteAsync(here)).ShouldBe(expected);
        app.Clock.Advance(Longest);
        (await WriteAsync(there)).ShouldBe(expected);
        (await WriteAsync(here)).ShouldBe(expected);
    }

    [Fact]
    public async Task Under_load_no_request_that_begins_five_seconds_later_is_let_in()
    {
        await using var other = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        var (token, take) = await OfUserAsync(branch, "log-out");
        using var stop = new CancellationTokenSource();
        async Task LoadAsync()
        {
            using var client = other.Anonymous();
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
            while (!stop.IsCancellationRequested)
                await client.StatusAsync("/api/v1/users");
        }

        var load = Enumerable.Range(0, 4).Select(_ => LoadAsync()).ToList();
        (await take()).Dispose();
        app.Clock.Advance(Longest);
        var late = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = other.Anonymous();
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
            return await client.StatusAsync("/api/v1/users");
        }));
        await stop.CancelAsync();
        await Task.WhenAll(load);

        late.ShouldAllBe(s => s == HttpStatusCode.Unauthorized);
    }

    private async Task<(string Token, Func<Task<HttpResponseMessage>> Take)> OfUserAsync(Branch branch, string what)
    {
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        var (access, refresh) = (session.GetProperty("accessToken").GetString()!, session.GetProperty("refreshToken").GetString()!);
        var administrator = branch.Administrator();
        var tenant = $"/api/v1/tenants/{branch.Tenant.Id.Value}";
        var assignment = (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles")[0].GetProperty("id").GetGuid();
        return (access, what switch
        {
            "log-out" => () => app.Anonymous().PostAsync("/api/v1/auth/logout", new { refreshToken = refresh }),
            "token revoked" => () => app.Anonymous().FormAsync("/connect/revocation", ("token", access)),
            "user disabled" => () => administrator.PostAsync($"/api/v1/users/{person.Id}/disable", new { }),
            "role taken" => () => administrator.SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{assignment}", null),
            "organization closed" => () => administrator.SendAsync(HttpMethod.Delete, tenant, null),
            "organization suspended" => () => administrator.PostAsync($"{tenant}/suspend", new { reason = "unpaid" }),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        });
    }

    private async Task<(string Token, Func<Task<HttpResponseMessage>> Take)> OfClientAsync(Branch branch, string what)
    {
        var administrator = branch.Administrator();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        return (await client.TokenAsync(), what switch
        {
            "client revoked" => () => administrator.SendAsync(HttpMethod.Delete, client.Path, null),
            "client narrowed" => () => administrator.SendAsync(HttpMethod.Patch, client.Path, new { scopes = new[] { "identity.users.read" } }),
            "secret removed" => () => administrator.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        });
    }

    // The weakest write there is: it makes nothing but a key.
    private static async Task<HttpStatusCode> WriteAsync(HttpClient client)
    {
        using var answer = await client.PostAsync("/api/v1/api-keys", new { name = "k" });
        return answer.StatusCode;
    }
}
