using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Rights;

public sealed class RoleTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Roles_are_listed_with_their_permissions()
    {
        var branch = await app.BranchAsync();
        using var client = branch.As(Roles.TenantUser);

        var roles = (await client.GetJsonAsync("/api/v1/roles")).GetProperty("items").EnumerateArray().ToList();

        roles.Where(r => r.GetProperty("id").ValueKind is System.Text.Json.JsonValueKind.Null).Select(r => r.GetProperty("name").GetString())
            .ShouldBe(Roles.All);
        var partner = roles.Single(r => r.GetProperty("name").GetString() == Roles.PartnerAdministrator);
        partner.GetProperty("level").GetString().ShouldBe("Partner");
        partner.GetProperty("permissions").EnumerateArray().Select(p => p.GetString()).ShouldContain("identity.organizations.manage");
    }

    [Theory]
    [InlineData("PlatformAdministrator", "Platform", "organization_not_found")]
    [InlineData("DistributorAdministrator", "Distributor", "organization_not_found")]
    [InlineData("PlatformAdministrator", "Partner", "wrong_level")]
    [InlineData("DistributorReader", "Tenant", "wrong_level")]
    [InlineData("TenantAdministrator", "Partner", "wrong_level")]
    [InlineData("Emperor", "Partner", "unknown_role")]
    public async Task A_role_above_ones_own_or_of_another_level_is_refused(string role, string level, string code)
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, null);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var at = level switch { "Platform" => branch.Platform, "Distributor" => branch.Distributor, "Partner" => branch.Partner, _ => branch.Tenant };

        using var assigned = await AssignAsync(partner, person, role, at);
        using var created = await partner.PostAsync(
            "/api/v1/users", new { email = $"e{role}{level}@example.com", displayName = "E", organizationId = at.Id.Value, role });
        using var key = await partner.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = at.Id.Value, role });

        foreach (var answer in new[] { assigned, created, key })
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            (await answer.FieldErrorAsync()).Code.ShouldBe(code);
        }
    }

    [Fact]
    public async Task Roles_are_given_downwards_and_never_in_another_branch()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, null);
        var stranger = await Person.AddAsync(other, other.Partner, null);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var administrator = branch.Administrator();

        (await AssignAsync(partner, person, Roles.PartnerAdministrator, branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AssignAsync(partner, person, Roles.TenantAdministrator, branch.Tenant)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AssignAsync(partner, person, Roles.TenantAdministrator, other.Tenant)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await AssignAsync(partner, stranger, Roles.TenantAdministrator, branch.Tenant)).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        using var leap = await AssignAsync(administrator, person, Roles.TenantAdministrator, other.Tenant);
        (await leap.FieldErrorAsync()).Code.ShouldBe("outside_branch");
        (await AssignAsync(branch.As(Roles.PartnerReader), person, Roles.PartnerReader, branch.Partner)).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);

        using var again = await AssignAsync(partner, person, Roles.TenantAdministrator, branch.Tenant);
        var id = (await again.JsonAsync()).GetProperty("id").GetGuid();
        (await partner.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles").GetArrayLength().ShouldBe(2);
        (await other.As(Roles.PartnerAdministrator).SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{id}", null)).StatusCode
            .ShouldBe(HttpStatusCode.NotFound);
        (await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await partner.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task The_last_platform_administrator_keeps_his_role()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var seeded = (await administrator.GetJsonAsync($"/api/v1/users?email={App.AdministratorEmail}")).GetProperty("items")[0];

        using var answer = await administrator.SendAsync(
            HttpMethod.Delete, $"/api/v1/roles/assignments/{seeded.GetProperty("roles")[0].GetProperty("id").GetGuid()}", null);

        answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await answer.CodeAsync()).ShouldBe("last_administrator");
    }

    [Fact]
    public async Task Users_are_seen_in_their_branch_only_and_an_address_is_one_user()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);

        (await branch.As(Roles.PartnerReader).StatusAsync($"/api/v1/users/{person.Id}")).ShouldBe(HttpStatusCode.OK);
        (await other.As(Roles.PartnerReader).StatusAsync($"/api/v1/users/{person.Id}")).ShouldBe(HttpStatusCode.NotFound);
        (await other.As(Roles.PartnerReader).GetJsonAsync("/api/v1/users")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await branch.As(Roles.TenantUser).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        using var twice = await branch.As(Roles.PartnerAdministrator).PostAsync(
            "/api/v1/users", new { email = person.Email.ToUpperInvariant(), displayName = "Twin", organizationId = branch.Tenant.Id.Value });
        (await twice.CodeAsync()).ShouldBe("email_taken");
    }

    [Fact]
    public async Task Without_a_password_one_is_made_up_and_shown_once()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var created = await partner.PostAsync(
            "/api/v1/users", new { email = "new@made.example", displayName = "New", organizationId = branch.Tenant.Id.Value });
        var body = await created.JsonAsync();
        using var login = await app.Anonymous().PostAsync(
            "/api/v1/auth/login", new { email = "new@made.example", password = body.GetProperty("initialPassword").GetString() });

        (await login.JsonAsync()).GetProperty("passwordChangeRequired").GetBoolean().ShouldBeTrue();
        (await partner.GetJsonAsync($"/api/v1/users/{body.GetProperty("id").GetGuid()}")).TryGetProperty("initialPassword", out _).ShouldBeFalse();
    }

    private static Task<HttpResponseMessage> AssignAsync(HttpClient giver, Person person, string role, OrganizationRef at) =>
        giver.SendAsync(HttpMethod.Put, "/api/v1/roles/assignments", new { userId = person.Id, role, organizationId = at.Id.Value });
}
