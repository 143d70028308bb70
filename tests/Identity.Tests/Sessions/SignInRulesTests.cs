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
