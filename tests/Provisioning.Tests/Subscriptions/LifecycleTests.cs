using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class LifecycleTests(SellingApp app) : IClassFixture<SellingApp>
{
    private static Task<HttpResponseMessage> PatchAsync(HttpClient client, Guid id, object body) =>
        client.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", body, Ct);

    private static Task<HttpResponseMessage> DoAsync(HttpClient client, Guid id, string what, object? body = null) =>
        body is null ? client.PostAsync($"/api/v1/subscriptions/{id}/{what}", null, Ct)
            : client.PostAsJsonAsync($"/api/v1/subscriptions/{id}/{what}", body, Ct);

    [Fact]
    public async Task A_life_is_told_and_kept_in_its_history()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var patched = await PatchAsync(partner, id, new { quantities = new { eliteSeats = 5 } });
        patched.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var view = await patched.JsonAsync();
        (view.Seats(), view.Seats("eliteSeats")).ShouldBe((10, 5));
        using var later = await PatchAsync(partner, id, new { quantities = new { essentialSeats = 0 }, effectiveDate = "2026-02-01" });
        (await later.JsonAsync()).GetProperty("scheduledChanges")[0].Text("on").ShouldBe("2026-02-01");
        using var suspended = await DoAsync(partner, id, "suspend", new { reason = "Overdue" });
        view = await suspended.JsonAsync();
        (view.Text("status"), view.Text("suspendedOn"), view.Text("suspensionReason")).ShouldBe(("Suspended", "2026-01-15", "Overdue"));
        using var resumed = await DoAsync(partner, id, "resume");
        (await resumed.JsonAsync()).Text("status").ShouldBe("Active");
        using var cancelled = await DoAsync(partner, id, "cancel");
        view = await cancelled.JsonAsync();
        (view.Text("status"), view.Text("endDate")).ShouldBe(("Cancelled", "2026-01-15"));

        (await app.HeardAsync(id)).ShouldBe(
        [
            "provisioning.subscription-activated.v1", "provisioning.subscription-quantities-changed.v1",
            "provisioning.subscription-quantities-changed.v1",
            "provisioning.subscription-suspended.v1", "provisioning.subscription-resumed.v1", "provisioning.subscription-cancelled.v1",
        ], ignoreOrder: true);
        using var history = await partner.GetAsync($"/api/v1/subscriptions/{id}/history", Ct);
        (await history.JsonAsync()).GetProperty("items").EnumerateArray().Select(h => h.Text("what")).ShouldBe(
            ["Cancelled", "Resumed", "Suspended", "QuantitiesChanged", "QuantitiesChanged", "Opened"], ignoreOrder: true);
    }

    [Fact]
    public async Task Every_refusal_has_its_code()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = (await SubscribedAsync(branch, Asked(branch, plan, end: "2027-01-01"))).IdOf();

        (await PatchAsync(partner, id, new { quantities = new { essentialSeats = 3 } }).RefusalAsync())
            .ShouldBe("422 validation_failed /quantities/essentialSeats zero_or_minimum");
        (await PatchAsync(partner, id, new { quantities = new { }, effectiveDate = "2026-01-14" }).RefusalAsync())
            .ShouldBe("422 validation_failed /effectiveDate too_early");
        (await PatchAsync(partner, id, new { quantities = new { }, effectiveDate = "2027-01-01" }).RefusalAsync())
            .ShouldBe("422 validation_failed /effectiveDate too_late");
        (await PatchAsync(partner, id, new { seats = 1 }).RefusalAsync()).ShouldBe("400 malformed_json /seats malformed");
        (await DoAsync(partner, id, "resume").RefusalAsync()).ShouldBe("409 subscription_not_suspended");
        (await DoAsync(partner, id, "suspend", new { reason = " " }).RefusalAsync()).ShouldBe("422 validation_failed /reason not_empty");
        (await DoAsync(partner, id, "cancel", new { on = "2026-01-14" }).RefusalAsync()).ShouldBe("422 validation_failed /on too_early");
        (await DoAsync(partner, id, "cancel", new { on = "2027-01-01" }).RefusalAsync()).ShouldBe("422 validation_failed /on too_late");
        (await DoAsync(partner, id, "suspend", new { reason = "Overdue" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await DoAsync(partner, id, "suspend", new { reason = "Overdue" }).RefusalAsync()).ShouldBe("409 subscription_already_suspended");
        (await PatchAsync(partner, id, new { quantities = new { essentialSeats = 30 } }).RefusalAsync()).ShouldBe("409 subscription_suspended");
        (await DoAsync(partner, id, "cancel", new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await DoAsync(partner, id, "cancel").RefusalAsync()).ShouldBe("409 subscription_ended");
        (await PatchAsync(partner, id, new { quantities = new { essentialSeats = 30 } }).RefusalAsync()).ShouldBe("409 subscription_ended");
        var pending = (await SubscribedAsync(branch, Asked(branch, plan, start: "2026-03-01"))).IdOf();
        (await DoAsync(partner, pending, "suspend", new { reason = "Overdue" }).RefusalAsync()).ShouldBe("409 subscription_pending");
        using var reader = branch.As(Roles.TenantUser);
        (await PatchAsync(reader, pending, new { quantities = new { } }).RefusalAsync()).ShouldBe("403 not_allowed");
    }

    [Fact]
    public async Task Another_branchs_subscription_looks_as_if_it_did_not_exist()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        using var outsider = other.As(Roles.DistributorAdministrator);

        foreach (var route in new[] { "", "/history" })
            (await outsider.GetAsync($"/api/v1/subscriptions/{id}{route}", Ct).RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await PatchAsync(outsider, id, new { quantities = new { } }).RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await DoAsync(outsider, id, "suspend", new { reason = "Curious" }).RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await DoAsync(outsider, id, "resume").RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await DoAsync(outsider, id, "cancel").RefusalAsync()).ShouldBe("404 subscription_not_found");
        using var listed = await outsider.GetAsync($"/api/v1/subscriptions?tenantId={branch.Tenant.Id.Value}", Ct);
        (await listed.JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(0);
        using var tenant = branch.As(Roles.TenantUser);
        using var own = await tenant.GetAsync($"/api/v1/subscriptions/{id}", Ct);
        own.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_patch_of_another_version_than_seen_fails_and_one_without_change_keeps_the_version()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("If-Match", "\"1\"");

        using var same = await PatchAsync(partner, id, new { quantities = new { essentialSeats = 10 } });
        (same.StatusCode, same.Headers.ETag!.Tag).ShouldBe((HttpStatusCode.OK, "\"1\""));
        using var changed = await PatchAsync(partner, id, new { quantities = new { essentialSeats = 11 } });
        (changed.StatusCode, changed.Headers.ETag!.Tag).ShouldBe((HttpStatusCode.OK, "\"2\""));
        (await PatchAsync(partner, id, new { quantities = new { essentialSeats = 12 } }).RefusalAsync()).ShouldBe("412 precondition_failed");
    }

    [Fact]
    public async Task Statuses_filter_as_they_read()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var client = branch.Administrator();
        await SubscribedAsync(branch, Asked(branch, plan));
        await SubscribedAsync(branch, Asked(branch, plan, start: "2026-03-01"));
        await SubscribedAsync(branch, Asked(branch, plan, start: "2025-06-01", end: "2025-12-01"));
        var cancelled = await SubscribedAsync(branch, Asked(branch, plan, start: "2026-04-01", end: "2026-05-01"));
        await DoAsync(client, cancelled.IdOf(), "cancel");
        var suspended = await SubscribedAsync(branch, Asked(branch, plan));
        await DoAsync(client, suspended.IdOf(), "suspend", new { reason = "Overdue" });

        foreach (var status in new[] { "Active", "Pending", "Expired", "Cancelled", "Suspended" })
        {
            using var listed = await client.GetAsync($"/api/v1/subscriptions?tenantId={branch.Tenant.Id.Value}&status={status}", Ct);
            (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Select(s => s.Text("status")).ShouldBe([status]);
        }

        (await client.GetAsync("/api/v1/subscriptions?status=asleep", Ct).RefusalAsync()).ShouldBe("400 invalid_parameter ?status invalid_parameter");
        (await client.GetAsync("/api/v1/subscriptions?state=Active", Ct).RefusalAsync()).ShouldStartWith("400 unknown_parameter");
    }
}

/// <summary>Moves the clock, so it has a host for itself.</summary>
public sealed class ActivationTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task What_starts_later_is_pending_until_its_day_and_told_then()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var id = (await SubscribedAsync(branch, Asked(branch, plan, start: "2026-03-01"))).IdOf();
        var never = (await SubscribedAsync(branch, Asked(branch, plan, start: "2026-03-01"))).IdOf();
        using var client = branch.Administrator();
        await client.PostAsync($"/api/v1/subscriptions/{never}/cancel", null, Ct);
        async Task<string?> StatusAsync(Guid subscription)
        {
            using var read = await client.GetAsync($"/api/v1/subscriptions/{subscription}", Ct);
            return (await read.JsonAsync()).Text("status");
        }

        (await StatusAsync(id)).ShouldBe("Pending");
        app.Clock.Set(new DateTimeOffset(2026, 2, 28, 23, 59, 59, TimeSpan.Zero));
        (await app.HeardAsync(id)).ShouldBeEmpty();
        (await StatusAsync(id)).ShouldBe("Pending");
        app.Clock.Set(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        // The status does not wait for the message.
        (await StatusAsync(id)).ShouldBe("Active");
        (await app.HeardAsync(id)).ShouldBe(["provisioning.subscription-activated.v1"]);
        (await app.HeardAsync(never)).ShouldBe(["provisioning.subscription-cancelled.v1"]);
        (await StatusAsync(never)).ShouldBe("Cancelled");
    }
}
