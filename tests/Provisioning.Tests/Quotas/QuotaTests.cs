using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Quotas;

public sealed class QuotaTests(SellingApp app) : IClassFixture<SellingApp>
{
    private static Task<HttpResponseMessage> AskAsync(HttpClient client, Guid subscription, string meter, string limit, string reason = "Growing") =>
        client.PostAsJsonAsync("/api/v1/quota-requests", new { subscriptionId = subscription, meter, limit, reason }, Ct);

    private static Task<HttpResponseMessage> DecideAsync(HttpClient client, Guid id, string how, object? body = null) =>
        client.PostAsJsonAsync($"/api/v1/quota-requests/{id}/{how}", body ?? new { }, Ct);

    private static async Task<List<string>> QuotasAsync(HttpClient client, Guid subscription)
    {
        using var answer = await client.GetAsync($"/api/v1/subscriptions/{subscription}/quotas", Ct);
        return [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(q =>
            $"{q.Text("meter")} {Number(q, "limit")} {Number(q, "planLimit")} {q.GetProperty("agreed").GetBoolean()}")];

        static string Number(JsonElement quota, string name) => quota.GetProperty(name).GetRawText().Trim('"');
    }

    private async Task<(Branch Branch, Guid Subscription, string Calls, string Storage)> SoldAsync()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var (calls, storage) = ($"calls-{branch.Tenant.Code}", $"gb-{branch.Tenant.Code}");
        foreach (var key in (string[])[calls, storage])
            (await client.PostAsJsonAsync("/api/v1/meters", new { key, unit = "Unit", aggregation = "sum" }, Ct)).EnsureSuccessStatusCode();
        var plan = await app.PlanAsync(branch, terms: new { quotas = new Dictionary<string, string> { [calls] = "100" } });
        return (branch, (await SubscribedAsync(branch, Asked(branch, plan))).IdOf(), calls, storage);
    }

    [Fact]
    public async Task Quotas_are_named_at_the_opening_by_those_who_decide_about_them()
    {
        var (branch, _, calls, storage) = await SoldAsync();
        var plan = await app.PlanAsync(branch, terms: new { quotas = new Dictionary<string, string> { [calls] = "100" } });
        object Asking(Dictionary<string, string> quotas) =>
            new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { essentialSeats = 10 }, quotas };
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);

        (await SubscribeAsync(partner, Asking(new() { [calls] = "50" })).RefusalAsync()).ShouldBe("422 validation_failed /quotas not_allowed");
        (await SubscribeAsync(platform, Asking(new() { ["a/b"] = "1", [calls] = "-1" })).RefusalAsync())
            .ShouldBe($"422 validation_failed /quotas/a~1b unknown_meter /quotas/{calls} negative");
        (await SubscribeAsync(platform, Asking(Enumerable.Range(0, 101).ToDictionary(i => $"m{i}", _ => "1"))).RefusalAsync())
            .ShouldBe("422 validation_failed /quotas count");

        var id = (await SubscribedAsync(branch, Asking(new() { [calls] = "50", [storage] = "0.5" }))).IdOf();
        (await QuotasAsync(partner, id)).ShouldBe([$"{calls} 50 100 True", $"{storage} 0.5 null True"]);
        (await app.HeardAsync(id)).ShouldBe(
            ["provisioning.subscription-activated.v1", "provisioning.subscription-quota-changed.v1", "provisioning.subscription-quota-changed.v1"],
            ignoreOrder: true);
        var items = new[] { Asking(new() { [calls] = "7" }), Asking(new() { ["none"] = "7" }) };
        using var batch = await platform.PostAsJsonAsync("/api/v1/subscriptions/batch", new { items }, Ct);
        (await batch.JsonAsync()).GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()).ShouldBe([201, 422]);
    }

    [Fact]
    public async Task A_quota_is_asked_for_and_approved_and_then_holds()
    {
        var (branch, id, calls, storage) = await SoldAsync();
        using var tenant = branch.As(Roles.TenantAdministrator);
        using var platform = branch.Administrator();
        (await QuotasAsync(tenant, id)).ShouldBe([$"{calls} 100 100 False"]);
        await app.HeardAsync(id);

        using var asked = await AskAsync(tenant, id, calls, "250.5");
        asked.StatusCode.ShouldBe(HttpStatusCode.Created);
        var view = await asked.JsonAsync();
        view.Text("status").ShouldBe("Pending");
        (await QuotasAsync(tenant, id)).ShouldBe([$"{calls} 100 100 False"]);
        (await AskAsync(tenant, id, calls, "300").RefusalAsync()).ShouldBe("409 quota_request_pending");
        (await AskAsync(tenant, id, storage, "9")).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var approved = await DecideAsync(platform, view.IdOf(), "approve", new { reason = "Fine" });
        (approved.Headers.ETag!.Tag, (await approved.JsonAsync()).Text("status")).ShouldBe(("\"2\"", "Approved"));

        (await QuotasAsync(tenant, id)).ShouldBe([$"{calls} 250.5 100 True"]);
        (await app.HeardAsync(id)).ShouldBe(["provisioning.subscription-activated.v1", "provisioning.subscription-quota-changed.v1"]);
        (await DecideAsync(platform, view.IdOf(), "refuse", new { reason = "No" }).RefusalAsync()).ShouldBe("409 quota_request_decided");
        (await DecideAsync(platform, view.IdOf(), "approve").RefusalAsync()).ShouldBe("409 quota_request_decided");
        // Decided, it may be asked for again.
        (await AskAsync(tenant, id, calls, "300")).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_refused_request_changes_nothing_and_says_why()
    {
        var (branch, id, calls, _) = await SoldAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var platform = branch.Administrator();
        using var asked = await AskAsync(partner, id, calls, "1000");
        var request = (await asked.JsonAsync()).IdOf();

        (await DecideAsync(platform, request, "refuse", new { reason = " " }).RefusalAsync()).ShouldBe("422 validation_failed /reason not_empty");
        using var refused = await DecideAsync(platform, request, "refuse", new { reason = "Too much" });
        (await refused.JsonAsync()).Text("decisionReason").ShouldBe("Too much");
        (await QuotasAsync(partner, id)).ShouldBe([$"{calls} 100 100 False"]);
        using var listed = await partner.GetAsync($"/api/v1/quota-requests?status=refused&subscriptionId={id}", Ct);
        (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Select(r => r.IdOf()).ShouldBe([request]);
    }

    [Fact]
    public async Task Only_the_platform_decides_and_only_the_branch_sees()
    {
        var (branch, id, calls, _) = await SoldAsync();
        var other = await app.BranchAsync();
        using var tenant = branch.As(Roles.TenantAdministrator);
        using var asked = await AskAsync(tenant, id, calls, "1000");
        var request = (await asked.JsonAsync()).IdOf();

        foreach (var role in (string[])[Roles.DistributorAdministrator, Roles.PartnerAdministrator, Roles.TenantAdministrator, Roles.PlatformReader])
        {
            using var client = branch.As(role);
            (await DecideAsync(client, request, "approve").RefusalAsync()).ShouldBe("403 not_allowed");
        }

        using var user = branch.As(Roles.TenantUser);
        (await AskAsync(user, id, calls, "1").RefusalAsync()).ShouldBe("403 not_allowed");
        using var outsider = other.As(Roles.DistributorAdministrator);
        (await AskAsync(outsider, id, calls, "1").RefusalAsync()).ShouldBe("404 subscription_not_found");
        (await outsider.GetAsync($"/api/v1/quota-requests/{request}", Ct).RefusalAsync()).ShouldBe("404 quota_request_not_found");
        (await outsider.GetAsync($"/api/v1/subscriptions/{id}/quotas", Ct).RefusalAsync()).ShouldBe("404 subscription_not_found");
        using var listed = await outsider.GetAsync("/api/v1/quota-requests", Ct);
        (await listed.JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_its_field()
    {
        var (branch, id, calls, _) = await SoldAsync();
        using var platform = branch.Administrator();

        (await AskAsync(platform, id, "nothing", "1").RefusalAsync()).ShouldBe("422 validation_failed /meter unknown_meter");
        (await AskAsync(platform, id, "", "-1", "").RefusalAsync())
            .ShouldBe("422 validation_failed /meter not_empty /limit negative /reason not_empty");
        (await AskAsync(platform, Id.NewGuid(app.Now), calls, "1").RefusalAsync()).ShouldBe("404 subscription_not_found");
        using var asked = await AskAsync(platform, id, calls, "1");
        var request = (await asked.JsonAsync()).IdOf();
        (await platform.PostAsync($"/api/v1/subscriptions/{id}/cancel", null, Ct)).EnsureSuccessStatusCode();
        (await AskAsync(platform, id, calls, "1").RefusalAsync()).ShouldBe("409 subscription_ended");
        (await DecideAsync(platform, request, "approve").RefusalAsync()).ShouldBe("409 subscription_ended");
        (await DecideAsync(platform, request, "refuse", new { reason = "Over" })).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_many_who_ask_or_decide_at_once_one_does()
    {
        var (branch, id, calls, _) = await SoldAsync();
        using var platform = branch.Administrator();

        var asked = await Task.WhenAll(Enumerable.Range(1, 8).Select(limit => AskAsync(platform, id, calls, $"{limit}")));
        asked.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        asked.Count(a => a.StatusCode is HttpStatusCode.Conflict).ShouldBe(7);
        var request = (await asked.Single(a => a.StatusCode is HttpStatusCode.Created).JsonAsync()).IdOf();
        var decided = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(i => DecideAsync(platform, request, i % 2 == 0 ? "approve" : "refuse", new { reason = "Now" })));
        decided.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        (await app.HeardAsync(id)).Count(name => name == "provisioning.subscription-quota-changed.v1").ShouldBeLessThanOrEqualTo(1);
    }
}
