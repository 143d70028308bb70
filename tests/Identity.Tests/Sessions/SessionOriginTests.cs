using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>A session knows by what it was opened, and ends with that.</summary>
public sealed class SessionOriginTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_passwords_are_no_longer_taken_a_session_from_one_is_not_gone_on_with()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        var tokens = await person.LoginAsync();
        await SetAsync(branch, new { passwordLogin = false });

        (await RefreshAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, "password_login_off"));

        // The session is over, and not only this try.
        using var client = app.Bearer(Access(tokens));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        await SetAsync(branch, new { passwordLogin = (bool?)null });
        (await RefreshAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, "bad_refresh_token"));
    }

    [Fact]
    public async Task The_platforms_own_people_go_on_where_passwords_are_no_longer_taken()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Platform, Roles.PlatformReader);
        var tokens = await person.LoginAsync();
        using var set = await branch.Administrator().SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Platform.Id.Value}", new { passwordLogin = false });
        set.StatusCode.ShouldBe(HttpStatusCode.OK);

        var refreshed = await RefreshAsync(tokens);
        using var back = await branch.Administrator().SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Platform.Id.Value}", new { passwordLogin = (bool?)null });

        refreshed.Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("way = 'Unknown'", "bad_refresh_token")]
    [InlineData("way = 'Provider', provider = 'gone-since'", "provider_not_allowed")]
    public async Task A_session_from_before_its_origin_was_kept_or_of_a_provider_that_is_no_more_ends(string origin, string code)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        var tokens = await person.LoginAsync();
        await app.ExecuteAsync($"update identity.sessions set {origin} where user_id = $1", person.Id);

        (await RefreshAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, code));

        (await ScalarAsync<bool>("select revoked_at is not null from identity.sessions where user_id = $1", person.Id)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_user_who_may_not_enter_loses_the_session_and_not_only_the_turn()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var tokens = await person.LoginAsync();
        // As another process, or an operator, may leave it: disabled beside the slice that ends the sessions.
        await app.ExecuteAsync("update identity.users set status = 'Disabled' where id = $1", person.Id);

        (await RefreshAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, "bad_refresh_token"));

        await app.ExecuteAsync("update identity.users set status = 'Active' where id = $1", person.Id);
        (await RefreshAsync(tokens)).ShouldBe((HttpStatusCode.Unauthorized, "bad_refresh_token"));
    }

    [Theory]
    [InlineData("key revoked")]
    [InlineData("client revoked")]
    [InlineData("maker disabled")]
    [InlineData("maker's role taken")]
    [InlineData("tenant transferred")]
    [InlineData("user promoted")]
    public async Task A_session_from_a_login_link_ends_with_the_right_of_who_made_it(string what)
    {
        var branch = await app.BranchAsync();
        var user = await Person.AddAsync(branch, branch.Tenant, null);
        var (maker, end) = await MakerAsync(branch, user, what);
        var (first, second) = (await ByLinkAsync(maker, user), await ByLinkAsync(maker, user));
        var open = await ByLinkTokenAsync(maker, user);
        using var client = app.Bearer(Access(first));
        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);
        first = await GoneOnAsync(first);
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        await end();

        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        // A transfer has ended the session itself, and so has what ended its maker's own.
        (await RefreshAsync(second)).ShouldBe(
            (HttpStatusCode.Unauthorized, what is "tenant transferred" or "maker disabled" ? "bad_refresh_token" : "login_link_withdrawn"));
        (await RefreshAsync(second)).ShouldBe((HttpStatusCode.Unauthorized, "bad_refresh_token"));
        using var late = await app.Anonymous().PostAsync("/api/v1/auth/login-links/redeem", new { token = open });
        late.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        // Who has logged in by himself goes on.
        (await RefreshAsync(await user.LoginAsync())).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_maker_s_loss_and_a_suspension_end_nothing()
    {
        var branch = await app.BranchAsync();
        var user = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        var tokens = await ByLinkAsync(await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync(), user);
        var (other, end) = await MakerAsync(branch, user, "key revoked");
        await ByLinkAsync(other, user);
        await end();
        using var suspended = await branch.Administrator().PostAsync(
            $"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "unpaid" });
        suspended.IsSuccessStatusCode.ShouldBeTrue();

        using var client = app.Bearer(Access(tokens));
        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);
        (await RefreshAsync(tokens)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_whose_session_is_gone_opens_nothing()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        await app.ExecuteAsync(
            "delete from identity.refresh_tokens where session_id in (select id from identity.sessions where user_id = $1)", person.Id);
        await app.ExecuteAsync("delete from identity.sessions where user_id = $1", person.Id);

        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_session_is_kept_as_long_as_one_of_its_access_tokens_lives()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        await app.ExecuteAsync("update identity.sessions set created_at = created_at - interval '80 days' where user_id = $1", person.Id);
        await app.ExecuteAsync(
            """
            update identity.refresh_tokens set expires_at = created_at + interval '1 minute'
            where session_id in (select id from identity.sessions where user_id = $1)
            """, person.Id);
        app.Clock.Advance(TimeSpan.FromMinutes(14));
        await ChoreAsync();
        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);

        app.Clock.Advance(TimeSpan.FromMinutes(3));
        await ChoreAsync();

        (await ScalarAsync<long>("select count(*) from identity.sessions where user_id = $1", person.Id)).ShouldBe(0);
    }

    [Fact]
    public async Task Introspection_asks_what_a_refresh_would_be_asked()
    {
        var branch = await app.BranchAsync();
        var asking = await OAuthClient.RegisterAsync(branch, branch.Distributor, Roles.DistributorReader);
        var user = await Person.AddAsync(branch, branch.Tenant, null);
        var (maker, end) = await MakerAsync(branch, user, "key revoked");
        var (byPassword, byLink) = (await user.LoginAsync(), await ByLinkAsync(maker, user));
        (await ActiveAsync(byPassword), await ActiveAsync(byLink)).ShouldBe((true, true));

        await end();
        (await ActiveAsync(byPassword), await ActiveAsync(byLink)).ShouldBe((true, false));
        await SetAsync(branch, new { passwordLogin = false });
        (await ActiveAsync(byPassword)).ShouldBeFalse();

        async Task<bool> ActiveAsync(JsonElement tokens)
        {
            using var answer = await asking.SendAsync(
                app.Anonymous(), "/connect/introspection", ("token", tokens.GetProperty("refreshToken").GetString()!));
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return (await answer.JsonAsync()).GetProperty("active").GetBoolean();
        }
    }

    [Fact]
    public async Task A_host_of_the_version_before_can_write_while_a_new_one_starts()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);

        await app.ExecuteAsync(
            """
            insert into identity.sessions (id, user_id, owner_path, created_at)
            select gen_random_uuid(), id, owner_path, created_at from identity.users where id = $1
            """, person.Id);
        await app.ExecuteAsync(
            """
            insert into identity.clients
                (id, organization_id, owner_path, name, role, auth_method, secrets, keys, epoch, created_by, created_at, version)
            select gen_random_uuid(), organization_id, owner_path, 'old', 'TenantUser', 'ClientSecret', '[]', '[]', 1, id, created_at, 1
            from identity.users where id = $1
            """, person.Id);

        (await ScalarAsync<string>("select way from identity.sessions where user_id = $1", person.Id)).ShouldBe("Unknown");
        (await ScalarAsync<int>("select cardinality(known_to) from identity.clients where created_by = $1", person.Id)).ShouldBe(0);
    }

    private Task<int> ChoreAsync() => app.Services.GetServices<IChore>().OfType<TokenChore>().Single().RunAsync(Ct);

    private async Task<(HttpClient Maker, Func<Task> End)> MakerAsync(Branch branch, Person user, string what)
    {
        var administrator = branch.Administrator();
        var desk = new { name = "desk", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator };
        switch (what)
        {
            case "key revoked":
                using (var made = await administrator.PostAsync("/api/v1/api-keys", desk))
                {
                    var key = await made.JsonAsync();
                    return (app.Bearer(key.GetProperty("key").GetString()!),
                        () => SucceedAsync(administrator, HttpMethod.Delete, $"/api/v1/api-keys/{Id(key)}"));
                }

            case "client revoked":
                using (var made = await administrator.PostAsync("/api/v1/clients", desk))
                {
                    var client = await made.JsonAsync();
                    using var form = new FormUrlEncodedContent(new Dictionary<string, string>
                    {
                        ["grant_type"] = "client_credentials",
                        ["client_id"] = Id(client).ToString(),
                        ["client_secret"] = client.GetProperty("secret").GetString()!,
                    });
                    using var issued = await app.Anonymous().PostAsync("/connect/token", form, Ct);
                    return (app.Bearer((await issued.JsonAsync()).GetProperty("access_token").GetString()!),
                        () => SucceedAsync(administrator, HttpMethod.Delete, $"/api/v1/clients/{Id(client)}"));
                }
        }

        if (what == "user promoted")
            (await administrator.PostAsync("/api/v1/roles", new
            {
                name = "Front desk",
                level = "Partner",
                organizationId = branch.Partner.Id.Value,
                permissions = new[] { "identity.login_links.create" },
            })).StatusCode.ShouldBe(HttpStatusCode.Created);
        var person = await Person.AddAsync(branch, branch.Partner, what == "user promoted" ? "Front desk" : Roles.PartnerAdministrator);
        return (await person.ClientAsync(), what switch
        {
            "maker disabled" => () => SucceedAsync(administrator, HttpMethod.Post, $"/api/v1/users/{person.Id}/disable"),
            "maker's role taken" => async () =>
            {
                var held = (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles")[0];
                await SucceedAsync(administrator, HttpMethod.Delete, $"/api/v1/roles/assignments/{Id(held)}");
            }
            ,
            "tenant transferred" => async () =>
            {
                var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
                await SucceedAsync(
                    branch.As(Roles.DistributorAdministrator), HttpMethod.Post, $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer",
                    new { partnerId = to.Id.Value, on = app.Clock.GetUtcNow().ToString("yyyy-MM-dd"), reason = "sold" });
            }
            ,
            // To what his maker is not.
            "user promoted" => () => SucceedAsync(
                administrator,
                HttpMethod.Put,
                "/api/v1/roles/assignments",
                new { userId = user.Id, role = Roles.TenantUser, organizationId = branch.Tenant.Id.Value }),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        });
    }

    private async Task<JsonElement> ByLinkAsync(HttpClient maker, Person user)
    {
        using var redeemed = await app.Anonymous().PostAsync("/api/v1/auth/login-links/redeem", new { token = await ByLinkTokenAsync(maker, user) });
        redeemed.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await redeemed.JsonAsync();
    }

    private static async Task<string> ByLinkTokenAsync(HttpClient maker, Person user)
    {
        using var made = await maker.PostAsync("/api/v1/auth/login-links", new { userId = user.Id });
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await made.JsonAsync()).GetProperty("token").GetString()!;
    }

    private async Task<JsonElement> GoneOnAsync(JsonElement tokens)
    {
        using var answer = await app.RefreshAsync(tokens);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    private async Task<(HttpStatusCode Status, string? Code)> RefreshAsync(JsonElement tokens)
    {
        using var answer = await app.RefreshAsync(tokens);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? null : await answer.CodeAsync());
    }

    private static async Task SucceedAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var answer = await client.SendAsync(method, path, body);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}");
    }

    private static async Task SetAsync(Branch branch, object patch) =>
        await SucceedAsync(
            branch.As(Roles.DistributorAdministrator),
            HttpMethod.Patch,
            $"/api/v1/settings/identity?organizationId={branch.Distributor.Id.Value}",
            patch);

    private static string Access(JsonElement tokens) => tokens.GetProperty("accessToken").GetString()!;

    private static Guid Id(JsonElement thing) => thing.GetProperty("id").GetGuid();

    private Task<T> ScalarAsync<T>(string sql, Guid user) => app.InAsync<NpgsqlDataSource, T>(async database =>
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = user });
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    });
}
