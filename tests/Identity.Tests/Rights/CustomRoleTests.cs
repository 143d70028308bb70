using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Identity.Tests.FieldErrors;

namespace Licensing.Identity.Tests.Rights;

/// <summary>Roles as data, and that nobody makes or gives one that is more than his own.</summary>
public sealed class CustomRoleTests(App app) : IClassFixture<App>
{
    private static readonly string[] Reading = ["identity.users.read", "identity.organizations.read"];

    [Fact]
    public async Task A_role_is_defined_given_and_does_what_it_lists()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var role = await DefineAsync(partner, "Desk", "Partner", branch.Partner, Reading);
        var person = await Person.AddAsync(branch, branch.Partner, null);
        (await AssignAsync(partner, person, "desk", branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.OK);

        using var client = await person.ClientAsync();

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
        (await client.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.Forbidden);
        (await client.PostAsync("/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "x", displayName = "x" })).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        var shown = await client.GetJsonAsync($"/api/v1/roles/{role.GetProperty("id").GetGuid()}");
        shown.GetProperty("name").GetString().ShouldBe("Desk");
        shown.GetProperty("level").GetString().ShouldBe("Partner");
        Texts(shown, "permissions").ShouldBe(["identity.organizations.read", "identity.users.read"]);
    }

    [Fact]
    public async Task Changing_a_role_takes_effect_at_once()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = (await DefineAsync(partner, "Desk", "Partner", branch.Partner, Reading)).GetProperty("id").GetGuid();
        var person = await Person.AddAsync(branch, branch.Partner, null);
        await AssignAsync(partner, person, "Desk", branch.Partner);
        using var client = await person.ClientAsync();
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        (await ChangeAsync(partner, id, "identity.api_keys.read")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await client.StatusAsync("/api/v1/api-keys")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("identity.distributors.manage", "wrong_level")]
    [InlineData("catalog.plans.manage", "wrong_level")]
    [InlineData("identity.everything", "unknown_permission")]
    public async Task What_no_role_of_the_level_holds_cannot_be_put_into_one(string permission, string code)
    {
        var branch = await app.BranchAsync();

        foreach (var role in new[] { Roles.PlatformAdministrator, Roles.PartnerAdministrator })
        {
            using var caller = branch.As(role);
            using var answer = await caller.PostAsync("/api/v1/roles", Body("More", "Partner", branch.Partner, ["identity.users.read", permission]));
            (await ErrorAsync(answer)).ShouldBe($"/permissions/1 {code}");
        }
    }

    [Fact]
    public async Task Nobody_defines_gives_or_keeps_a_role_that_holds_more_than_he_does()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        var (maker, strong) = await MakerAndStrongAsync(branch, administrator);
        var friend = await Person.AddAsync(branch, branch.Partner, null);
        using var client = await maker.ClientAsync();

        using var defined = await client.PostAsync("/api/v1/roles", Body("Mine", "Partner", branch.Partner, ["provisioning.subscriptions.manage"]));
        (await ErrorAsync(defined)).ShouldBe("/permissions/0 exceeds_own");
        using var below = await client.PostAsync("/api/v1/roles", Body("Mine", "Tenant", branch.Tenant, ["identity.api_keys.manage"]));
        (await ErrorAsync(below)).ShouldBe("/permissions/0 exceeds_own");
        // A role that is more than his own is not his to give, custom or predefined, to others or to himself.
        foreach (var role in new[] { "Strong", Roles.PartnerAdministrator, Roles.PartnerReader })
        {
            using var given = await AssignAsync(client, maker, role, branch.Partner);
            (await ErrorAsync(given)).ShouldBe("/role exceeds_own", role);
            using var account = await client.SendAsync(
                HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = branch.Partner.Id.Value, role });
            (await ErrorAsync(account)).ShouldBe("/role exceeds_own", role);
            using var user = await client.PostAsync(
                "/api/v1/users", new { email = $"x{maker.Id:N}@example.com", displayName = "X", organizationId = branch.Partner.Id.Value, role });
            (await ErrorAsync(user)).ShouldBe("/role exceeds_own", role);
        }

        // Nor may he widen one that he holds, nor even keep in another what he lacks.
        var own = (await client.GetJsonAsync("/api/v1/roles")).GetProperty("items").EnumerateArray()
            .Single(r => r.GetProperty("name").GetString() == "Role maker").GetProperty("id").GetGuid();
        (await ErrorAsync(await ChangeAsync(client, own, "identity.roles.manage", "provisioning.subscriptions.manage")))
            .ShouldBe("/permissions/1 exceeds_own");
        (await ErrorAsync(await ChangeAsync(client, strong, "identity.users.read", "provisioning.subscriptions.manage")))
            .ShouldBe("/permissions/1 exceeds_own");
        (await AssignAsync(client, friend, "Role maker", branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_narrows_a_role_that_holds_more_than_he_does()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        var (maker, strong) = await MakerAndStrongAsync(branch, administrator);
        var holder = await Person.AddAsync(branch, branch.Partner, null);
        await AssignAsync(administrator, holder, "Strong", branch.Partner);
        using var client = await maker.ClientAsync();

        using var narrowed = await ChangeAsync(client, strong, "identity.users.read");

        narrowed.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await narrowed.CodeAsync()).ShouldBe("exceeds_own");
        // Who holds it stays out of his hands.
        using var taken = await client.SendAsync(HttpMethod.Patch, $"/api/v1/users/{holder.Id}", new { email = "mine@example.com" });
        (taken.StatusCode, await taken.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
        (await ChangeAsync(administrator, strong, "identity.users.read")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_a_role_allowed_that_there_is_no_more_keeps_nobody_from_changing_it()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        var role = (await DefineAsync(administrator, "From before", "Partner", branch.Partner, ["identity.users.read"])).GetProperty("id").GetGuid();
        // As a version before had it.
        (await app.RowsAsync(
            $"update identity.custom_roles set permissions = permissions || '{{identity.fax.send}}' where id = '{role}' returning name"))
            .ShouldBe(["From before"]);

        using var changed = await ChangeAsync(administrator, role, "identity.users.read");

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_may_do_more_is_not_managed_by_who_may_do_less()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(administrator, "Staff desk", "Partner", branch.Partner, ["identity.users.manage", "identity.users.read"]);
        var clerk = await Person.AddAsync(branch, branch.Partner, null);
        await AssignAsync(administrator, clerk, "Staff desk", branch.Partner);
        var chief = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var plain = await Person.AddAsync(branch, branch.Partner, null);
        using var client = await clerk.ClientAsync();

        // With his address, or without his second factor, one could become him.
        using var patched = await client.SendAsync(HttpMethod.Patch, $"/api/v1/users/{chief.Id}", new { email = "mine@example.com" });
        patched.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await patched.CodeAsync()).ShouldBe("exceeds_own");
        foreach (var act in new[] { "disable", "unlock", "reset-mfa" })
            (await client.SendAsync(HttpMethod.Post, $"/api/v1/users/{chief.Id}/{act}", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden, act);
        (await client.SendAsync(HttpMethod.Post, $"/api/v1/users/{plain.Id}/disable", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Roles_reach_down_and_never_up_or_sideways()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.DistributorAdministrator);
        var id = (await DefineAsync(distributor, "Field desk", "Partner", branch.Distributor, Reading)).GetProperty("id").GetGuid();

        // Usable below, by those below; not theirs to change.
        var person = await Person.AddAsync(branch, branch.Partner, null);
        (await AssignAsync(partner, person, "Field desk", branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await partner.StatusAsync($"/api/v1/roles/{id}")).ShouldBe(HttpStatusCode.OK);
        using var changed = await ChangeAsync(partner, id, "identity.users.read");
        changed.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        // Another branch does not know of it.
        (await stranger.StatusAsync($"/api/v1/roles/{id}")).ShouldBe(HttpStatusCode.NotFound);
        (await ChangeAsync(stranger, id, "identity.users.read")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Delete, $"/api/v1/roles/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetJsonAsync("/api/v1/roles")).GetRawText().ShouldNotContain("Field desk");
        var theirs = await Person.AddAsync(other, other.Partner, null);
        (await ErrorAsync(await AssignAsync(stranger, theirs, "Field desk", other.Partner))).ShouldBe("/role unknown_role");

        // One level only, and no definition above or outside one's own.
        (await ErrorAsync(await AssignAsync(distributor, person, "Field desk", branch.Tenant))).ShouldBe("/role wrong_level");
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body("Up", "Distributor", branch.Distributor, Reading))))
            .ShouldBe("/organizationId organization_not_found");
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body("Up", "Distributor", branch.Partner, Reading))))
            .ShouldBe("/level wrong_level");
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body("Side", "Partner", other.Partner, Reading))))
            .ShouldBe("/organizationId organization_not_found");
        // A role of a level that the tenant does not have is nothing to it.
        (await branch.As(Roles.TenantAdministrator).StatusAsync($"/api/v1/roles/{id}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_name_means_one_role_on_every_way_from_the_root()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        await DefineAsync(partner, "Desk", "Partner", branch.Partner, Reading);

        foreach (var (client, at) in new[] { (partner, branch.Partner), (distributor, branch.Distributor), (partner, branch.Tenant) })
        {
            using var taken = await client.PostAsync("/api/v1/roles", Body("DESK", "Tenant", at, Reading));
            (await taken.CodeAsync()).ShouldBe("role_name_taken");
        }

        await DefineAsync(other.As(Roles.PartnerAdministrator), "Desk", "Partner", other.Partner, Reading);
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body("partnerreader", "Partner", branch.Partner, Reading))))
            .ShouldBe("/name reserved");
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body(" ", "Partner", branch.Partner, Reading)))).ShouldBe("/name not_empty");
        foreach (var name in new[] { "a\nb", "ab\n" })
            (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body(name, "Partner", branch.Partner, Reading))))
                .ShouldBe("/name regular_expression");
        (await ErrorAsync(await partner.PostAsync("/api/v1/roles", Body("None", "Partner", branch.Partner, [])))).ShouldBe("/permissions not_empty");
    }

    [Fact]
    public async Task Two_racing_definitions_of_a_name_make_one_role()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var distributor = branch.As(Roles.DistributorAdministrator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => i % 2 == 0
            ? partner.PostAsync("/api/v1/roles", Body("Raced", "Partner", branch.Partner, Reading))
            : distributor.PostAsync("/api/v1/roles", Body("raced", "Partner", branch.Distributor, Reading))));

        answers.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(7);
    }

    [Fact]
    public async Task A_definition_waits_for_another_of_its_name_in_the_branch()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(TestContext.Current.CancellationToken);
        (await scope.ServiceProvider.GetRequiredService<ISender>().Send(
            new DefineRole.Command("Waited", OrganizationKind.Partner, branch.Partner.Id, Reading),
            TestContext.Current.CancellationToken)).Refusal.ShouldBeNull();

        var other = distributor.PostAsync("/api/v1/roles", Body("waited", "Partner", branch.Distributor, Reading));
        await app.WaitsForALockAsync(other);
        await session.CommitAsync(TestContext.Current.CancellationToken);

        (await (await other).CodeAsync()).ShouldBe("role_name_taken");
    }

    [Fact]
    public async Task A_role_that_someone_holds_is_not_deleted()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = (await DefineAsync(partner, "Held", "Partner", branch.Partner, Reading)).GetProperty("id").GetGuid();
        var person = await Person.AddAsync(branch, branch.Partner, null);
        var assignment = (await (await AssignAsync(partner, person, "Held", branch.Partner)).JsonAsync()).GetProperty("id").GetGuid();
        (await DeleteCodeAsync(partner, id)).ShouldBe("role_in_use");
        await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{assignment}", null);

        using var put = await partner.SendAsync(
            HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = branch.Partner.Id.Value, role = "Held" });
        (await DeleteCodeAsync(partner, id)).ShouldBe("role_in_use");
        await partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/account-assignments/{(await put.JsonAsync()).GetProperty("id").GetGuid()}", null);

        using var key = await partner.PostAsync("/api/v1/api-keys", new { name = "k", role = "Held" });
        (await DeleteCodeAsync(partner, id)).ShouldBe("role_in_use");
        await partner.SendAsync(HttpMethod.Delete, $"/api/v1/api-keys/{(await key.JsonAsync()).GetProperty("id").GetGuid()}", null);

        (await DeleteCodeAsync(partner, id)).ShouldBe("NoContent");
        (await DeleteCodeAsync(partner, id)).ShouldBe("role_not_found");
        (await ErrorAsync(await AssignAsync(partner, person, "Held", branch.Partner))).ShouldBe("/role unknown_role");
    }

    [Fact]
    public async Task Giving_and_deleting_at_once_leaves_no_one_with_a_role_that_is_gone()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var person = await Person.AddAsync(branch, branch.Partner, null);
        for (var round = 0; round < 5; round++)
        {
            var id = (await DefineAsync(partner, $"Short {round}", "Partner", branch.Partner, Reading)).GetProperty("id").GetGuid();

            var given = AssignAsync(partner, person, $"Short {round}", branch.Partner);
            var deleted = partner.SendAsync(HttpMethod.Delete, $"/api/v1/roles/{id}", null);

            var outcome = ((await given).StatusCode, (await deleted).StatusCode);
            outcome.ShouldBeOneOf((HttpStatusCode.OK, HttpStatusCode.Conflict), (HttpStatusCode.UnprocessableEntity, HttpStatusCode.NoContent));
        }
    }

    [Fact]
    public async Task A_stale_change_is_refused()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = (await DefineAsync(partner, "Versioned", "Partner", branch.Partner, Reading)).GetProperty("id").GetGuid();

        using var first = await partner.SendAsync(
            HttpMethod.Patch, $"/api/v1/roles/{id}", new { permissions = new[] { "identity.users.read" } }, ifMatch: "\"1\"");
        using var stale = await partner.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{id}", new { permissions = Reading }, ifMatch: "\"1\"");

        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Headers.ETag!.Tag.ShouldBe("\"2\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await partner.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{id}", new { name = "Other" })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Permissions_are_listed_and_predefined_roles_come_before_pages_of_custom_ones()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        for (var i = 0; i < 3; i++)
        {
            await DefineAsync(partner, $"Page {i}", "Partner", branch.Partner, Reading);
            app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var permissions = (await branch.As(Roles.TenantUser).GetJsonAsync("/api/v1/permissions")).GetProperty("items").EnumerateArray().ToList();
        permissions.Single(p => p.GetProperty("code").GetString() == "identity.roles.manage").GetProperty("summary").GetString()
            .ShouldBe("Define custom roles");

        var own = $"/api/v1/roles?organizationId={branch.Partner.Id.Value}&limit=2";
        var first = await partner.GetJsonAsync(own);
        var second = await partner.GetJsonAsync($"{own}&after={first.GetProperty("next").GetString()}");
        Names(first).Concat(Names(second)).ShouldBe(["Page 2", "Page 1", "Page 0"]);
        Names(await partner.GetJsonAsync("/api/v1/roles")).Take(9).ShouldBe(Roles.All);
    }

    // One who may make roles and give them, and a role that holds more than he does.
    private static async Task<(Person Maker, Guid Strong)> MakerAndStrongAsync(Branch branch, HttpClient administrator)
    {
        await DefineAsync(
            administrator, "Role maker", "Partner", branch.Partner, ["identity.roles.manage", "identity.users.manage", "identity.users.read"]);
        var strong = await DefineAsync(
            administrator, "Strong", "Partner", branch.Partner, ["provisioning.subscriptions.manage", "identity.users.read"]);
        var maker = await Person.AddAsync(branch, branch.Partner, null);
        await AssignAsync(administrator, maker, "Role maker", branch.Partner);
        return (maker, strong.GetProperty("id").GetGuid());
    }

    private static object Body(string name, string level, OrganizationRef at, string[] permissions) =>
        new { name, level, organizationId = at.Id.Value, permissions };

    private static async Task<JsonElement> DefineAsync(HttpClient client, string name, string level, OrganizationRef at, string[] permissions)
    {
        using var answer = await client.PostAsync("/api/v1/roles", Body(name, level, at, permissions));
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return await answer.JsonAsync();
    }

    private static Task<HttpResponseMessage> ChangeAsync(HttpClient client, Guid id, params string[] permissions) =>
        client.SendAsync(HttpMethod.Patch, $"/api/v1/roles/{id}", new { permissions });

    private static Task<HttpResponseMessage> AssignAsync(HttpClient giver, Person person, string role, OrganizationRef at) =>
        giver.SendAsync(HttpMethod.Put, "/api/v1/roles/assignments", new { userId = person.Id, role, organizationId = at.Id.Value });

    private static async Task<string> DeleteCodeAsync(HttpClient client, Guid id)
    {
        using var answer = await client.SendAsync(HttpMethod.Delete, $"/api/v1/roles/{id}", null);
        return answer.IsSuccessStatusCode ? answer.StatusCode.ToString() : (await answer.CodeAsync())!;
    }

    private static IEnumerable<string?> Names(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(r => r.GetProperty("name").GetString());

    private static IEnumerable<string?> Texts(JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray().Select(p => p.GetString());
}
