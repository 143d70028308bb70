using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Seats;

public sealed class SeatSlicesTests(SellingApp app) : IClassFixture<SellingApp>
{
    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, Branch branch, Dictionary<string, int> seats) =>
        client.PatchAsJsonAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", new { seats }, Ct);

    [Fact]
    public async Task Seats_are_changed_and_read_with_what_they_include()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var patched = await PatchAsync(
            partner, branch, new() { ["essentialSeats"] = 0, ["eliteSeats"] = 6, ["aiMessaging.advancedBundles"] = 2 });

        patched.StatusCode.ShouldBe(HttpStatusCode.OK, await patched.Content.ReadAsStringAsync(Ct));
        var changes = (await patched.JsonAsync()).GetProperty("changes").EnumerateObject()
            .Select(c => $"{c.Name} {c.Value.GetProperty("oldValue").GetInt32()} {c.Value.GetProperty("newValue").GetInt32()}");
        changes.ShouldBe(["aiMessaging.advancedBundles 0 2", "eliteSeats 0 6", "essentialSeats 10 0"]);
        using var user = branch.As(Roles.TenantUser);
        using var read = await user.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct);
        read.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var view = await read.JsonAsync();
        (view.GetProperty("seats").GetProperty("eliteSeats").GetInt32(), view.GetProperty("seats").GetProperty("dialerSeats").GetInt32())
            .ShouldBe((6, 0));
        view.GetProperty("features").GetArrayLength().ShouldBe(12);
        view.GetProperty("entitlements").EnumerateArray().Select(e => $"{e.Text("key")} {e.Text("quantity")}")
            .ShouldBe(["aiMessages 15000", "knowledgeBases 12", "transcriptionHours 288"]);
        view.GetProperty("entitlements")[0].GetProperty("why").EnumerateArray().Select(w => $"{w.Text("feature")} {w.Text("amount")}")
            .ShouldBe(["eliteSeats 5000", "aiMessaging.advancedBundles 10000"]);
    }

    [Fact]
    public async Task Switching_bundles_is_one_request_and_nothing_changed_is_an_empty_answer()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var standard = await PatchAsync(partner, branch, new() { ["professionalSeats"] = 5, ["aiMessaging.standardBundles"] = 1 });
        standard.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var switched = await PatchAsync(partner, branch, new() { ["aiMessaging.standardBundles"] = 0, ["aiMessaging.advancedBundles"] = 1 });
        using var again = await PatchAsync(partner, branch, new() { ["aiMessaging.advancedBundles"] = 1 });

        switched.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await again.JsonAsync()).GetProperty("changes").EnumerateObject().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_rules_of_the_signed_updates_hold_for_the_resulting_state()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        using var partner = branch.As(Roles.PartnerAdministrator);
        async Task<string> Refused(params (string Feature, int Quantity)[] seats) =>
            (await PatchAsync(partner, branch, seats.ToDictionary(s => s.Feature, s => s.Quantity)).RefusalAsync())
                .Replace("422 validation_failed ", "");

        foreach (var feature in new[] { "digitalOnlySeats", "essentialSeats", "professionalSeats", "eliteSeats", "speechAnalyticsSeats" })
            (await Refused((feature, 4))).ShouldBe($"/seats/{feature} zero_or_minimum");
        foreach (var feature in new[] { "workforceOptimizationSeats", "workforceManagementSeats", "dialerSeats" })
            (await Refused((feature, 9))).ShouldBe($"/seats/{feature} zero_or_minimum");
        (await Refused(("aiMessaging.standardBundles", 1))).ShouldBe("/seats/aiMessaging.standardBundles requires_any");
        (await Refused(("eliteSeats", 5), ("aiMessaging.standardBundles", 1), ("aiMessaging.advancedBundles", 1)))
            .ShouldBe("/seats/aiMessaging.standardBundles excludes /seats/aiMessaging.advancedBundles excludes");
        (await Refused(("essentialSeats", 0), ("aiAudioServices.additionalHours", 1)))
            .ShouldBe("/seats/aiAudioServices.additionalHours requires_any");
        (await Refused(("essentialSeats", 1_000_001))).ShouldBe("/seats/essentialSeats maximum");
        (await Refused(("goldSeats", 0))).ShouldBe("/seats/goldSeats unknown_feature");
    }

    [Fact]
    public async Task Without_a_subscription_that_runs_or_outside_the_branch_there_are_no_seats()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch), start: "2026-02-01"));
        (await PatchAsync(partner, branch, new() { ["eliteSeats"] = 5 }).RefusalAsync()).ShouldBe("404 licensing_not_found");
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        using var outsider = other.As(Roles.PartnerAdministrator);

        (await outsider.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");
        (await PatchAsync(outsider, branch, new() { ["eliteSeats"] = 5 }).RefusalAsync()).ShouldBe("404 licensing_not_found");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await PatchAsync(tenant, branch, new() { ["eliteSeats"] = 5 }).RefusalAsync()).ShouldBe("403 not_allowed");
        (await partner.PatchAsJsonAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", new { eliteSeats = 5 }, Ct).RefusalAsync())
            .ShouldStartWith("400 malformed_json");
        partner.DefaultRequestHeaders.Add("If-Match", "\"7\"");
        (await PatchAsync(partner, branch, new() { ["eliteSeats"] = 5 }).RefusalAsync()).ShouldBe("412 precondition_failed");
    }
}
