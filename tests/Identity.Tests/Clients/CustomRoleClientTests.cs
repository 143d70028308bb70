using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Clients;

/// <summary>Clients that hold a role which someone has defined.</summary>
public sealed class CustomRoleClientTests(App app) : IClassFixture<App>
{
    private static readonly string[] Reading = ["identity.users.read", "identity.organizations.read"];

    [Fact]
    public async Task A_client_may_what_its_role_lists_and_follows_the_roles_changes()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var role = await DefineAsync(partner, branch, Reading);
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, "desk");
        (await partner.GetJsonAsync(client.Path)).GetProperty("role").GetString().ShouldBe("Desk");
        using var bearer = app.Bearer(await client.TokenAsync());
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await bearer.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await bearer.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.Forbidden);
        (await bearer.StatusAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);

        (await partner.SendAsync(HttpMethod.Patch, role, new { permissions = new[] { "identity.api_keys.read" } })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await bearer.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Scopes_narrow_a_client_to_a_part_of_what_its_role_lists()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(partner, branch, Reading);
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, "Desk", ["identity.users.read"]);
        using var bearer = app.Bearer(await client.TokenAsync());
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await bearer.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.Forbidden);

        (await CodeAsync(partner.PostAsync("/api/v1/clients", Wanted(branch.Partner, "Desk", "identity.api_keys.read")))).ShouldBe("unknown_scope");
        (await CodeAsync(partner.SendAsync(HttpMethod.Patch, client.Path, new { scopes = new[] { "identity.api_keys.read" } })))
            .ShouldBe("unknown_scope");
        (await partner.SendAsync(HttpMethod.Patch, client.Path, new { scopes = Reading })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await bearer.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_makes_rotates_or_changes_one_whose_role_lists_more_than_he_holds()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var role = await DefineAsync(partner, branch, Reading);
        var weak = await OAuthClient.RegisterAsync(
            branch, branch.Partner, Roles.PartnerAdministrator, ["identity.clients.manage", "identity.users.read"]);
        using var caller = app.Bearer(await weak.TokenAsync());
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, "Desk");

        (await CodeAsync(caller.PostAsync("/api/v1/clients", Wanted(branch.Partner, "Desk")))).ShouldBe("stronger_than_yourself");
        (await CodeAsync(caller.PostAsync($"{client.Path}/secrets", new { }))).ShouldBe("stronger_than_yourself");
        (await CodeAsync(caller.SendAsync(HttpMethod.Patch, client.Path, new { name = "mine" }))).ShouldBe("stronger_than_yourself");
        (await caller.PostAsync("/api/v1/clients", Wanted(branch.Partner, "Desk", "identity.users.read"))).StatusCode
            .ShouldBe(HttpStatusCode.Created);

        (await partner.SendAsync(HttpMethod.Patch, role, new { permissions = new[] { "identity.users.read" } })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        (await caller.PostAsync($"{client.Path}/secrets", new { })).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_role_of_another_branch_or_level_is_not_to_be_had()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var partner = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(partner, branch, Reading);

        (await CodeAsync(other.As(Roles.PartnerAdministrator).PostAsync("/api/v1/clients", Wanted(other.Partner, "Desk")))).ShouldBe("unknown_role");
        (await CodeAsync(partner.PostAsync("/api/v1/clients", Wanted(branch.Tenant, "Desk")))).ShouldBe("wrong_level");
    }

    [Fact]
    public async Task A_role_that_a_client_holds_is_not_deleted_and_an_expired_one_comes_back_without_it()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var role = await DefineAsync(partner, branch, Reading);
        var held = await OAuthClient.RegisterAsync(branch, branch.Partner, "Desk");
        var expiring = await OAuthClient.RegisterAsync(branch, branch.Partner, "Desk");
        await partner.SendAsync(HttpMethod.Patch, expiring.Path, new { expiresAt = app.Clock.GetUtcNow().AddHours(1) });
        app.Clock.Advance(TimeSpan.FromHours(1));
        (await CodeAsync(partner.SendAsync(HttpMethod.Delete, role, null))).ShouldBe("role_in_use");

        (await partner.SendAsync(HttpMethod.Delete, held.Path, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await partner.SendAsync(HttpMethod.Delete, role, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        // A role of the same name is another one.
        await DefineAsync(partner, branch, Reading);
        (await partner.SendAsync(HttpMethod.Patch, expiring.Path, new { expiresAt = (string?)null })).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var bearer = app.Bearer(await expiring.TokenAsync());
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_session_from_a_link_that_a_client_made_goes_on_while_its_role_lists_what_the_link_needs()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var role = await DefineAsync(partner, branch, ["identity.login_links.create", "identity.users.read"]);
        var client = await OAuthClient.RegisterAsync(branch, branch.Partner, "Desk");
        var person = await Person.AddAsync(branch, branch.Tenant, null);
        using var bearer = app.Bearer(await client.TokenAsync());
        using var made = await bearer.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });
        made.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var entered = await app.RedeemAsync(made);

        entered.StatusCode.ShouldBe(HttpStatusCode.OK);
        await partner.SendAsync(HttpMethod.Patch, role, new { permissions = new[] { "identity.users.read" } });
        (await app.RefreshAsync(await entered.JsonAsync())).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static object Wanted(OrganizationRef at, string role, params string[] scopes) =>
        new { name = "c", organizationId = at.Id.Value, role, scopes = scopes.Length == 0 ? null : scopes };

    private static async Task<string> DefineAsync(HttpClient client, Branch branch, string[] permissions)
    {
        using var answer = await client.PostAsync(
            "/api/v1/roles", new { name = "Desk", level = "Partner", organizationId = branch.Partner.Id.Value, permissions });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return answer.Headers.Location!.ToString();
    }

    private static async Task<string?> CodeAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        answer.IsSuccessStatusCode.ShouldBeFalse();
        return answer.StatusCode == HttpStatusCode.UnprocessableEntity
            ? (await answer.FieldErrorAsync()).Code
            : await answer.CodeAsync();
    }
}
