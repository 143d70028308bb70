using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Transfers;

/// <summary>What was before a transfer is read by the tenant's own people, not by the new partner in their name.</summary>
public sealed class FormerTimeTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_login_link_does_not_lead_there()
    {
        var place = await ArrangeAsync();
        using var own = await place.Owner.ClientAsync();
        using var made = await place.Agent.PostAsync("/api/v1/auth/login-links", new { userId = place.Owner.Id });
        using var redeemed = await app.Anonymous().PostAsync("/api/v1/auth/login-links/redeem", new { token = (await made.JsonAsync()).GetProperty("token").GetString() });
        using var byLink = app.Bearer((await redeemed.JsonAsync()).GetProperty("accessToken").GetString()!);

        (await WrittenAsync(own)).ShouldBe(["After", "Before"]);
        (await WrittenAsync(byLink)).ShouldBe(["After"]);
    }

    [Fact]
    public async Task Nor_does_a_password_that_he_chose_until_its_owner_chooses_his_own()
    {
        var place = await ArrangeAsync();
        const string given = "quite another pass phrase";
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var area = await place.Agent.CustomerAreaAsync(app);
        using var set = await area.PostAsync("/customerarea/customers/password", new { customer_code = place.Branch.Tenant.Code, password = given });
        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync(Ct));
        using var client = await (place.Owner with { Password = given }).ClientAsync();

        (await WrittenAsync(client)).ShouldBe(["After"]);

        using var chosen = await client.PostAsync("/api/v1/auth/password", new { currentPassword = given, newPassword = place.Owner.Password });
        using var own = app.Bearer((await chosen.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await WrittenAsync(own)).ShouldBe(["After", "Before"]);
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
        return new Place(branch, owner, agent);
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
            .Select(e => e.GetProperty("resources")[0].GetProperty("changes").GetProperty("legalName").GetProperty("new").GetString()!).Order(StringComparer.Ordinal),
    ];

    /// <param name="Branch">Whose tenant went.</param>
    /// <param name="Owner">Of the tenant.</param>
    /// <param name="Agent">Of the new partner.</param>
    private sealed record Place(Branch Branch, Person Owner, HttpClient Agent);
}
