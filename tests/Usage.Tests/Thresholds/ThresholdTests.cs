using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Licensing.Usage.Rollups;
using Licensing.Usage.Thresholds;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Thresholds;

public sealed class ThresholdTests(ThresholdTests.HearingApp app) : IClassFixture<ThresholdTests.HearingApp>
{
    public sealed class HearingApp : UsageApp
    {
        public ConcurrentQueue<string> Heard { get; } = [];

        protected override void Configure(WebApplicationBuilder builder)
        {
            var name = MessageAttribute.NameOf(typeof(ThresholdReached));
            builder.Services.AddSingleton(new Subscriber(name, "usage.test_threshold_reached", "usage", (_, body, _) =>
            {
                Heard.Enqueue(body);
                return Task.CompletedTask;
            }));
        }
    }

    [Fact]
    public async Task A_level_is_told_once_a_month_however_often_it_is_looked_at()
    {
        var customer = await app.CustomerAsync();
        var threshold = await CreateAsync(customer, Watching("quantity", "sum", ["10", "5"], tenantId: customer.Tenant.Id.Value));
        await customer.SendAsync(customer.Record("a", "4"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBeEmpty();

        await customer.SendAsync(customer.Record("b", "1.5"));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LookAsync()));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["5 5.5 2026-01-01"]);
        await customer.SendAsync(customer.Record("c", "5"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["10 10.5 2026-01-01", "5 5.5 2026-01-01"]);

        // A correction takes it below, and more usage above again: that is no news.
        await customer.Partner().PostAsJsonAsync("/api/v1/usage/corrections", new { recordId = "c", action = "reverse", reason = "r" });
        await LookAsync();
        await customer.SendAsync(customer.Record("d", "7"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).Count.ShouldBe(2);

        await app.DrainAsync();
        app.Heard.Count(body => body.Contains(threshold.ToString())).ShouldBe(2);
        (await app.SqlAsync<long>("select count(*) from usage.threshold_alerts where threshold_id = $1", threshold)).ShouldBe(2);
    }

    [Fact]
    public async Task A_quota_is_each_subscriptions_own()
    {
        var customer = await app.CustomerAsync();
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant);
        await AgreeAsync(customer, "200");

        var threshold = await CreateAsync(customer, Watching("quota", "max", ["80", "100"], tenantId: customer.Tenant.Id.Value));
        var other = customer.Record("b", "1000", "max");
        other["subscriptionId"] = second;
        await customer.SendAsync(customer.Record("a", "160", "max"), other);
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["80 160 2026-01-01 200"]);
    }

    [Fact]
    public async Task Less_that_is_agreed_is_compared_with_what_was_used_already()
    {
        var customer = await app.CustomerAsync();
        await AgreeAsync(customer, "200");
        await app.DrainAsync();
        var threshold = await CreateAsync(customer, Watching("quota", "max", ["100"], tenantId: customer.Tenant.Id.Value));
        await customer.SendAsync(customer.Record("a", "160", "max"), customer.Record("b", "160", "max", "2025-12-10T00:00:00Z"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBeEmpty();

        await AgreeAsync(customer, "150");
        await app.DrainAsync();
        await LookAsync();
        // What is over was not agreed anew.
        (await AlertsAsync(customer, threshold)).ShouldBe(["100 160 2026-01-01 150"]);
    }

    [Fact]
    public async Task So_is_what_another_plan_agrees()
    {
        var customer = await app.CustomerAsync();
        using var administrator = customer.Branch.Administrator();
        var plan = (await Outcome.OfAsync(administrator.PostAsJsonAsync("/api/v1/plans", new
        {
            key = "small",
            name = "Small",
            product = "cloud",
            currency = "EUR",
            terms = new { quotas = new Dictionary<string, string> { ["max"] = "100" } },
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } } },
        }))).Body["id"];
        (await administrator.PostAsync($"/api/v1/plans/{plan}/publish", null)).IsSuccessStatusCode.ShouldBeTrue();
        var threshold = await CreateAsync(customer, Watching("quota", "max", ["100"], subscriptionId: customer.Subscription));
        await customer.SendAsync(customer.Record("a", "160", "max"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBeEmpty();

        var changed = await Outcome.OfAsync(
            administrator.PostAsJsonAsync($"/api/v1/subscriptions/{customer.Subscription}/change-plan", new { planId = plan }));
        changed.Answer.IsSuccessStatusCode.ShouldBeTrue(changed.Body.ToJsonString());
        await app.DrainAsync();
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["100 160 2026-01-01 100"]);
    }

    [Fact]
    public async Task What_was_told_stays_with_whom_it_was_told_when_the_tenant_moves_on()
    {
        var customer = await app.CustomerAsync();
        var to = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        using var next = customer.Branch.As(Roles.PartnerAdministrator, to);
        var threshold = await CreateAsync(customer, Watching("quantity", "sum", ["5", "10"], tenantId: customer.Tenant.Id.Value));
        var at = $"/api/v1/usage/thresholds/{threshold}";
        await customer.SendAsync(customer.Record("a", "5"));
        await LookAsync();
        using var moved = await customer.Branch.Administrator().PostAsJsonAsync(
            $"/api/v1/tenants/{customer.Tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason = "sold" });
        moved.IsSuccessStatusCode.ShouldBeTrue(await moved.Content.ReadAsStringAsync());
        await app.DrainAsync();

        (await AlertsAsync(customer, threshold)).ShouldBe(["5 5 2026-01-01"]);
        (await customer.Partner().GetAsync(at)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await AlertsAsync(next, threshold)).ShouldBeEmpty();
        (await Customer.SendAsync(next, "", [customer.Record("b", "5", start: "2026-01-15T08:00:00Z")])).Counts.ShouldBe("1 0 0");
        await LookAsync();
        (await AlertsAsync(next, threshold)).ShouldBe(["10 10 2026-01-01"]);
        (await AlertsAsync(customer, threshold)).ShouldBe(["5 5 2026-01-01"]);
        (await AlertsAsync(customer.Branch.As(Roles.DistributorAdministrator), threshold)).Count.ShouldBe(2);
        var stranger = await app.CustomerAsync();
        (await stranger.Partner().GetAsync($"{at}/alerts")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        // Who has it now may do away with it, and with what it told him: nobody else's news is his.
        (await next.DeleteAsync(at)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await next.GetAsync($"{at}/alerts")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await AlertsAsync(customer, threshold)).ShouldBe(["5 5 2026-01-01"]);
        (await AlertsAsync(customer.Branch.As(Roles.DistributorAdministrator), threshold)).ShouldBe(["5 5 2026-01-01"]);
    }

    [Fact]
    public async Task What_is_reached_already_is_told_when_the_threshold_is_made_and_by_mail()
    {
        var customer = await app.CustomerAsync();
        (await customer.Branch.Administrator().PatchAsJsonAsync($"/api/v1/tenants/{customer.Tenant.Id.Value}", new
        {
            contact = new { name = "Carla", email = $"carla-{customer.Tenant.Code}@customer.example" },
        })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await customer.SendAsync(customer.Record("a", "12", "count"), customer.Record("b", "1", "count"));
        await app.TotalsAsync(customer.Tenant, Customer.January);
        var threshold = await CreateAsync(customer, Watching("quantity", "count", ["2"], subscriptionId: customer.Subscription));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["2 2 2026-01-01"]);
        await app.DrainAsync();
        app.Mailbox.To($"carla-{customer.Tenant.Code}@customer.example").ShouldHaveSingleItem()
            .Text.ShouldContain("usage of count in 2026-01");
    }

    [Fact]
    public async Task One_that_is_made_while_its_month_is_compared_waits_and_is_compared_too()
    {
        var customer = await app.CustomerAsync();
        await CreateAsync(customer, Watching("quantity", "sum", ["100"], tenantId: customer.Tenant.Id.Value));
        await customer.SendAsync(customer.Record("a", "7"));
        await LookAsync();
        // Its month, which was seen, is to be compared with the second.
        await CreateAsync(customer, Watching("quantity", "sum", ["50"], tenantId: customer.Tenant.Id.Value));
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(TestContext.Current.CancellationToken);
        var taken = await scope.ServiceProvider.GetRequiredService<UnseenMonths>().TakeAsync(1_000, [], TestContext.Current.CancellationToken);
        taken.ShouldContain(x => x.Tenant == customer.Tenant.Id.Value);

        // Who compares has read the thresholds before this one.
        var making = CreateAsync(customer, Watching("quantity", "sum", ["5"], tenantId: customer.Tenant.Id.Value));
        await app.WaitsForALockAsync(making);
        await session.CommitAsync(TestContext.Current.CancellationToken);
        var threshold = await making;
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["5 7 2026-01-01"]);
    }

    [Fact]
    public async Task One_that_is_deleted_while_its_month_is_compared_tells_nothing_that_stays()
    {
        var customer = await app.CustomerAsync();
        var threshold = await CreateAsync(customer, Watching("quantity", "sum", ["5"], tenantId: customer.Tenant.Id.Value));
        await customer.SendAsync(customer.Record("a", "7"));
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(
            TestContext.Current.CancellationToken);
        await using (var same = new NpgsqlCommand($"""
            begin;
            insert into usage.threshold_alerts (id, threshold_id, tenant_id, subject_id, month, level, quantity, owner_path, fired_at)
            values ('{threshold}', '{threshold}', '{customer.Tenant.Id.Value}', '{customer.Tenant.Id.Value}', '2026-01-01', 5, '7', '1.', now())
            """, connection))
            await same.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // Who tells waits for somebody who is telling the same and then does not; who deletes waits for him.
        var telling = LookAsync();
        await app.WaitsForALockAsync(telling);
        var deleting = customer.Partner().DeleteAsync($"/api/v1/usage/thresholds/{threshold}");
        await app.WaitForLocksAsync(telling, deleting);
        await connection.CloseAsync();
        await telling;
        (await deleting).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await app.SqlAsync<long>("select count(*) from usage.threshold_alerts where threshold_id = $1", threshold)).ShouldBe(0);
    }

    [Fact]
    public async Task Changed_stopped_and_deleted()
    {
        var customer = await app.CustomerAsync();
        var threshold = await CreateAsync(customer, Watching("quantity", "sum", ["10"], tenantId: customer.Tenant.Id.Value));
        var at = $"/api/v1/usage/thresholds/{threshold}";
        (await customer.Partner().PatchAsJsonAsync(at, new { active = false })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await customer.SendAsync(customer.Record("a", "40"));
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBeEmpty();
        var none = await Outcome.OfAsync(customer.Partner().PatchAsJsonAsync(at, new { levels = (string[]?)null }));
        (none.Status, (string?)none.Body["errors"]?[0]?["pointer"]).ShouldBe((HttpStatusCode.UnprocessableEntity, "/levels"));
        var changed = await customer.Partner().PatchAsJsonAsync(at, new { active = true, levels = new[] { "30", "50" } });
        changed.Headers.ETag!.Tag.ShouldBe("\"3\"");
        await LookAsync();
        (await AlertsAsync(customer, threshold)).ShouldBe(["30 40 2026-01-01"]);

        using var stale = new HttpRequestMessage(HttpMethod.Delete, at) { Headers = { { "If-Match", "\"1\"" } } };
        (await customer.Partner().SendAsync(stale)).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await customer.Partner().DeleteAsync(at)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await customer.Partner().GetAsync($"{at}/alerts")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Everyone_has_his_own()
    {
        var customer = await app.CustomerAsync();
        var other = await app.CustomerAsync();
        var threshold = await CreateAsync(customer, Watching("quantity", "sum", ["10"], tenantId: customer.Tenant.Id.Value));
        (await other.Partner().GetAsync($"/api/v1/usage/thresholds/{threshold}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.Partner().DeleteAsync($"/api/v1/usage/thresholds/{threshold}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await customer.Branch.As(Roles.PartnerReader).DeleteAsync($"/api/v1/usage/thresholds/{threshold}")).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        var tenant = await Outcome.OfAsync(customer.Branch.As(Roles.TenantAdministrator).GetAsync("/api/v1/usage/thresholds"));
        tenant.Body["items"]!.AsArray().ShouldHaveSingleItem();
        foreach (var (body, code) in new (object, string)[]
        {
            (new { tenantId = other.Tenant.Id.Value, meter = "sum", basis = "quantity", levels = new[] { "1" } }, "tenant_not_found"),
            (new { subscriptionId = other.Subscription, meter = "sum", basis = "quantity", levels = new[] { "1" } }, "subscription_not_found"),
            (new { meter = "sum", basis = "quantity", levels = new[] { "1" } }, "required"),
            (new { tenantId = customer.Tenant.Id.Value, meter = "no", basis = "quantity", levels = new[] { "1" } }, "meter_not_found"),
            (new { tenantId = customer.Tenant.Id.Value, meter = "sum", basis = "quantity", levels = new[] { "0" } }, "not_positive"),
        })
        {
            var refused = await Outcome.OfAsync(customer.Partner().PostAsJsonAsync("/api/v1/usage/thresholds", body));
            (refused.Status, (string)refused.Body["errors"]![0]!["code"]!).ShouldBe((HttpStatusCode.UnprocessableEntity, code));
        }
    }

    private static object Watching(string basis, string meter, string[] levels, Guid? tenantId = null, Guid? subscriptionId = null) =>
        new { basis, meter, levels, tenantId, subscriptionId };

    private Task LookAsync() => app.Services.GetRequiredService<SealedHours>().RunAsync(TestContext.Current.CancellationToken);

    private async Task<HttpClient> PlatformAsync()
    {
        var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(TestContext.Current.CancellationToken));
        return app.As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
    }

    private static async Task<Guid> CreateAsync(Customer customer, object body)
    {
        var answer = await Outcome.OfAsync(customer.Partner().PostAsJsonAsync("/api/v1/usage/thresholds", body));
        answer.Status.ShouldBe(HttpStatusCode.Created, answer.Body.ToJsonString());
        return (Guid)answer.Body["id"]!;
    }

    private async Task AgreeAsync(Customer customer, string limit)
    {
        var agreed = await customer.Branch.Administrator().PostAsJsonAsync(
            "/api/v1/quota-requests", new { subscriptionId = customer.Subscription, meter = "max", limit, reason = "r" });
        var request = (await agreed.JsonAsync()).GetProperty("id").GetGuid();
        using var platform = await PlatformAsync();
        (await platform.PostAsJsonAsync($"/api/v1/quota-requests/{request}/approve", new { reason = "r" })).IsSuccessStatusCode.ShouldBeTrue();
    }

    private static Task<IReadOnlyList<string>> AlertsAsync(Customer customer, Guid threshold) => AlertsAsync(customer.Partner(), threshold);

    private static async Task<IReadOnlyList<string>> AlertsAsync(HttpClient client, Guid threshold)
    {
        var answer = await Outcome.OfAsync(client.GetAsync($"/api/v1/usage/thresholds/{threshold}/alerts"));
        return [.. answer.Body["items"]!.AsArray().Select(a => $"{a!["level"]} {a["quantity"]} {a["month"]} {a["quota"]}".TrimEnd())
            .Order(StringComparer.Ordinal)];
    }
}
