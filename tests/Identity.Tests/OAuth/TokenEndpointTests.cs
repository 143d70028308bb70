using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.OAuth;

public sealed class TokenEndpointTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("basic")]
    [InlineData("post")]
    public async Task A_client_gets_a_token_with_its_secret_and_acts_with_its_role(string way)
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerReader);

        using var answer = way == "basic" ? await client.AskAsync() : await app.Anonymous().FormAsync(
            "/connect/token", ("grant_type", "client_credentials"), ("client_id", client.Id.ToString()), ("client_secret", client.Secret!));

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        var told = await answer.JsonAsync();
        told.GetProperty("token_type").GetString().ShouldBe("Bearer");
        told.GetProperty("expires_in").GetInt32().ShouldBe(900);
        told.GetProperty("scope").GetString()!.Split(' ').ShouldContain("identity.users.read");
        told.TryGetProperty("refresh_token", out _).ShouldBeFalse();
        var token = told.GetProperty("access_token").GetString()!;
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
        claims.GetProperty("sub").GetGuid().ShouldBe(client.Id);
        claims.GetProperty("client_id").GetGuid().ShouldBe(client.Id);
        using var bearer = app.Bearer(token);
        (await bearer.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await bearer.StatusAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
        (await bearer.PostAsync("/api/v1/api-keys", new { name = "k" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await branch.Administrator().GetJsonAsync(client.Path)).GetProperty("lastUsedAt").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow());

        app.Clock.Advance(TimeSpan.FromMinutes(15));
        (await bearer.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Scopes_narrow_the_client_and_the_token_narrows_further()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(
            branch, branch.Tenant, Roles.TenantAdministrator, ["identity.users.read", "identity.api_keys.read"]);

        using var all = app.Bearer(await client.TokenAsync());
        (await all.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await all.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.OK);
        (await all.StatusAsync("/api/v1/clients")).ShouldBe(HttpStatusCode.Forbidden);
        (await all.PostAsync("/api/v1/api-keys", new { name = "k" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        using var answer = await client.AskAsync(("scope", "identity.users.read identity.users.read"));
        (await answer.JsonAsync()).GetProperty("scope").GetString().ShouldBe("identity.users.read");
        using var part = app.Bearer((await answer.JsonAsync()).GetProperty("access_token").GetString()!);
        (await part.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await part.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.Forbidden);

        foreach (var tooMuch in new[]
        {
            "identity.users.manage", "identity.users.read identity.clients.read", "no.such.thing", " ", new string('x', 2000),
        })
            (await (await client.AskAsync(("scope", tooMuch))).ErrorAsync()).ShouldBe("400 invalid_scope", tooMuch);
    }

    [Theory]
    [InlineData("wrong secret")]
    [InlineData("no secret")]
    [InlineData("unknown client")]
    [InlineData("id no id")]
    [InlineData("another client's secret")]
    [InlineData("no base64")]
    [InlineData("no colon")]
    [InlineData("bearer")]
    [InlineData("expired")]
    [InlineData("revoked")]
    [InlineData("closed")]
    [InlineData("digest of the secret")]
    public async Task Every_client_that_does_not_hold_gets_one_answer(string what)
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var other = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.Administrator();
        var (id, secret) = (client.Id.ToString(), client.Secret!);
        if (what == "expired")
        {
            await administrator.SendAsync(HttpMethod.Patch, client.Path, new { expiresAt = app.Clock.GetUtcNow().AddSeconds(1) });
            app.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        else if (what == "revoked")
        {
            await administrator.DeleteAsync(client.Path, Ct);
        }
        else if (what == "closed")
        {
            (await administrator.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        var authorization = what switch
        {
            "wrong secret" => OAuthClient.Basic(id, secret[..^1] + (secret[^1] == 'A' ? 'B' : 'A')),
            "no secret" => OAuthClient.Basic(id, ""),
            "unknown client" => OAuthClient.Basic(Guid.Empty.ToString(), secret),
            "id no id" => OAuthClient.Basic("' or 1=1 --", secret),
            "another client's secret" => OAuthClient.Basic(id, other.Secret!),
            "no base64" => "Basic ***",
            "no colon" => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(id)),
            "bearer" => "Bearer " + secret,
            "digest of the secret" => OAuthClient.Basic(
                id, Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(secret)))),
            _ => OAuthClient.Basic(id, secret),
        };
        using var answer = await app.Anonymous().FormAsync("/connect/token", authorization, [("grant_type", "client_credentials")]);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldStartWith("Basic");
        answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        (await answer.Content.ReadAsStringAsync(Ct)).ShouldBe(
            """{"error":"invalid_client","error_description":"The client is unknown, revoked or expired, or its proof does not hold."}""");
    }

    [Fact]
    public async Task What_the_form_lacks_is_said_in_the_words_of_the_standard()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var (anyone, basic) = (app.Anonymous(), OAuthClient.Basic(client.Id.ToString(), client.Secret!));
        async Task<string> AskAsync(string? authorization, params (string, string)[] form) =>
            await (await anyone.FormAsync("/connect/token", authorization, form)).ErrorAsync();

        (await AskAsync(basic)).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", ""))).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "password"))).ShouldBe("400 unsupported_grant_type");
        (await AskAsync(null, ("grant_type", "client_credentials"))).ShouldBe("401 invalid_client");
        (await AskAsync(null, ("grant_type", "client_credentials"), ("client_id", client.Id.ToString()))).ShouldBe("401 invalid_client");
        (await AskAsync(null, ("grant_type", "client_credentials"), ("client_secret", client.Secret!))).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "client_credentials"), ("grant_type", "client_credentials"))).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "client_credentials"), ("client_id", client.Id.ToString()), ("client_secret", client.Secret!)))
            .ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "client_credentials"), ("client_id", Guid.Empty.ToString()))).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "client_credentials"), ("scope", "a\0b"))).ShouldBe("400 invalid_request");
        (await AskAsync(basic, ("grant_type", "refresh_token"))).ShouldBe("400 invalid_request");
        (await AskAsync(null, ("grant_type", "refresh_token"), ("refresh_token", "unknown"))).ShouldBe("400 invalid_grant");
        (await AskAsync(null, ("grant_type", "refresh_token"), ("refresh_token", new string('x', 300)))).ShouldBe("400 invalid_grant");
        (await (await anyone.PostAsJsonAsync("/connect/token", new { grant_type = "client_credentials" }, Ct)).ErrorAsync())
            .ShouldBe("400 invalid_request");
        (await (await anyone.FormAsync("/connect/token?scope=x", ("grant_type", "client_credentials"))).ErrorAsync()).ShouldBe("400 invalid_request");
        (await (await anyone.GetAsync("/connect/token", Ct)).ErrorAsync()).ShouldBe("405 invalid_request");
        (await (await anyone.FormAsync("/connect/nothing")).ErrorAsync()).ShouldBe("404 invalid_request");
        // What is not known is not looked at.
        (await client.AskAsync(("audience", "anything"), ("resource", "x"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_log_in_is_refreshed_here_as_at_its_own_endpoint()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var token = (await person.LoginAsync()).GetProperty("refreshToken").GetString()!;

        using var answer = await app.Anonymous().FormAsync(
            "/connect/token", ("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "portal"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        var pair = await answer.JsonAsync();
        using var bearer = app.Bearer(pair.GetProperty("access_token").GetString()!);
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        using var narrowed = await app.Anonymous().FormAsync(
            "/connect/token",
            ("grant_type", "refresh_token"),
            ("refresh_token", pair.GetProperty("refresh_token").GetString()!),
            ("scope", "identity.users.read"));
        var less = await narrowed.JsonAsync();
        using var reader = app.Bearer(less.GetProperty("access_token").GetString()!);
        (await reader.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await reader.PostAsync("/api/v1/api-keys", new { name = "k" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        foreach (var used in new[] { token, less.GetProperty("refresh_token").GetString()! })
        {
            using var reused = await app.Anonymous().FormAsync("/connect/token", ("grant_type", "refresh_token"), ("refresh_token", used));
            (await reused.ErrorAsync()).ShouldBe("400 invalid_grant");
        }
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_wrong_client_does_not_use_up_a_refresh_token()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var token = (await person.LoginAsync()).GetProperty("refreshToken").GetString()!;

        using var wrong = await app.Anonymous().FormAsync(
            "/connect/token", OAuthClient.Basic(Guid.Empty.ToString(), "x"), [("grant_type", "refresh_token"), ("refresh_token", token)]);

        (await wrong.ErrorAsync()).ShouldBe("401 invalid_client");
        using var right = await app.Anonymous().FormAsync("/connect/token", ("grant_type", "refresh_token"), ("refresh_token", token));
        right.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_of_a_suspended_branch_only_reads()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await branch.Administrator().PostAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "x" });

        using var bearer = app.Bearer(await client.TokenAsync());

        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        using var refused = await bearer.PostAsync("/api/v1/api-keys", new { name = "k" });
        (await refused.CodeAsync()).ShouldBe("branch_suspended");
    }

    [Fact]
    public async Task A_token_taken_is_in_the_trail_under_the_client()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await client.TokenAsync();

        var trail = await branch.Administrator().GetJsonAsync($"/api/v1/audit?principalId={client.Id}");

        trail.GetProperty("items")[0].GetProperty("action").GetString().ShouldBe("identity.issue_client_token");
    }

    [Fact]
    public async Task The_metadata_name_what_there_is()
    {
        using var client = app.Anonymous();
        using var answer = await client.GetAsync("/.well-known/openid-configuration", Ct);

        answer.Headers.CacheControl!.ToString().ShouldBe("public, max-age=300");
        var told = await answer.JsonAsync();
        told.GetProperty("issuer").GetString().ShouldBe("licensing");
        foreach (var (name, path) in new[]
        {
            ("token_endpoint", "/connect/token"), ("jwks_uri", "/.well-known/jwks.json"), ("revocation_endpoint", "/connect/revocation"),
            ("introspection_endpoint", "/connect/introspection"),
        })
            told.GetProperty(name).GetString().ShouldBe("http://localhost" + path);
        told.GetProperty("token_endpoint_auth_methods_supported").EnumerateArray().Select(x => x.GetString())
            .ShouldBe(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
        told.GetProperty("token_endpoint_auth_signing_alg_values_supported").EnumerateArray().Select(x => x.GetString()).ShouldNotContain("HS256");
        told.GetProperty("scopes_supported").EnumerateArray().Select(x => x.GetString()).ShouldContain("identity.users.read");
    }
}

