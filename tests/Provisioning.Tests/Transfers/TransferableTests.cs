using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Transfers;

/// <summary>What a plan says is not transferable keeps its tenant with its partner.</summary>
public sealed class TransferableTests(SellingApp app) : IClassFixture<SellingApp>
{
    private static readonly object Bound = new { termMonths = 12, transferable = false };

    [Fact]
    public async Task A_tenant_stays_while_it_has_what_is_not_transferable_and_goes_when_that_has_ended()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch, terms: Bound)))).IdOf();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));

        (await TransferAsync(branch).RefusalAsync()).ShouldBe("409 not_transferable");
        (await TransferAsync(branch, app.Today.AddMonths(3)).RefusalAsync()).ShouldBe("409 not_transferable");
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{id}/cancel", new { on = app.Today.AddMonths(3) }, Ct)).EnsureSuccessStatusCode();
        (await TransferAsync(branch, app.Today.AddMonths(3).AddDays(-1)).RefusalAsync()).ShouldBe("409 not_transferable");
        (await TransferAsync(branch, app.Today.AddMonths(3))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_is_not_transferable_is_asked_again_on_the_day()
    {
        var branch = await app.BranchAsync();
        var on = app.Today.AddDays(10);
        (await TransferAsync(branch, on)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch, terms: Bound)));

        app.Clock.Advance(TimeSpan.FromDays(10));
        await app.DrainAsync();

        using var client = branch.Administrator();
        var transfer = await (await client.GetAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", Ct)).JsonAsync();
        (transfer.Text("status"), transfer.GetRawText().Contains("not_transferable", StringComparison.Ordinal)).ShouldBe(("Failed", true));
    }

    private async Task<HttpResponseMessage> TransferAsync(Branch branch, DateOnly? on = null)
    {
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var client = branch.Administrator();
        return await client.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed", on }, Ct);
    }
}
