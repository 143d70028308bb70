using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Tests.Credentials;

namespace Licensing.Identity.Tests.LoginLinks;

/// <summary>
/// When someone's log-ins end because they may be another's by now, so do the login links that he made, those into his own account, and
/// what came of them.
/// </summary>
public sealed class MadeLinkTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ends { get; } = new(
        "log-out", "password changed", "password reset", "sessions ended", "others ended", "one ended", "own ended", "refresh token used twice",
        "second factor reset", "token revoked", "way in closed");

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task What_a_user_made_ends_with_his_log_ins(string how)
    {
        var branch = await app.BranchAsync();
        var (maker, user) = (
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator),
            await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator));
        var stolen = await maker.LoginAsync();
        using var thief = Bearer(stolen);
        var (open, used) = (await LinkAsync(thief, user), await RedeemedAsync(await LinkAsync(thief, user)));
        using var client = Bearer(used);
        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);

        await EndAsync(branch, maker, stolen, how);

        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(used)).ShouldBe(HttpStatusCode.Unauthorized);
        (await RedeemAsync(open)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(await user.LoginAsync())).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_link_into_someones_account_ends_with_his_log_ins()
    {
        var branch = await app.BranchAsync();
        var user = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var open = await LinkAsync(await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync(), user);

        (await branch.Administrator().SendAsync(HttpMethod.Delete, $"/api/v1/users/{user.Id}/sessions", null)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await RedeemAsync(open)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("secret removed", true)]
    [InlineData("secret rotated at once", true)]
    [InlineData("keys replaced", true)]
    [InlineData("secret rotated with overlap", false)]
    public async Task What_a_client_made_ends_with_its_tokens(string how, bool ends)
    {
        var branch = await app.BranchAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var user = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.Administrator();
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator, key: how == "keys replaced" ? key : null);
        using var caller = app.Bearer(await client.TokenAsync());
        var (open, used) = (await LinkAsync(caller, user), await RedeemedAsync(await LinkAsync(caller, user)));

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var changed = how switch
        {
            "secret removed" => await administrator.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{client.SecretId}", null),
            "keys replaced" => await administrator.SendAsync(
                HttpMethod.Patch, client.Path, new { publicKeyPem = other.ExportSubjectPublicKeyInfoPem() }),
            _ => await administrator.PostAsync($"{client.Path}/secrets", new { overlapHours = ends ? 0 : 24 }),
        };
        changed.IsSuccessStatusCode.ShouldBeTrue(await changed.Content.ReadAsStringAsync(Ct));

        (await RefreshAsync(used)).ShouldBe(ends ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
        (await RedeemAsync(open)).StatusCode.ShouldBe(ends ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_client_made_with_a_token_ends_with_that_one_alone(bool isKnown)
    {
        var branch = await app.BranchAsync();
        var user = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var other = app.Bearer(await client.TokenAsync());
        var (left, leftUsed) = (await LinkAsync(other, user), await RedeemedAsync(await LinkAsync(other, user)));
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var token = await client.TokenAsync();
        using var caller = app.Bearer(token);
        var (open, used) = (await LinkAsync(caller, user), await RedeemedAsync(await LinkAsync(caller, user)));
        var beside = isKnown ? await LinkAsync(other, user) : left;
        // As a host of the version before makes them: it does not say with what.
        if (!isKnown)
            foreach (var forget in new[]
            {
                "login_links set made_with = null where created_by", "sessions set link_made_with = null where link_maker",
            })
                (await app.ExecuteAsync($"update identity.{forget} = $1", client.Id)).ShouldBeGreaterThan(1);

        (await client.SendAsync(app.Anonymous(), "/connect/revocation", ("token", token))).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await RefreshAsync(used)).ShouldBe(HttpStatusCode.Unauthorized);
        (await RedeemAsync(open)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(leftUsed)).ShouldBe(HttpStatusCode.OK);
        (await RedeemAsync(beside)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("revoked")]
    [InlineData("logged out")]
    public async Task A_token_that_has_ended_ends_nothing_that_was_made_since(string how)
    {
        var branch = await app.BranchAsync();
        var (maker, user) = (
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator),
            await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator));
        var stolen = await maker.LoginAsync();
        await EndAsync(branch, maker, stolen, how == "revoked" ? "token revoked" : "log-out");
        using var again = await maker.ClientAsync();
        var (open, used) = (await LinkAsync(again, user), await RedeemedAsync(await LinkAsync(again, user)));

        await EndAsync(branch, maker, stolen, "token revoked");

        (await RefreshAsync(used)).ShouldBe(HttpStatusCode.OK);
        (await RedeemAsync(open)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("log-out")]
    [InlineData("refresh token used twice")]
    [InlineData("own ended")]
    [InlineData("one ended")]
    [InlineData("token revoked")]
    public async Task A_log_in_that_a_link_opened_takes_none_along_since_none_is_made_in_it(string how)
    {
        var branch = await app.BranchAsync();
        var (maker, user) = (
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator),
            await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator));
        using var above = await (await Person.AddAsync(branch, branch.Distributor, Roles.DistributorAdministrator)).ClientAsync();
        using var own = await maker.ClientAsync();
        var (open, used) = (await LinkAsync(own, user), await RedeemedAsync(await LinkAsync(own, user)));
        var opened = await RedeemedAsync(await LinkAsync(above, maker));
        using var administrator = branch.Administrator();
        using var there = Bearer(opened);
        var id = HeldCallers.Claim(opened.GetProperty("accessToken").GetString()!, "sid");

        switch (how)
        {
            case "own ended":
                (await there.SendAsync(HttpMethod.Delete, $"/api/v1/auth/sessions/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
                break;
            case "one ended":
                (await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/users/{maker.Id}/sessions/{id}", null)).StatusCode
                    .ShouldBe(HttpStatusCode.NoContent);
                break;
            default:
                await EndAsync(branch, maker, opened, how);
                break;
        }

        (await there.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefreshAsync(used)).ShouldBe(HttpStatusCode.OK);
        (await RedeemAsync(open)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_makes_a_link_into_his_own_account()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var client = await person.ClientAsync();

        using var answer = await client.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "link_to_oneself"));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("key of a key")]
    [InlineData("client")]
    [InlineData("user")]
    public async Task Nobody_makes_a_link_into_his_own_account_by_what_he_makes_first(string first)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var made = await MadeFirst.ByAsync(branch, await person.ClientAsync(), first);

        using var answer = await made.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "link_to_oneself"));
    }

    private async Task EndAsync(Branch branch, Person maker, JsonElement stolen, string how)
    {
        using var administrator = branch.Administrator();
        using var own = Bearer(await maker.LoginAsync());
        using var answer = how switch
        {
            "log-out" => await app.Anonymous().PostAsync(
                "/api/v1/auth/logout", new { refreshToken = stolen.GetProperty("refreshToken").GetString() }),
            "password changed" => await own.PostAsync(
                "/api/v1/auth/password", new { currentPassword = maker.Password, newPassword = "another long password" }),
            "password reset" => await ResetAsync(maker),
            "sessions ended" => await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/users/{maker.Id}/sessions", null),
            "others ended" => await own.SendAsync(HttpMethod.Delete, "/api/v1/auth/sessions", null),
            "one ended" => await administrator.SendAsync(
                HttpMethod.Delete,
                $"/api/v1/users/{maker.Id}/sessions/{await FirstAsync(administrator, $"/api/v1/users/{maker.Id}/sessions")}",
                null),
            "own ended" => await own.SendAsync(HttpMethod.Delete, $"/api/v1/auth/sessions/{await FirstAsync(own, "/api/v1/auth/sessions")}", null),
            "refresh token used twice" => await TwiceAsync(stolen),
            "token revoked" => await app.Anonymous().PostAsync(
                "/connect/revocation", new FormUrlEncodedContent([new("token", stolen.GetProperty("accessToken").GetString())]), Ct),
            "way in closed" => await ClosedAsync(maker, stolen),
            "second factor reset" => await ResetMfaAsync(administrator, maker),
            _ => throw new ArgumentOutOfRangeException(nameof(how), how, null),
        };
        (answer.IsSuccessStatusCode || how is "refresh token used twice" or "way in closed")
            .ShouldBeTrue($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}");
    }

    private async Task<HttpResponseMessage> ClosedAsync(Person maker, JsonElement stolen)
    {
        await app.ExecuteAsync("update identity.sessions set way = 'Unknown' where user_id = $1", maker.Id);
        var answer = await app.RefreshAsync(stolen);
        answer.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        return answer;
    }

    private async Task<HttpResponseMessage> ResetAsync(Person maker)
    {
        (await app.Anonymous().PostAsync("/api/v1/auth/password-reset", new { email = maker.Email })).Dispose();
        await app.DrainAsync();
        return await app.Anonymous().PostAsync(
            "/api/v1/auth/password-reset/confirm", new { token = app.Mailbox.TokenFor(maker.Email), newPassword = "another long password" });
    }

    private async Task<HttpResponseMessage> TwiceAsync(JsonElement tokens)
    {
        var refreshToken = tokens.GetProperty("refreshToken").GetString();
        (await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken })).StatusCode.ShouldBe(HttpStatusCode.OK);
        return await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken });
    }

    private async Task<HttpResponseMessage> ResetMfaAsync(HttpClient administrator, Person maker)
    {
        await app.InAsync<Npgsql.NpgsqlDataSource, int>(async database =>
        {
            await using var command = database.CreateCommand("update identity.users set mfa_enabled = true where id = $1");
            command.Parameters.Add(new() { Value = maker.Id });
            return await command.ExecuteNonQueryAsync(Ct);
        });
        return await administrator.PostAsync($"/api/v1/users/{maker.Id}/reset-mfa", new { });
    }

    private static async Task<Guid> FirstAsync(HttpClient client, string path) =>
        (await client.GetJsonAsync(path)).GetProperty("items").EnumerateArray().Select(s => s.GetProperty("id").GetGuid()).Min();

    private static async Task<string> LinkAsync(HttpClient maker, Person user)
    {
        using var made = await maker.PostAsync("/api/v1/auth/login-links", new { userId = user.Id });
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await made.JsonAsync()).GetProperty("token").GetString()!;
    }

    private Task<HttpResponseMessage> RedeemAsync(string token) => app.Anonymous().PostAsync("/api/v1/auth/login-links/redeem", new { token });

    private async Task<JsonElement> RedeemedAsync(string token)
    {
        using var answer = await RedeemAsync(token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    private async Task<HttpStatusCode> RefreshAsync(JsonElement tokens)
    {
        using var answer = await app.RefreshAsync(tokens);
        return answer.StatusCode;
    }

    private HttpClient Bearer(JsonElement tokens) => app.Bearer(tokens.GetProperty("accessToken").GetString()!);
}
