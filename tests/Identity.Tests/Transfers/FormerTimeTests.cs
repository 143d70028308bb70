using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Transfers;

/// <summary>What was before a transfer is read by the tenant's own people, not by the new partner in their name.</summary>
public sealed class FormerTimeTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_login_link_of_the_new_partner_does_not_lead_to_what_was_before()
    {
        var place = await ArrangeAsync();
        using var own = await place.Owner.ClientAsync();
        using var made = await place.Agent.PostAsync("/api/v1/auth/login-links", new { userId = place.Owner.Id });
        using var redeemed = await app.RedeemAsync(made);
        using var byLink = app.Bearer((await redeemed.JsonAsync()).GetProperty("accessToken").GetString()!);

        (await WrittenAsync(own)).ShouldBe(["After", "Before"]);
        (await WrittenAsync(byLink)).ShouldBe(["After"]);
    }

    [Fact]
    public async Task A_password_that_the_new_partner_chose_does_not_lead_to_what_was_before_until_its_owner_chooses_one_by_mail()
    {
        var place = await ArrangeAsync();
        const string given = "quite another pass phrase";
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var area = await place.Agent.CustomerAreaAsync(app);
        using var set = await area.PostAsync("/customerarea/customers/password", new { customer_code = place.Branch.Tenant.Code, password = given });
        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync(Ct));
        using var client = await (place.Owner with { Password = given }).ClientAsync();

        (await WrittenAsync(client)).ShouldBe(["After"]);

        // Whoever gave it can do this as well as he.
        using var changed = await client.PostAsync("/api/v1/auth/password", new { currentPassword = given, newPassword = "yet another pass phrase" });
        using var still = app.Bearer((await changed.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await WrittenAsync(still)).ShouldBe(["After"]);
        using var key = await KeyAsync(still);
        (await WrittenAsync(key)).ShouldBe(["After"]);

        await place.Owner.ResetAsync();
        using var own = await place.Owner.ClientAsync();
        (await WrittenAsync(own)).ShouldBe(["After", "Before"]);
        using var ownKey = await KeyAsync(own);
        (await WrittenAsync(ownKey)).ShouldBe(["After", "Before"]);
        // What was made before is known as it was.
        (await WrittenAsync(key)).ShouldBe(["After"]);
    }

    [Fact]
    public async Task What_was_made_by_one_whose_password_the_new_partner_chose_does_not_lead_to_what_was_before()
    {
        var place = await ArrangeAsync();
        var (email, password) = ($"puppet-{place.Branch.Tenant.Code}@example.com", "quite another pass phrase");
        using var made = await place.Agent.PostAsync("/api/v1/users", new
        {
            email,
            displayName = "Puppet",
            organizationId = place.Branch.Tenant.Id.Value,
            role = Roles.TenantAdministrator,
            password,
            mustChangePassword = false,
        });
        using var puppet = await new Person(app, (await made.JsonAsync()).GetProperty("id").GetGuid(), email, password).ClientAsync();
        using var key = await KeyAsync(puppet);
        using var second = await KeyAsync(key);

        foreach (var client in new[] { puppet, key, second })
            (await WrittenAsync(client)).ShouldBe(["After"]);
    }

    [Fact]
    public async Task What_roles_the_old_partner_has_is_nothing_to_the_tenant_any_more()
    {
        var place = await ArrangeAsync();
        using var old = place.Branch.As(Roles.PartnerAdministrator);
        var theirs = await DefineAsync(old, "Old desk", place.Branch.Partner.Id.Value);
        var own = await DefineAsync(place.Agent, "New desk", place.Partner);
        using var owner = await place.Owner.ClientAsync();
        using var key = await KeyAsync(owner);

        foreach (var client in new[] { owner, key })
        {
            var listed = (await client.GetJsonAsync("/api/v1/roles")).GetRawText();
            listed.ShouldContain("New desk");
            listed.ShouldNotContain("Old desk");
            (await client.StatusAsync($"/api/v1/roles/{own}")).ShouldBe(HttpStatusCode.OK);
            (await client.StatusAsync($"/api/v1/roles/{theirs}")).ShouldBe(HttpStatusCode.NotFound);
        }
    }

    private static async Task<Guid> DefineAsync(HttpClient by, string name, Guid organizationId)
    {
        using var defined = await by.PostAsync(
            "/api/v1/roles", new { name, level = "Tenant", organizationId, permissions = new[] { "identity.users.read" } });
        defined.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await defined.JsonAsync()).GetProperty("id").GetGuid();
    }

    private async Task<HttpClient> KeyAsync(HttpClient by)
    {
        using var made = await by.PostAsync("/api/v1/api-keys", new { name = "k", role = Roles.TenantAdministrator });
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        return app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
    }

    private async Task<Place> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var owner = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var agent = await (await Person.AddAsync(branch, to, Roles.PartnerAdministrator)).ClientAsync();
        await RenameAsync(branch.As(Roles.PartnerAdministrator), branch, "Before");
        using var transferred = await branch.As(Roles.DistributorAdministrator).PostAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason = "sold" });
        transferred.StatusCode.ShouldBe(HttpStatusCode.OK);
        await RenameAsync(agent, branch, "After");
        return new Place(branch, owner, agent, to.Id.Value);
    }

    private static async Task RenameAsync(HttpClient by, Branch branch, string legalName)
    {
        using var answer = await by.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { legalName });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<List<string>> WrittenAsync(HttpClient client) =>
    [
        // Of one instant any may be the newest.
        .. (await client.GetJsonAsync("/api/v1/audit?action=identity.patch_organization")).GetProperty("items").EnumerateArray()
            .Select(e => e.GetProperty("resources")[0].GetProperty("changes").GetProperty("legalName").GetProperty("new").GetString()!)
            .Order(StringComparer.Ordinal),
    ];

    /// <param name="Branch">Whose tenant went.</param>
    /// <param name="Owner">Of the tenant.</param>
    /// <param name="Agent">Of the new partner.</param>
    /// <param name="Partner">The new one.</param>
    private sealed record Place(Branch Branch, Person Owner, HttpClient Agent, Guid Partner);
}
