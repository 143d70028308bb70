using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>Who may open subscriptions by himself.</summary>
public sealed class DelegationTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Each_level_opens_subscriptions_where_it_is_delegated_and_the_platform_always()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var tenant = branch.As(Roles.TenantAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var platform = branch.Administrator();
        (await SubscribeAsync(tenant, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");

        await SetAsync(partner, branch.Partner, new { tenantsCreateSubscriptions = true });
        (await SubscribeAsync(tenant, Asked(branch, plan))).StatusCode.ShouldBe(HttpStatusCode.Created);
        await SetAsync(distributor, branch.Distributor, new { tenantsCreateSubscriptions = false, partnersCreateSubscriptions = false });
        (await SubscribeAsync(tenant, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");
        (await SubscribeAsync(partner, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");
        (await SubscribeAsync(distributor, Asked(branch, plan))).StatusCode.ShouldBe(HttpStatusCode.Created);

        await SetAsync(platform, branch.Distributor, new { distributorsCreateSubscriptions = false });
        (await SubscribeAsync(distributor, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");
        using var batch = await distributor.PostAsJsonAsync("/api/v1/subscriptions/batch", new { items = new[] { Asked(branch, plan) } }, Ct);
        (await batch.JsonAsync()).GetProperty("results")[0].GetProperty("error").GetProperty("code").GetString().ShouldBe("not_delegated");
        (await SubscribeAsync(platform, Asked(branch, plan))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Who_is_forbidden_to_open_subscriptions_does_not_by_a_key_of_a_tenant()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        await SetAsync(partner, branch.Partner, new { tenantsCreateSubscriptions = true });
        using var made = await partner.PostAsJsonAsync(
            "/api/v1/api-keys", new { name = "below", organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator }, Ct);
        using var below = app.Anonymous();
        below.DefaultRequestHeaders.Authorization = new("Bearer", (await made.JsonAsync()).GetProperty("key").GetString());
        (await SubscribeAsync(below, Asked(branch, plan))).StatusCode.ShouldBe(HttpStatusCode.Created);

        await SetAsync(distributor, branch.Partner, new { partnersCreateSubscriptions = false });
        (await SubscribeAsync(below, Asked(branch, plan)).RefusalAsync()).ShouldBe("403 not_delegated");

        await SetAsync(distributor, branch.Distributor, new { tenantsCreateSubscriptions = true });
        (await SubscribeAsync(below, Asked(branch, plan))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task SetAsync(HttpClient client, OrganizationRef at, object change) =>
        (await client.PatchAsJsonAsync($"/api/v1/settings/licensing?organizationId={at.Id.Value}", change, Ct)).StatusCode.ShouldBe(
            HttpStatusCode.OK);
}
