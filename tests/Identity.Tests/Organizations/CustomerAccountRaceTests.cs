using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Organizations;

/// <summary>A tenant's administrator gets a password through the customer area while he, or what he holds, is being changed.</summary>
public sealed class CustomerAccountRaceTests(App app) : IClassFixture<App>
{
    private const string NewPassword = "quite another long password";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_password_is_set_of_who_administers_the_tenant_no_more()
    {
        var branch = await app.BranchAsync();
        var first = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        // Ids follow the clock, and the first of them is asked for.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.Administrator();
        var held = (await administrator.GetJsonAsync($"/api/v1/users/{first.Id}")).GetProperty("roles")[0].GetProperty("id").GetGuid();
        using var area = await AreaAsync(branch);

        using var refused = await app.DuringAsync(
            async sender => (await sender.Send(new RemoveRole.Command(held), Ct)).Refusal, () => SetPasswordAsync(area, branch));

        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict, await refused.Content.ReadAsStringAsync(Ct));
        await first.LoginAsync();
        using var again = await SetPasswordAsync(area, branch);
        again.StatusCode.ShouldBe(HttpStatusCode.OK, await again.Content.ReadAsStringAsync(Ct));
        await first.LoginAsync();
        await (second with { Password = NewPassword }).LoginAsync();
    }

    [Fact]
    public async Task Who_changes_a_role_that_he_holds_and_who_sets_his_password_do_not_wait_for_each_other()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var area = await AreaAsync(branch);
        var role = await HeldRoleAsync(branch, person);
        await using var holding = await app.OpenAsync(Access.System, async provider =>
        {
            await provider.GetRequiredService<DbSession>().LockAloneAsync(person.Id, Ct);
            return null;
        });

        var setting = SetPasswordAsync(area, branch);
        await app.WaitsForALockAsync(setting);
        var changing = client.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{role}", new { permissions = new[] { "identity.users.read" } });
        await app.WaitForLocksAsync(setting, changing);
        await holding.CommitAsync();

        (await setting).StatusCode.ShouldBe(HttpStatusCode.OK, await (await setting).Content.ReadAsStringAsync(Ct));
        // With his password end his log-ins.
        (await changing).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task With_a_password_that_is_set_end_the_log_ins_with_the_one_before()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var session = await person.LoginAsync();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        using var area = await AreaAsync(branch);

        using var set = await SetPasswordAsync(area, branch);

        set.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await app.RefreshAsync(session)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await (person with { Password = NewPassword }).LoginAsync();
    }

    // One that is held before him where both are: then whoever holds him first and it afterwards waits for who waits for him.
    private async Task<Guid> HeldRoleAsync(Branch branch, Person person)
    {
        using var administrator = branch.Administrator();
        for (var i = 0; ; i++)
        {
            using var defined = await administrator.PostAsync("/api/v1/roles", new
            {
                name = $"Desk {i}",
                level = "Tenant",
                organizationId = branch.Tenant.Id.Value,
                permissions = new[] { "identity.users.read", "identity.api_keys.read" },
            });
            defined.StatusCode.ShouldBe(HttpStatusCode.Created);
            var role = (await defined.JsonAsync()).GetProperty("id").GetGuid();
            if (!await app.IsHeldBeforeAsync(role, person.Id))
                continue;
            using var given = await administrator.SendAsync(
                HttpMethod.Put, "/api/v1/roles/assignments", new { userId = person.Id, role = $"Desk {i}", organizationId = branch.Tenant.Id.Value });
            given.StatusCode.ShouldBe(HttpStatusCode.OK);
            return role;
        }
    }

    private async Task<HttpClient> AreaAsync(Branch branch) =>
        await (await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync()).CustomerAreaAsync(app);

    private static Task<HttpResponseMessage> SetPasswordAsync(HttpClient area, Branch branch) =>
        area.PostAsync("/customerarea/customers/password", new { customer_code = branch.Tenant.Code, password = NewPassword });
}
