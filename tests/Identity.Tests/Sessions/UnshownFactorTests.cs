using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>Where a second factor is asked for, a session that has not shown one stays shut, whatever else is the matter with its user.</summary>
public sealed class UnshownFactorTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Having_a_second_factor_is_not_showing_it_by_a_link_and_no_password_is_changed_there()
    {
        var branch = await app.BranchAsync();
        var person = await EnrolledAsync(branch);
        using var partner = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var made = await partner.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });
        await AskForFactorAsync(branch);

        using var entered = await app.RedeemAsync(made);

        var session = await entered.JsonAsync();
        session.GetProperty("mfaEnrolmentRequired").GetBoolean().ShouldBeTrue();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        using var changed = await client.PostAsync(
            "/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "another long password" });
        (changed.StatusCode, await changed.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "not_in_person"));
    }

    [Fact]
    public async Task A_suspension_lets_no_session_read_that_has_not_shown_a_factor()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        await AskForFactorAsync(branch);
        using var client = await person.ClientAsync();
        using var administrator = branch.Administrator();
        (await administrator.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "x" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        using var answer = await client.GetAsync("/api/v1/tenants", TestContext.Current.CancellationToken);

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "mfa_enrolment_required"));
    }

    [Fact]
    public async Task A_token_that_opens_nothing_yet_is_told_to_be_inactive()
    {
        var branch = await app.BranchAsync();
        var asking = await OAuthClient.RegisterAsync(branch, branch.Partner, Roles.PartnerReader);
        var first = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator, mustChange: true);
        var free = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        var (ofFirst, ofFree) = (await AccessTokenAsync(first), await AccessTokenAsync(free));
        await AskForFactorAsync(branch);
        var unshown = await AccessTokenAsync(free);

        (await IsActiveAsync(asking, ofFirst)).ShouldBeFalse();
        (await IsActiveAsync(asking, unshown)).ShouldBeFalse();
        (await IsActiveAsync(asking, ofFree)).ShouldBeTrue();
    }

    private async Task<Person> EnrolledAsync(Branch branch)
    {
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var secret = (await started.JsonAsync()).GetProperty("secret").GetString()!;
        (await client.PostAsync("/api/v1/auth/mfa/confirm", new { code = Totp.CodeOf(secret, app.Clock.GetUtcNow()) })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        return person;
    }

    private static async Task AskForFactorAsync(Branch branch)
    {
        using var answer = await branch.As(Roles.DistributorAdministrator)
            .SendAsync(HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Distributor.Id.Value}", new { mfaRequired = "All" });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<string> AccessTokenAsync(Person person) => (await person.LoginAsync()).GetProperty("accessToken").GetString()!;

    private async Task<bool> IsActiveAsync(OAuthClient asking, string token)
    {
        using var answer = await asking.SendAsync(app.Anonymous(), "/connect/introspection", ("token", token));
        return (await answer.JsonAsync()).GetProperty("active").GetBoolean();
    }
}
