using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>What an organisation's settings ask of how its people log in.</summary>
public sealed class SignInRulesTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Where_passwords_are_not_taken_only_the_platform_enters_with_one()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        await SetAsync(branch, new { passwordLogin = false });

        using var refused = await person.TryLoginAsync();
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "password_login_off"));

        await SetAsync(branch, new { passwordLogin = (bool?)null });
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Partner")]
    [InlineData("Distributor")]
    public async Task What_was_opened_by_a_way_that_is_closed_ends_with_the_links_of_its_owner(string at)
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var (maker, user) = (
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator), await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator));
        var stranger = await Person.AddAsync(other, other.Partner, Roles.PartnerAdministrator);
        var operators = await Person.AddAsync(branch, branch.Platform, Roles.PlatformAdministrator);
        var (ended, strangers, theirs) = (await maker.LoginAsync(), await stranger.LoginAsync(), await operators.LoginAsync());
        using var client = Bearer(ended);
        var (byMaker, byOperator) = (await ByLinkAsync(client, user), await ByLinkAsync(Bearer(theirs), user));
        using var administrator = branch.Administrator();

        using var set = await administrator.SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={(at == "Partner" ? branch.Partner : branch.Distributor).Id.Value}",
            new { passwordLogin = false });
        set.StatusCode.ShouldBe(HttpStatusCode.OK);
        await app.DrainAsync();

        foreach (var one in new[] { ended, byMaker })
            (await Bearer(one).StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var one in new[] { strangers, theirs, byOperator })
            (await Bearer(one).StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);
        (await administrator.GetJsonAsync($"/api/v1/audit?organizationId={branch.Partner.Id.Value}")).GetRawText().ShouldContain("identity.end_session");
    }

    [Fact]
    public async Task However_many_came_by_it_all_end()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await person.LoginAsync();
        await app.ExecuteAsync(
            """
            insert into identity.sessions (id, user_id, owner_path, created_at, way)
            select gen_random_uuid(), user_id, owner_path, created_at, way from identity.sessions, generate_series(1, 249) where user_id = $1
            """, person.Id);

        await SetAsync(branch, new { passwordLogin = false });
        await app.DrainAsync();

        (await app.ExecuteAsync("update identity.sessions set way = way where user_id = $1 and revoked_at is null", person.Id)).ShouldBe(0);
        (await app.ExecuteAsync("update identity.sessions set way = way where user_id = $1", person.Id)).ShouldBe(250);
    }

    [Fact]
    public async Task Who_ends_those_of_several_holds_none_of_them_while_he_waits_for_another()
    {
        var branch = await app.BranchAsync();
        var (one, other) = (await Person.AddAsync(branch, branch.Tenant, null), await Person.AddAsync(branch, branch.Tenant, null));
        var (first, last) = await app.IsHeldBeforeAsync(one.Id, other.Id) ? (one, other) : (other, one);
        await last.LoginAsync();
        // Sessions are looked through in the order in which they were opened.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await first.LoginAsync();
        await SetAsync(branch, new { passwordLogin = false });
        await using var holding = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockAloneAsync(first.Id, TestContext.Current.CancellationToken);
            return null;
        });

        var ending = app.DrainAsync();
        await app.WaitsForALockAsync(ending);
        using var administrator = branch.Administrator();
        using var changed = await administrator.SendAsync(HttpMethod.Patch, $"/api/v1/users/{last.Id}", new { displayName = "Ada" })
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        await holding.CommitAsync();
        await ending;
        (await app.ExecuteAsync("update identity.sessions set way = way where user_id = any($1) and revoked_at is null", new[] { one.Id, other.Id }))
            .ShouldBe(0);
    }

    private HttpClient Bearer(JsonElement tokens) => app.Bearer(tokens.GetProperty("accessToken").GetString()!);

    private async Task<JsonElement> ByLinkAsync(HttpClient maker, Person user)
    {
        using var made = await maker.PostAsync("/api/v1/auth/login-links", new { userId = user.Id });
        using var redeemed = await app.Anonymous().PostAsync(
            "/api/v1/auth/login-links/redeem", new { token = (await made.JsonAsync()).GetProperty("token").GetString() });
        redeemed.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await redeemed.JsonAsync();
    }

    [Fact]
    public async Task Who_must_have_a_second_factor_can_do_nothing_but_set_it_up()
    {
        var branch = await app.BranchAsync();
        var (administrator, reader) = (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator), await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader));
        await SetAsync(branch, new { mfaRequired = "Administrators" });

        using var opened = await administrator.TryLoginAsync();
        (await opened.JsonAsync()).GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeTrue();
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await opened.JsonAsync()).GetProperty("accessToken").GetString());
        using var closed = await client.GetAsync("/api/v1/tenants", TestContext.Current.CancellationToken);
        (closed.StatusCode, await closed.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "mfa_enrolment_required"));
        (await client.PostAsync("/api/v1/auth/mfa", new { password = administrator.Password })).StatusCode.ShouldBe(HttpStatusCode.OK);

        using var free = await reader.TryLoginAsync();
        (await free.JsonAsync()).GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeFalse();
        await SetAsync(branch, new { mfaRequired = "All" });
        using var asked = await reader.TryLoginAsync();
        (await asked.JsonAsync()).GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task An_administrator_is_whoever_holds_what_administers_whatever_his_role_is_called()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        await DefineAsync(administrator, branch, "Desk", "identity.users.manage", "identity.users.read");
        await DefineAsync(administrator, branch, "Sales Administrator", "identity.users.read", "identity.organizations.read");
        var (custom, called, account, reader) = (
            await Person.AddAsync(branch, branch.Partner, "Desk"), await Person.AddAsync(branch, branch.Partner, "Sales Administrator"),
            await Person.AddAsync(branch, branch.Tenant, null), await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader));
        (await administrator.SendAsync(
            HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        await SetAsync(branch, new { mfaRequired = "Administrators" });

        (await EnrolmentAsync(custom)).ShouldBeTrue();
        (await EnrolmentAsync(account)).ShouldBeTrue();
        (await EnrolmentAsync(called)).ShouldBeFalse();
        (await EnrolmentAsync(reader)).ShouldBeFalse();
    }

    private static async Task DefineAsync(HttpClient client, Branch branch, string name, params string[] permissions) =>
        (await client.PostAsync("/api/v1/roles", new { name, level = "Partner", organizationId = branch.Partner.Id.Value, permissions })).StatusCode
            .ShouldBe(HttpStatusCode.Created);

    private static async Task<bool> EnrolmentAsync(Person person) => (await person.LoginAsync()).GetProperty("mfaEnrolmentRequired").GetBoolean();

    [Fact]
    public async Task A_session_lasts_as_long_as_the_organization_lets_it()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        await SetAsync(branch, new { sessionHours = 1 });
        using var opened = await person.TryLoginAsync();
        var refresh = (await opened.JsonAsync()).GetProperty("refreshToken").GetString();

        app.Clock.Advance(TimeSpan.FromMinutes(61));

        (await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = refresh })).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task SetAsync(Branch branch, object patch)
    {
        using var answer = await branch.As(Roles.DistributorAdministrator)
            .SendAsync(HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Distributor.Id.Value}", patch);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
