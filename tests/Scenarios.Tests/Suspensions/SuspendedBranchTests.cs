using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Suspensions;

/// <summary>
/// A suspended partner's people and keys, and those of its tenants, write nothing through any module; what was used is still recorded.
/// </summary>
public sealed class SuspendedBranchTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_whole_branch_stops_writing_at_once_and_the_platforms_machines_go_on_recording()
    {
        var branch = await app.BranchAsync();
        using var admin = branch.Administrator();
        await IdAsync(admin, "/api/v1/meters", new { key = "calls", unit = "Calls", aggregation = "sum" });
        var plan = await IdAsync(admin, "/api/v1/plans", new
        {
            key = "base",
            name = "Base",
            product = "ccaas",
            currency = "EUR",
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "10" } } },
        });
        (await admin.PostAsync($"/api/v1/plans/{plan}/publish", null, Ct)).EnsureSuccessStatusCode();
        var sold = new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { } };
        var subscription = await IdAsync(admin, "/api/v1/subscriptions", sold);
        using var partner = await LogInAsync(admin, branch.Partner, Roles.PartnerAdministrator, "partner@example.com");
        using var tenant = await LogInAsync(admin, branch.Tenant, Roles.TenantAdministrator, "tenant@example.com");
        using var partnerKey = await KeyAsync(admin, branch.Partner, Roles.PartnerAdministrator);
        using var machine = await KeyAsync(admin, branch.Platform, Roles.PlatformService);
        (await UsageAsync(partner, subscription, "before-1")).ShouldBe("200 accepted");
        (await UsageAsync(partnerKey, subscription, "before-2")).ShouldBe("200 accepted");

        (await admin.PostAsJsonAsync(
            $"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "unpaid" }, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await UsageAsync(partner, subscription, "during-1")).ShouldBe("403 branch_suspended");
        (await UsageAsync(partnerKey, subscription, "during-2")).ShouldBe("403 branch_suspended");
        foreach (var (client, path, body) in new (HttpClient, string, object)[]
                 {
                     (partner, "/api/v1/subscriptions", sold), (partnerKey, "/api/v1/subscriptions", sold), (tenant, "/api/v1/subscriptions", sold),
                     (partner, $"/api/v1/subscriptions/{subscription}/suspend", new { reason = "x" }),
                     (partner, "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "x", displayName = "X" }),
                     (tenant, "/api/v1/api-keys", new { name = "k", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser }),
                 })
        {
            using var refused = await client.PostAsJsonAsync(path, body, Ct);
            $"{path} {await refused.CodeAsync()}".ShouldBe($"{path} branch_suspended");
        }

        using var settings = await tenant.PatchAsJsonAsync("/api/v1/settings/branding", new { name = "x" }, Ct);
        (await settings.CodeAsync()).ShouldBe("branch_suspended");
        (await StatusAsync(tenant, $"/api/v1/subscriptions/{subscription}")).ShouldBe(HttpStatusCode.OK);
        // Nothing new is sold there, not even from above; what is used all the same is recorded and will be billed.
        using var fromAbove = await admin.PostAsJsonAsync("/api/v1/subscriptions", sold, Ct);
        (await fromAbove.CodeAsync()).ShouldBe("tenant_not_active");
        (await UsageAsync(machine, subscription, "during-3")).ShouldBe("200 accepted");

        (await admin.PostAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}/resume", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await UsageAsync(partner, subscription, "after-1")).ShouldBe("200 accepted");
        (await UsageAsync(partnerKey, subscription, "after-2")).ShouldBe("200 accepted");
    }

    private async Task<string> UsageAsync(HttpClient client, Guid subscription, string id)
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/usage", new
        {
            records = new[] { new { id, subscriptionId = subscription, meter = "calls", quantity = "1", start = app.Clock.GetUtcNow() } },
        }, Ct);
        var body = await answer.JsonAsync();
        var accepted = answer.IsSuccessStatusCode && body.GetProperty("accepted").GetInt32() == 1;
        return $"{(int)answer.StatusCode} {(accepted ? "accepted" : body.GetProperty("code").GetString())}";
    }

    private async Task<HttpClient> LogInAsync(HttpClient admin, OrganizationRef at, string role, string email)
    {
        const string password = "a long enough password";
        await IdAsync(admin, "/api/v1/users",
            new { email, displayName = "Somebody", organizationId = at.Id.Value, role, password, mustChangePassword = false });
        using var answer = await app.Anonymous().PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Ct);
        return Bearer((await answer.JsonAsync()).GetProperty("accessToken").GetString()!);
    }

    private async Task<HttpClient> KeyAsync(HttpClient admin, OrganizationRef at, string role)
    {
        using var answer = await admin.PostAsJsonAsync("/api/v1/api-keys", new { name = "key", organizationId = at.Id.Value, role }, Ct);
        return Bearer((await answer.JsonAsync()).GetProperty("key").GetString()!);
    }

    private HttpClient Bearer(string credential)
    {
        var client = app.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        return client;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Ct);
        return answer.StatusCode;
    }

    private static async Task<Guid> IdAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }
}
