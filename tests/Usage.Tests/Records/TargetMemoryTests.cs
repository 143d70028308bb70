using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Records;

/// <summary>What is kept of subscriptions for some seconds goes on for so long and no longer.</summary>
public sealed class TargetMemoryTests(TargetMemoryTests.RememberingApp app) : IClassFixture<TargetMemoryTests.RememberingApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class RememberingApp : UsageApp
    {
        protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Usage:TargetsStay"] = "00:00:05" };
    }

    [Fact]
    public async Task A_cancelled_subscription_takes_nothing_once_it_is_forgotten()
    {
        var customer = await app.CustomerAsync();
        (await SendAsync(customer, customer.Partner(), "a")).ShouldBe("1 0 0");
        using var platform = customer.Branch.Administrator();
        using var cancelled = await platform.PostAsync($"/api/v1/subscriptions/{customer.Subscription}/cancel", null, Ct);
        cancelled.IsSuccessStatusCode.ShouldBeTrue(await cancelled.Content.ReadAsStringAsync(Ct));

        // As if it had been sent before: what was known is no older than the setting.
        (await SendAsync(customer, customer.Partner(), "b")).ShouldBe("1 0 0");
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        var late = await customer.SendAsync(customer.Record("c", start: "2026-01-15T10:00:00Z"), customer.Record("d", start: "2026-01-14T10:00:00Z"));
        late.Rejected.ShouldBe([(0, "subscription_not_live")]);
        late.Accepted.ShouldBe(1);
    }

    [Fact]
    public async Task A_tenant_that_moved_is_its_new_partners_once_its_place_is_forgotten()
    {
        var customer = await app.CustomerAsync();
        var to = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        using var next = customer.Branch.As(Roles.PartnerAdministrator, to);
        (await SendAsync(customer, customer.Partner(), "a")).ShouldBe("1 0 0");
        (await SendAsync(customer, next, "b")).ShouldBe("0 0 1");
        using var platform = customer.Branch.Administrator();
        using var moved = await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{customer.Tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason = "sold" }, Ct);
        moved.IsSuccessStatusCode.ShouldBeTrue(await moved.Content.ReadAsStringAsync(Ct));

        (await SendAsync(customer, customer.Partner(), "c")).ShouldBe("1 0 0");
        app.Clock.Advance(TimeSpan.FromSeconds(5));
        (await SendAsync(customer, customer.Partner(), "d")).ShouldBe("0 0 1");
        (await SendAsync(customer, next, "e")).ShouldBe("1 0 0");
        // What was used before is still the former partner's to send.
        (await Customer.SendAsync(customer.Partner(), "", [customer.Record("f", start: "2026-01-10T00:00:00Z")])).Counts.ShouldBe("1 0 0");
    }

    [Fact]
    public async Task What_is_new_is_not_missed_whatever_is_remembered()
    {
        var customer = await app.CustomerAsync();
        (await SendAsync(customer, customer.Partner(), "a")).ShouldBe("1 0 0");
        var second = customer with { Subscription = await app.SubscribeAsync(customer.Branch, customer.Tenant) };
        (await SendAsync(second, customer.Partner(), "b")).ShouldBe("1 0 0");
    }

    [Fact]
    public async Task A_subscription_that_follows_under_the_same_name_is_not_missed()
    {
        var branch = await app.BranchAsync();
        var first = await app.SubscribeAsync(branch, branch.Tenant, usesPriceLists: true, until: "2026-01-10");
        var customer = new Customer(app, branch, branch.Tenant, first);
        async Task<string> SendNamedAsync(string id, string start)
        {
            var record = customer.Record(id, start: start);
            record.Remove("subscriptionId");
            (record["tenantExternalId"], record["sku"]) = (branch.Tenant.ExternalId, "s");
            return (await customer.SendAsync(record)).Counts;
        }

        (await SendNamedAsync("a", "2026-01-09T08:00:00Z")).ShouldBe("1 0 0");
        (await SendNamedAsync("b", "2026-01-12T08:00:00Z")).ShouldBe("0 0 1");
        await app.SubscribeAsync(branch, branch.Tenant, usesPriceLists: true, from: "2026-01-10");
        (await SendNamedAsync("b", "2026-01-12T08:00:00Z")).ShouldBe("1 0 0");
    }

    private static async Task<string> SendAsync(Customer customer, HttpClient client, string id) =>
        (await Customer.SendAsync(client, "", [customer.Record(id, start: "2026-01-15T08:00:00Z")])).Counts;
}
