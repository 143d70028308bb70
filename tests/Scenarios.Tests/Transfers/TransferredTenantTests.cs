using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Transfers;

/// <summary>
/// A tenant goes from one partner to another on the first of February; who sees what before and after. January is billed only when it
/// is gone, and belongs to the old partner all the same.
/// </summary>
public sealed class TransferredTenantTests : IAsyncLifetime
{
    private const string Email = "owner@tenant.example";
    private const string Password = "a long enough password";

    private readonly App _app = new();
    private Branch _branch = null!;
    private OrganizationRef _to = null!;
    private Guid _ended;
    private Guid _live;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Old => _branch.As(Roles.PartnerAdministrator);

    private HttpClient New => _branch.As(Roles.PartnerAdministrator, _to);

    private HttpClient Distributor => _branch.As(Roles.DistributorAdministrator);

    public async ValueTask InitializeAsync()
    {
        await _app.InitializeAsync();
        _branch = await _app.BranchAsync();
        _to = await _app.PartnerAsync(_branch.Platform, _branch.Distributor);
        using var admin = _branch.Administrator();
        await IdAsync(admin, "/api/v1/meters", new { key = "calls", unit = "Calls", aggregation = "sum" });
        var plan = await IdAsync(admin, "/api/v1/plans", new
        {
            key = "calls",
            name = "Calls",
            product = "ccaas",
            currency = "EUR",
            charges = new object[]
            {
                new { key = "base", name = "Base", price = new { model = "flat", amount = "10" } },
                new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1" } },
            },
        });
        (await admin.PostAsync($"/api/v1/plans/{plan}/publish", null, Ct)).EnsureSuccessStatusCode();
        (await admin.PutAsJsonAsync("/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2025-01-01" }, Ct))
            .EnsureSuccessStatusCode();
        _ended = await IdAsync(admin, "/api/v1/subscriptions", Subscription(plan, "2025-12-01", "2026-01-20"));
        _live = await IdAsync(admin, "/api/v1/subscriptions", Subscription(plan, "2025-12-01", null));
        await IdAsync(admin, "/api/v1/users", new
        {
            email = Email,
            displayName = "Owner",
            organizationId = _branch.Tenant.Id.Value,
            role = Roles.TenantAdministrator,
            invite = true,
        });
        await _app.DrainAsync();
        // His own choice: what others chose ends with a transfer.
        using (var anonymous = _app.Anonymous())
            (await anonymous.PostAsJsonAsync("/api/v1/auth/activation", new { token = _app.Mailbox.TokenFor(Email), password = Password }, Ct))
                .EnsureSuccessStatusCode();
        await IdAsync(admin, "/api/v1/pricing", new
        {
            key = "own",
            name = "Own",
            scope = "Tenant",
            tenantId = _branch.Tenant.Id.Value,
            currency = "EUR",
            validFrom = "2026-01-01",
        });
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task History_stays_with_the_old_partner_and_what_lives_goes_to_the_new_one()
    {
        (await RecordAsync(Old, "jan-1", "2026-01-10T10:00:00Z", 3)).ShouldBe("taken");
        (await Distributor.PostAsJsonAsync(
            $"/api/v1/tenants/{_branch.Tenant.Id.Value}/transfer", new { partnerId = _to.Id.Value, on = "2026-02-01", reason = "sold" }, Ct))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        await _app.DrainAsync();
        (await SubscriptionsAsync(Old)).ShouldBe([_live, _ended], ignoreOrder: true);
        (await SubscriptionsAsync(New)).ShouldBeEmpty();

        _app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        await using (var second = await _app.StartSecondHostAsync())
            await Task.WhenAll(_app.DrainAsync(), second.DrainAsync());
        await _app.DrainAsync();
        using var owner = await LogInAsync();
        await TheSubscriptionsAsync(owner);
        await ThePriceListAsync();
        await TheUsageAsync(owner);
        await TheInvoicesAsync(owner);
    }

    private async Task TheSubscriptionsAsync(HttpClient owner)
    {
        (await SubscriptionsAsync(Old)).ShouldBe([_ended]);
        (await SubscriptionsAsync(New)).ShouldBe([_live]);
        (await SubscriptionsAsync(owner)).ShouldBe([_live, _ended], ignoreOrder: true);
        (await StatusAsync(Old, $"/api/v1/subscriptions/{_live}")).ShouldBe(HttpStatusCode.NotFound);
        (await New.PostAsJsonAsync($"/api/v1/subscriptions/{_live}/suspend", new { reason = "mine" }, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await New.PostAsync($"/api/v1/subscriptions/{_live}/resume", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await HistoryAsync(Old)).ShouldBe(["Opened"]);
        (await HistoryAsync(New)).ShouldBe(["Resumed", "Suspended"]);
        (await HistoryAsync(owner)).ShouldBe(["Opened", "Resumed", "Suspended"]);
    }

    private async Task ThePriceListAsync()
    {
        (await ItemsAsync(Old, "/api/v1/pricing?key=own")).ShouldBeEmpty();
        (await ItemsAsync(New, "/api/v1/pricing?key=own")).Count.ShouldBe(1);
    }

    // Late usage of January is the old partner's, to send and to see; from February on it is the new one's.
    private async Task TheUsageAsync(HttpClient owner)
    {
        (await RecordAsync(Old, "jan-2", "2026-01-31T23:59:59Z", 4)).ShouldBe("taken");
        (await RecordAsync(New, "jan-3", "2026-01-31T10:00:00Z", 100)).ShouldBe("subscription_not_found");
        (await RecordAsync(Old, "feb-1", "2026-02-01T00:00:00Z", 100)).ShouldBe("subscription_not_found");
        (await RecordAsync(New, "feb-2", "2026-02-01T00:00:00Z", 5)).ShouldBe("taken");

        (await RecordsAsync(Old)).ShouldBe(["jan-1", "jan-2"]);
        (await RecordsAsync(New)).ShouldBe(["feb-2"]);
        (await RecordsAsync(owner)).ShouldBe(["feb-2", "jan-1", "jan-2"]);
        (await RecordsAsync(Distributor)).ShouldBe(["feb-2", "jan-1", "jan-2"]);
        const string days = "2026-01-01/2026-03-01";
        (await UsedAsync(Old, days)).ShouldBe("7");
        (await UsedAsync(New, days)).ShouldBe("5");
        (await UsedAsync(owner, days)).ShouldBe("12");
    }

    private async Task TheInvoicesAsync(HttpClient owner)
    {
        // Before the run it is rated as it will be.
        (await NetAsync(Old, "2026-01")).ShouldBe("23.13");
        (await NetAsync(New, "2026-01")).ShouldBeNull();
        (await NetAsync(New, "2026-02")).ShouldBe("15.00");
        (await NetAsync(Old, "2026-02")).ShouldBeNull();

        using var admin = _branch.Administrator();
        (await admin.PostAsJsonAsync("/api/v1/billing/generate/2026-01", new { issue = true }, Ct)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await _app.DrainAsync();

        var invoice = (await ItemsAsync(Old, "/api/v1/invoices?period=2026-01")).Single().GetProperty("id").GetGuid();
        (await StatusAsync(Old, $"/api/v1/invoices/{invoice}/lines")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(owner, $"/api/v1/invoices/{invoice}/lines")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(New, $"/api/v1/invoices/{invoice}")).ShouldBe(HttpStatusCode.NotFound);
        (await ItemsAsync(New, "/api/v1/invoices?period=2026-01")).ShouldBeEmpty();
        var byPartner = (await ItemsAsync(admin, "/api/v1/billing/summary?period=2026-01&groupBy=Partner")).Single();
        byPartner.GetProperty("organizationId").GetGuid().ShouldBe(_branch.Partner.Id.Value);
        (await NetAsync(Old, "2026-01")).ShouldBe("23.13");
        // At the place it has left the tenant goes by the name it had there.
        (await New.PatchAsJsonAsync($"/api/v1/tenants/{_branch.Tenant.Id.Value}", new { displayName = "Renamed" }, Ct)).StatusCode.ShouldBe(
            HttpStatusCode.OK);
        (await ItemsAsync(Old, "/api/v1/billing/summary?period=2026-01")).Single().GetProperty("name").GetString()
            .ShouldBe(_branch.Tenant.DisplayName);
    }

    private object Subscription(Guid plan, string start, string? end) =>
        new { tenantId = _branch.Tenant.Id.Value, planId = plan, quantities = new { }, startDate = start, endDate = end };

    private async Task<HttpClient> LogInAsync()
    {
        using var answer = await _app.Anonymous().PostAsJsonAsync("/api/v1/auth/login", new { email = Email, password = Password }, Ct);
        var client = _app.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await answer.JsonAsync()).GetProperty("accessToken").GetString());
        return client;
    }

    private async Task<string?> RecordAsync(HttpClient client, string id, string start, int quantity)
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/usage", new
        {
            records = new[] { new { id, subscriptionId = _live, meter = "calls", quantity = quantity.ToString(), start } },
        }, Ct);
        var batch = await answer.JsonAsync();
        return batch.GetProperty("accepted").GetInt32() == 1 ? "taken" : batch.GetProperty("rejected")[0].GetProperty("code").GetString();
    }

    private static async Task<List<Guid>> SubscriptionsAsync(HttpClient client) =>
        [.. (await ItemsAsync(client, "/api/v1/subscriptions")).Select(x => x.GetProperty("id").GetGuid())];

    private async Task<List<string>> HistoryAsync(HttpClient client) =>
        [.. (await ItemsAsync(client, $"/api/v1/subscriptions/{_live}/history")).Select(x => x.GetProperty("what").GetString()!).Order()];

    private static async Task<List<string>> RecordsAsync(HttpClient client) =>
        [.. (await ItemsAsync(client, "/api/v1/usage")).Select(x => x.GetProperty("id").GetString()!).Order()];

    private static async Task<string> UsedAsync(HttpClient client, string period) =>
        (await ItemsAsync(client, $"/api/v1/usage/summary?period={period}")).Single().GetProperty("quantity").ToString();

    private static async Task<string?> NetAsync(HttpClient client, string period)
    {
        var totals = (await GetAsync(client, $"/api/v1/billing/summary?period={period}")).GetProperty("totals");
        return totals.GetArrayLength() == 0 ? null : totals[0].GetProperty("net").GetProperty("amount").GetString();
    }

    private static async Task<List<JsonElement>> ItemsAsync(HttpClient client, string path) =>
        [.. (await GetAsync(client, path)).GetProperty("items").EnumerateArray()];

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        return await answer.JsonAsync();
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
