using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Requests;

/// <summary>The instants that a POST tells are those that are kept, to the last digit: of things of each module, by the host's own clock.</summary>
public sealed partial class InstantTests(InstantTests.LiveApp app) : IClassFixture<InstantTests.LiveApp>
{
    public sealed class LiveApp : App
    {
        protected override bool IsLive => true;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [GeneratedRegex("""\d{4}-\d\d-\d\dT[^"]*""")]
    private static partial Regex Instant();

    [Fact]
    public async Task What_a_post_tells_of_them_a_get_tells_again()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var (partner, tenant) = (branch.Partner.Id.Value, branch.Tenant.Id.Value);

        async Task<Guid> MadeAsync(string path, object body, string? list = null)
        {
            using var made = await client.PostAsJsonAsync($"/api/v1/{path}", body, Ct);
            var told = await made.JsonAsync();
            made.IsSuccessStatusCode.ShouldBeTrue(told.GetRawText());
            var id = told.GetProperty("id").GetGuid();
            var kept = await client.GetFromJsonAsync<JsonElement>($"/api/v1/{list ?? $"{path}/{id}"}", Ct);
            if (list is not null)
                kept = kept.GetProperty("items").EnumerateArray().Single(x => x.GetProperty("id").GetGuid() == id);
            var instants = InstantsOf(told);
            instants.ShouldContainKey("createdAt", path);
            foreach (var (name, instant) in instants)
                InstantsOf(kept)[name].ShouldBe(instant, $"{name} of {path}");
            return id;
        }

        // Finer than is kept, and by another clock: Identity.
        var ends = app.Now.AddDays(30).AddTicks(7).ToOffset(TimeSpan.FromHours(2));
        await MadeAsync("tenants", new { partnerId = partner, externalId = "instants", displayName = "Instants" });
        await MadeAsync("clients", new { name = "erp", organizationId = partner, role = Roles.PartnerReader, expiresAt = ends });
        await MadeAsync("api-keys", new { name = "erp", organizationId = partner, role = Roles.PartnerReader, expiresAt = ends });
        // Catalog.
        await MadeAsync("meters", new { key = "calls", unit = "Calls", aggregation = "sum" });
        var plan = await MadeAsync("plans", new
        {
            key = "plan",
            name = "Plan",
            product = "ccaas",
            currency = "EUR",
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "10" } } },
        });
        (await client.PostAsync($"/api/v1/plans/{plan}/publish", null, Ct)).EnsureSuccessStatusCode();
        // Provisioning.
        await MadeAsync("subscriptions", new { tenantId = tenant, planId = plan, quantities = new { essentialSeats = 10 } });
        // Usage.
        await MadeAsync("usage/thresholds", new { meter = "calls", basis = "quantity", levels = new[] { "10" }, tenantId = tenant });
        // Billing.
        await MadeAsync("billing/coupons", new { code = "INSTANT", name = "Instant", validFrom = "2026-01-01", percent = "10" });
        var amount = new { amount = "5.00", currency = "EUR" };
        await MadeAsync(
            "credit/top-ups", new { organizationId = partner, reference = "top-up", amount, expiresAt = ends },
            list: $"credit/movements?organizationId={partner}");
        await MadeAsync("credit/debits", new { organizationId = partner, reference = "debit", amount = amount with { amount = "1.00" } });
        // Commissions.
        await MadeAsync("commissions/schemes", new
        {
            organizationId = partner,
            basis = "Own",
            validFrom = $"{app.Now.AddMonths(1):yyyy-MM}",
            tiers = new[] { new { from = "0", to = (string?)null, percent = "5" } },
        });
    }

    private static Dictionary<string, string> InstantsOf(JsonElement view) => view.EnumerateObject()
        .Where(x => x.Value.ValueKind is JsonValueKind.String && Instant().IsMatch(x.Value.GetString()!))
        .ToDictionary(x => x.Name, x => x.Value.GetString()!);
}
