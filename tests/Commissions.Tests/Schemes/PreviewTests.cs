using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Schemes;

public sealed class PreviewTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task A_scheme_is_tried_out_on_a_past_month_and_nothing_is_kept()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "5")]);
        app.Invoices.Issue("2024-02", branch.Tenant, "1000.00");
        app.Invoices.Issue("2024-02", await app.TenantAsync(branch.Platform, second), "500.00");
        await CloseAsync(platform, "2024-02");

        // The partner's own is not touched by its distributor's, whom the other partner's commission is taken off.
        (await PreviewAsync(platform, branch.Distributor, "30", "Override")).ShouldBe(
        [
            $"{branch.Distributor.ExternalId} 1500.00: 150.00 -> 250.00, 100.00", $"{second.ExternalId} 500.00: 100.00 -> 150.00, 50.00",
        ], ignoreOrder: true);
        (await PreviewAsync(platform, second, "0", "Own")).ShouldBe(
        [
            $"{branch.Distributor.ExternalId} 1500.00: 150.00 -> 250.00, 100.00", $"{second.ExternalId} 500.00: 100.00 -> 0.00, -100.00",
        ], ignoreOrder: true);
        (await PreviewAsync(platform, branch.Partner, "5", "Own")).ShouldBeEmpty();
        (await ItemsAsync(platform, $"/api/v1/commissions/schemes?organizationId={second.Id.Value}")).ShouldBeEmpty();

        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await TryAsync(distributor, branch.Distributor.Id, "30", "Own", "2024-02")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        foreach (var (organization, percent, period, error) in new[]
        {
            (branch.Tenant, "30", "2024-02", "/organizationId earns_no_commission"), (branch.Partner, "30", "2024", "/period not_a_month"),
            (branch.Partner, "101", "2024-02", "/tiers/0/percent not_a_percentage"),
        })
            (await (await TryAsync(platform, organization.Id, percent, "Own", period)).JsonAsync()).GetProperty("errors").EnumerateArray()
                .Select(x => $"{x.GetProperty("pointer").GetString()} {x.GetProperty("code").GetString()}").ShouldBe([error]);
    }

    private static Task<HttpResponseMessage> TryAsync(HttpClient client, OrganizationId organization, string percent, string basis, string period) =>
        client.PostAsJsonAsync("/api/v1/commissions/schemes/preview", new
        {
            organizationId = organization.Value,
            period,
            basis,
            tiers = new[] { Tier("0", null, percent) },
        });

    private static async Task<List<string>> PreviewAsync(HttpClient platform, OrganizationRef organization, string percent, string basis) =>
        [.. (await Sent(await TryAsync(platform, organization.Id, percent, basis, "2024-02"))).GetProperty("items").EnumerateArray().Select(x =>
            $"{x.GetProperty("externalId").GetString()} {Amount(x, "basis")}: {Amount(x, "before")} -> {Amount(x, "after")}, "
            + Amount(x, "difference"))];
}
