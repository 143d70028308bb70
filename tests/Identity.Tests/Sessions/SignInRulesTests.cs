using System.Net;
using Licensing.Identity.Contracts;

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

    [Fact]
    public async Task Who_must_have_a_second_factor_can_do_nothing_but_set_it_up()
    {
        var branch = await app.BranchAsync();
        var administrator = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var reader = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
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
            HttpMethod.Put,
            "/api/v1/roles/account-assignments",
            new { organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator })).StatusCode.ShouldBe(HttpStatusCode.OK);
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
