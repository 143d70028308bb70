using System.Net;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

public sealed class VisibilityTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task Nobody_sees_above_or_beside_himself()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var platform = branch.Administrator();
        var scheme = await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        app.Invoices.Issue("2024-05", branch.Tenant, "100.00");
        await Sent(await platform.PostAsync("/api/v1/commissions/close/2024-05", null));
        var above = (await ItemsAsync(platform, $"/api/v1/commissions/statements?period=2024-05&organizationId={branch.Distributor.Id.Value}"))
            .ShouldHaveSingleItem().GetProperty("id").GetString();

        using var partner = branch.As(Roles.PartnerReader);
        using var stranger = other.As(Roles.DistributorAdministrator);
        foreach (var client in new[] { partner, stranger })
        {
            (await client.GetAsync($"/api/v1/commissions/statements/{above}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/statements/{above}/lines")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/schemes/{scheme.GetProperty("id").GetString()}")).StatusCode.ShouldBe(
                HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/summary?period=2024-05&organizationId={branch.Distributor.Id.Value}")).StatusCode.ShouldBe(
                HttpStatusCode.NotFound);
            (await ItemsAsync(client, "/api/v1/commissions/schemes")).ShouldBeEmpty();
        }

        (await ItemsAsync(partner, "/api/v1/commissions/statements?period=2024-05")).ShouldHaveSingleItem().GetProperty("kind").GetString()
            .ShouldBe("Partner");
        (await ItemsAsync(stranger, "/api/v1/commissions/summary?period=2024-05")).ShouldBeEmpty();
        (await partner.PostAsync("/api/v1/commissions/close/2024-05", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await tenant.GetAsync("/api/v1/commissions/summary?period=2024-05")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }
}
