using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Tests.Rights;

/// <summary>Roles that an organisation holds, and what counts for a user in the end.</summary>
public sealed class AccountRoleTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Nobody_becomes_what_an_account_holds_by_adding_a_user_to_it()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.SendAsync(
            HttpMethod.Put,
            "/api/v1/roles/account-assignments",
            new { organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator })).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var made = await administrator.PostAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.manage", "identity.users.read" },
        });
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        var email = $"himself-{branch.Partner.Code}@example.com";
        var user = new
        {
            email,
            displayName = "Himself",
            organizationId = branch.Partner.Id.Value,
            password = "a long enough password",
            mustChangePassword = false,
        };

        using var refused = await desk.PostAsync("/api/v1/users", user);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
        (await administrator.GetJsonAsync($"/api/v1/users?email={email}")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await administrator.PostAsync("/api/v1/users", user)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Nobody_becomes_what_an_account_holds_by_changing_a_user_at_the_moment_in_which_it_is_given()
    {
        var branch = await app.BranchAsync();
        var member = await Person.AddAsync(branch, branch.Partner, null);
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.manage", "identity.users.read" },
        });
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);

        using var refused = await app.DuringAsync(
            async sender => (await sender.Send(
                new AssignRoleToAccount.Command(branch.Partner.Id, Roles.PartnerAdministrator), TestContext.Current.CancellationToken)).Refusal,
            () => desk.SendAsync(HttpMethod.Patch, $"/api/v1/users/{member.Id}", new { email = $"taken-over-{branch.Partner.Code}@example.com" }));

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
    }

    [Fact]
    public async Task All_users_of_the_account_have_the_role_there_and_lose_it_with_it()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var member = await Person.AddAsync(branch, branch.Partner, null);
        var below = await Person.AddAsync(branch, branch.Tenant, null);
        using var client = await member.ClientAsync();
        using var other = await below.ClientAsync();
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);

        using var put = await PutAsync(partner, branch.Partner, Roles.PartnerReader);
        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        var id = (await put.JsonAsync()).GetProperty("id").GetGuid();
        (await (await PutAsync(partner, branch.Partner, Roles.PartnerReader)).JsonAsync()).GetProperty("id").GetGuid().ShouldBe(id);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await client.PostAsync("/api/v1/api-keys", new { name = "k" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        // A user of an account below is no user of this one.
        (await other.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);

        (await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/account-assignments/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/account-assignments/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Effective_rights_are_the_union_and_say_where_they_come_from()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        await partner.SendAsync(
            HttpMethod.Put,
            "/api/v1/roles/assignments",
            new { userId = person.Id, role = Roles.TenantAdministrator, organizationId = branch.Tenant.Id.Value });
        await PutAsync(partner, branch.Partner, Roles.PartnerAdministrator);

        var roles = (await partner.GetJsonAsync($"/api/v1/users/{person.Id}/roles")).GetProperty("items").EnumerateArray()
            .Select(r => $"{Text(r, "role")} {Text(r, "source")} {Text(r, "branch")} {r.GetProperty("permissions").GetArrayLength() > 0}");

        roles.ShouldBe(
            ["PartnerReader User Active True", "TenantAdministrator User Active True", "PartnerAdministrator Account Active True"],
            ignoreOrder: true);
        using var client = await person.ClientAsync();
        (await client.PostAsync("/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "u", displayName = "U" })).StatusCode
            .ShouldBe(HttpStatusCode.Created);
        (await other.As(Roles.PartnerAdministrator).StatusAsync($"/api/v1/users/{person.Id}/roles")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task In_a_suspended_branch_an_accounts_role_only_reads()
    {
        var branch = await app.BranchAsync();
        await PutAsync(branch.As(Roles.PartnerAdministrator), branch.Partner, Roles.PartnerAdministrator);
        var person = await Person.AddAsync(branch, branch.Partner, null);
        using var client = await person.ClientAsync();
        using var administrator = branch.Administrator();

        await administrator.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "x" });

        (await client.StatusAsync("/api/v1/tenants")).ShouldBe(HttpStatusCode.OK);
        using var refused = await client.PostAsync("/api/v1/api-keys", new { name = "k" });
        (await refused.CodeAsync()).ShouldBe("branch_suspended");
        var shown = (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}/roles")).GetProperty("items")[0];
        shown.GetProperty("branch").GetString().ShouldBe("Suspended");
        shown.GetProperty("permissions").EnumerateArray().Select(p => p.GetString()!).ShouldAllBe(p => p.EndsWith(".read"));
    }

    [Fact]
    public async Task Accounts_of_another_branch_are_not_there_and_levels_must_fit()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.PartnerAdministrator);
        var id = (await (await PutAsync(partner, branch.Tenant, Roles.TenantUser)).JsonAsync()).GetProperty("id").GetGuid();

        (await stranger.SendAsync(HttpMethod.Delete, $"/api/v1/roles/account-assignments/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetJsonAsync("/api/v1/roles/account-assignments")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await partner.GetJsonAsync($"/api/v1/roles/account-assignments?organizationId={branch.Tenant.Id.Value}"))
            .GetProperty("items")[0].GetProperty("id").GetGuid().ShouldBe(id);
        (await CodeAsync(PutAsync(stranger, branch.Tenant, Roles.TenantUser))).ShouldBe("organization_not_found");
        (await CodeAsync(PutAsync(partner, branch.Distributor, Roles.DistributorReader))).ShouldBe("organization_not_found");
        (await CodeAsync(PutAsync(partner, branch.Tenant, Roles.PartnerReader))).ShouldBe("wrong_level");
        (await CodeAsync(PutAsync(partner, branch.Tenant, "Emperor"))).ShouldBe("unknown_role");
        (await PutAsync(branch.As(Roles.PartnerReader), branch.Tenant, Roles.TenantUser)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Assignments_are_listed_by_user_and_by_organization_within_ones_scope()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        using var partner = branch.As(Roles.PartnerAdministrator);

        var mine = (await partner.GetJsonAsync($"/api/v1/roles/assignments?userId={person.Id}")).GetProperty("items");
        mine.GetArrayLength().ShouldBe(1);
        mine[0].GetProperty("role").GetString().ShouldBe(Roles.PartnerReader);
        (await partner.GetJsonAsync("/api/v1/roles/assignments")).GetProperty("items").GetArrayLength().ShouldBe(2);
        (await partner.GetJsonAsync($"/api/v1/roles/assignments?organizationId={branch.Tenant.Id.Value}"))
            .GetProperty("items").GetArrayLength().ShouldBe(1);
        (await other.As(Roles.PartnerAdministrator).GetJsonAsync($"/api/v1/roles/assignments?userId={person.Id}"))
            .GetProperty("items").GetArrayLength().ShouldBe(0);
        (await branch.As(Roles.TenantUser).StatusAsync("/api/v1/roles/assignments")).ShouldBe(HttpStatusCode.Forbidden);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static Task<HttpResponseMessage> PutAsync(HttpClient client, OrganizationRef at, string role) =>
        client.SendAsync(HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = at.Id.Value, role });

    private static async Task<string?> CodeAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        return (await answer.FieldErrorAsync()).Code;
    }
}
