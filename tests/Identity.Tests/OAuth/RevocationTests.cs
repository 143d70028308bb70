using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Credentials;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.OAuth;

/// <summary>RFC 7009 and RFC 7662.</summary>
public sealed class RevocationTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_ends_its_own_token_and_no_other_client_does()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var other = await OAuthClient.RegisterAsync(branch, branch.Platform, Roles.PlatformAdministrator);
        var (token, another) = (await client.TokenAsync(), await client.TokenAsync());
        using var bearer = app.Bearer(token);

        (await (await app.Anonymous().FormAsync("/connect/revocation", ("token", token))).ErrorAsync()).ShouldBe("401 invalid_client");
        (await (await other.SendAsync(app.Anonymous(), "/connect/revocation", ("token", token))).ErrorAsync()).ShouldBe("400 unauthorized_client");
        (await (await (client with { Secret = "wrong" }).SendAsync(app.Anonymous(), "/connect/revocation", ("token", token))).ErrorAsync())
            .ShouldBe("401 invalid_client");
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        using var revoked = await client.SendAsync(app.Anonymous(), "/connect/revocation", ("token", token), ("token_type_hint", "refresh_token"));
        revoked.StatusCode.ShouldBe(HttpStatusCode.OK);
        revoked.Headers.CacheControl!.ToString().ShouldBe("no-store");
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await client.SendAsync(app.Anonymous(), "/connect/revocation", ("token", token))).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var untouched = app.Bearer(another);
        (await untouched.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revoked_token_is_remembered_until_it_has_ended_for_every_host_and_not_for_ever()
    {
        var branch = await app.BranchAsync();
        var client = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var token = await client.TokenAsync();
        (await client.SendAsync(app.Anonymous(), "/connect/revocation", ("token", token))).StatusCode.ShouldBe(HttpStatusCode.OK);

        // By this clock it has ended, by one that is behind not yet.
        app.Clock.Advance(AccessTokens.Lifetime + HostClocks.Slack - TimeSpan.FromSeconds(1));
        (await IsKeptAsync()).ShouldBeTrue();
        app.Clock.Advance(TimeSpan.FromSeconds(2));
        (await IsKeptAsync()).ShouldBeFalse();

        async Task<bool> IsKeptAsync()
        {
            await app.Services.GetServices<IChore>().OfType<TokenChore>().Single().RunAsync(Ct);
            await using var command = app.Services.GetRequiredService<NpgsqlDataSource>()
                .CreateCommand("select exists (select from identity.revoked_access_tokens where id = $1)");
            command.Parameters.Add(new() { Value = HeldCallers.Claim(token, "jti") });
            return (bool)(await command.ExecuteScalarAsync(Ct))!;
        }
    }

    [Fact]
    public async Task A_refresh_token_ends_its_session_with_the_access_tokens()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        using var bearer = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        var refresh = session.GetProperty("refreshToken").GetString()!;

        (await app.Anonymous().FormAsync("/connect/revocation", ("token", refresh))).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = refresh })).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_is_no_token_is_no_error_but_what_is_missing_or_of_another_kind_is()
    {
        foreach (var none in new[] { "unknown", "a.b.c", new string('x', 1_000), "..", "' or 1=1 --" })
            (await app.Anonymous().FormAsync("/connect/revocation", ("token", none))).StatusCode.ShouldBe(HttpStatusCode.OK, none);
        (await (await app.Anonymous().FormAsync("/connect/revocation")).ErrorAsync()).ShouldBe("400 invalid_request");
        (await (await app.Anonymous().FormAsync("/connect/revocation", ("token", "lk_00000000_x"))).ErrorAsync())
            .ShouldBe("400 unsupported_token_type");
    }

    [Fact]
    public async Task A_client_learns_of_the_tokens_of_its_subtree_what_they_may_do_now()
    {
        var branch = await app.BranchAsync();
        var asking = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerReader);
        var client = await OAuthClient.RegisterAsync(
            branch, branch.Tenant, Roles.TenantAdministrator, ["identity.users.read", "identity.api_keys.read"]);
        var token = await client.TokenAsync("identity.users.read");

        var told = await IntrospectAsync(asking, token);

        told.GetProperty("active").GetBoolean().ShouldBeTrue();
        told.GetProperty("scope").GetString().ShouldBe("identity.users.read");
        told.GetProperty("client_id").GetGuid().ShouldBe(client.Id);
        told.GetProperty("sub").GetGuid().ShouldBe(client.Id);
        told.GetProperty("token_type").GetString().ShouldBe("Bearer");
        told.GetProperty("iss").GetString().ShouldBe("licensing");
        told.GetProperty("aud").GetString().ShouldBe("licensing-api");
        told.GetProperty("exp").GetInt64().ShouldBe(app.Clock.GetUtcNow().AddMinutes(15).ToUnixTimeSeconds());

        await branch.Administrator().SendAsync(HttpMethod.Delete, client.Path, null);
        (await IntrospectAsync(asking, token)).GetRawText().ShouldBe("""{"active":false}""");
    }

    [Fact]
    public async Task A_client_learns_of_users_refresh_tokens_too_without_using_them_up()
    {
        var branch = await app.BranchAsync();
        var asking = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantUser);
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        var refresh = session.GetProperty("refreshToken").GetString()!;

        var access = await IntrospectAsync(asking, session.GetProperty("accessToken").GetString()!);
        (access.GetProperty("active").GetBoolean(), access.GetProperty("username").GetString(), access.GetProperty("client_id").GetString())
            .ShouldBe((true, person.Email.ToLowerInvariant(), "licensing"));
        for (var i = 0; i < 2; i++)
            (await IntrospectAsync(asking, refresh)).GetProperty("token_type").GetString().ShouldBe("refresh_token");

        (await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = refresh })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await IntrospectAsync(asking, refresh)).GetRawText().ShouldBe("""{"active":false}""");
    }

    [Fact]
    public async Task Beside_and_above_the_client_no_token_is_active()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var asking = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var beside = await Person.AddAsync(other, other.Tenant, Roles.TenantAdministrator);
        var above = await Person.AddAsync(branch, branch.Distributor, Roles.DistributorReader);

        foreach (var person in new[] { beside, above })
        {
            var session = await person.LoginAsync();
            foreach (var name in new[] { "accessToken", "refreshToken" })
                (await IntrospectAsync(asking, session.GetProperty(name).GetString()!)).GetRawText().ShouldBe("""{"active":false}""");
        }

        foreach (var none in new[] { "unknown", "a.b.c", (await asking.TokenAsync())[..^8] })
            (await IntrospectAsync(asking, none)).GetRawText().ShouldBe("""{"active":false}""");
    }

    [Fact]
    public async Task Only_a_client_that_holds_may_ask()
    {
        var branch = await app.BranchAsync();
        var asking = await OAuthClient.RegisterAsync(branch, branch.Tenant, Roles.TenantUser);
        var token = await asking.TokenAsync();

        (await (await app.Anonymous().FormAsync("/connect/introspection", ("token", token))).ErrorAsync()).ShouldBe("401 invalid_client");
        (await (await app.Anonymous().FormAsync("/connect/introspection", $"Bearer {token}", [("token", token)])).ErrorAsync())
            .ShouldBe("401 invalid_client");
        (await (await (asking with { Secret = "wrong" }).SendAsync(app.Anonymous(), "/connect/introspection", ("token", token))).ErrorAsync())
            .ShouldBe("401 invalid_client");
        (await (await asking.SendAsync(app.Anonymous(), "/connect/introspection")).ErrorAsync()).ShouldBe("400 invalid_request");
    }

    private async Task<JsonElement> IntrospectAsync(OAuthClient asking, string token)
    {
        using var answer = await asking.SendAsync(app.Anonymous(), "/connect/introspection", ("token", token));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        return await answer.JsonAsync();
    }
}
