using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.EntitlementChecks;

public sealed class CheckEntitlementTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_check_adds_up_what_is_held_and_what_that_includes_and_tells_where_from()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var first = (await SubscribedAsync(branch, Asked(branch, plan, seats: 10))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.PatchAsJsonAsync($"/api/v1/subscriptions/{first}",
            new { quantities = new Dictionary<string, int> { ["eliteSeats"] = 6, ["aiAudioServices.additionalHours"] = 7 } }, Ct))
            .EnsureSuccessStatusCode();
        // Ids of one instant have no order.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = (await SubscribedAsync(branch, Asked(branch, plan, seats: 20))).IdOf();

        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe($"True 30 {first} essentialSeats 10, {second} essentialSeats 20");
        (await CheckAsync(partner, branch, "transcriptionHours"))
            .ShouldBe($"True 295 {first} eliteSeats 288, {first} aiAudioServices.additionalHours 7");
        (await CheckAsync(partner, branch, "dialerSeats")).ShouldBe("False 0 ");
        (await CheckAsync(partner, branch, "nothing-of-ours")).ShouldBe("False 0 ");

        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{first}/suspend", new { reason = "late" }, Ct)).EnsureSuccessStatusCode();
        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe($"True 20 {second} essentialSeats 20");
        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{second}/cancel", new { }, Ct)).EnsureSuccessStatusCode();
        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe("False 0 ");
        (await partner.PostAsync($"/api/v1/subscriptions/{first}/resume", null, Ct)).EnsureSuccessStatusCode();
        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe($"True 10 {first} essentialSeats 10");
    }

    [Fact]
    public async Task What_has_not_changed_is_not_sent_twice()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        using var user = branch.As(Roles.TenantUser);
        var path = $"/api/v1/entitlements/{branch.Tenant.Id.Value}/essentialSeats";
        using var first = await user.GetAsync(path, Ct);
        using var asked = new HttpRequestMessage(HttpMethod.Get, path);
        asked.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        (await user.SendAsync(asked, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotModified);

        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", new { quantities = new { essentialSeats = 11 } }, Ct))
            .EnsureSuccessStatusCode();
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        (await user.SendAsync(again, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_change_to_come_counts_from_its_day()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var tomorrow = DateOnly.FromDateTime(app.Clock.GetUtcNow().UtcDateTime).AddDays(1);
        (await partner.PatchAsJsonAsync(
            $"/api/v1/subscriptions/{id}", new { quantities = new { essentialSeats = 12 }, effectiveDate = tomorrow }, Ct)).EnsureSuccessStatusCode();
        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe($"True 10 {id} essentialSeats 10");
        app.Clock.Advance(TimeSpan.FromDays(1));
        (await CheckAsync(partner, branch, "essentialSeats")).ShouldBe($"True 12 {id} essentialSeats 12");
    }

    [Fact]
    public async Task A_tenant_outside_and_one_that_is_not_there_look_the_same()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        await SubscribedAsync(other, Asked(other, await app.PlanAsync(other)));
        using var partner = branch.As(Roles.PartnerAdministrator);
        foreach (var tenant in (Guid[])[other.Tenant.Id.Value, branch.Partner.Id.Value, Id.NewGuid(app.Clock.GetUtcNow())])
            (await partner.GetAsync($"/api/v1/entitlements/{tenant}/essentialSeats", Ct).RefusalAsync()).ShouldBe("404 tenant_not_found");
    }

    private static async Task<string> CheckAsync(HttpClient client, Branch branch, string feature)
    {
        using var answer = await client.GetAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/{feature}", Ct);
        var view = await answer.JsonAsync();
        var sources = view.GetProperty("sources").EnumerateArray()
            .Select(s => $"{s.Text("subscriptionId")} {s.Text("feature")} {s.Text("quantity")}");
        return $"{view.GetProperty("allowed").GetBoolean()} {view.Text("quantity")} {string.Join(", ", sources)}";
    }
}
