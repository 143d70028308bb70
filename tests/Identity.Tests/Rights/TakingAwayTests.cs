using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Rights;

/// <summary>Who could not give a role does not take it away.</summary>
public sealed class TakingAwayTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Nobody_takes_a_role_that_includes_what_he_does_not_hold()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(administrator, branch, "Staff desk", "identity.users.manage", "identity.users.read");
        await DefineAsync(administrator, branch, "Key desk", "identity.users.read", "identity.api_keys.read");
        var (clerk, chief, colleague) = (await Person.AddAsync(branch, branch.Partner, "Staff desk"),
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator), await Person.AddAsync(branch, branch.Partner, "Staff desk"));
        var keeper = await Person.AddAsync(branch, branch.Partner, "Key desk");
        using var client = await clerk.ClientAsync();

        (await TakeAsync(client, await AssignmentOfAsync(administrator, chief))).ShouldBe("403 exceeds_own");
        (await TakeAsync(client, await AssignmentOfAsync(administrator, keeper))).ShouldBe("403 exceeds_own");
        (await TakeAsync(client, await AssignmentOfAsync(administrator, colleague))).ShouldBe("204");

        (await TakeAsync(administrator, await AssignmentOfAsync(administrator, chief))).ShouldBe("204");
        (await TakeAsync(administrator, await AssignmentOfAsync(administrator, keeper))).ShouldBe("204");
    }

    [Fact]
    public async Task Nobody_takes_a_role_from_someone_above_him_though_it_is_held_below()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var above = await Person.AddAsync(branch, branch.Distributor, null);
        using var given = await distributor.SendAsync(
            HttpMethod.Put, "/api/v1/roles/assignments", new { userId = above.Id, role = Roles.TenantUser, organizationId = branch.Tenant.Id.Value });
        var id = (await given.JsonAsync()).GetProperty("id").GetGuid();

        (await TakeAsync(partner, $"/api/v1/roles/assignments/{id}")).ShouldBe("403 outside_reach");

        (await distributor.GetJsonAsync($"/api/v1/users/{above.Id}")).GetProperty("roles").GetArrayLength().ShouldBe(1);
        (await TakeAsync(distributor, $"/api/v1/roles/assignments/{id}")).ShouldBe("204");
    }

    [Fact]
    public async Task An_accounts_role_is_taken_only_by_who_holds_all_of_it()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(administrator, branch, "Staff desk", "identity.users.manage", "identity.users.read");
        var clerk = await Person.AddAsync(branch, branch.Partner, "Staff desk");
        using var client = await clerk.ClientAsync();
        var strong = await GiveAccountAsync(administrator, branch.Tenant, Roles.TenantAdministrator);
        var own = await GiveAccountAsync(administrator, branch.Partner, "Staff desk");

        (await TakeAsync(client, strong)).ShouldBe("403 exceeds_own");
        (await TakeAsync(client, own)).ShouldBe("204");
        (await TakeAsync(administrator, strong)).ShouldBe("204");
    }

    private static async Task DefineAsync(HttpClient client, Branch branch, string name, params string[] permissions)
    {
        using var answer = await client.PostAsync(
            "/api/v1/roles", new { name, level = "Partner", organizationId = branch.Partner.Id.Value, permissions });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task<string> GiveAccountAsync(HttpClient client, OrganizationRef at, string role)
    {
        using var answer = await client.SendAsync(HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = at.Id.Value, role });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return $"/api/v1/roles/account-assignments/{(await answer.JsonAsync()).GetProperty("id").GetGuid()}";
    }

    private static async Task<string> AssignmentOfAsync(HttpClient client, Person person) =>
        $"/api/v1/roles/assignments/{(await client.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles")[0].GetProperty("id").GetGuid()}";

    private static async Task<string> TakeAsync(HttpClient client, string path)
    {
        using var answer = await client.SendAsync(HttpMethod.Delete, path, null);
        return answer.IsSuccessStatusCode ? $"{(int)answer.StatusCode}" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
    }
}
