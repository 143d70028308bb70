using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Rollups;

public sealed class SummarizeUsageTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task Usage_is_grouped_as_asked_and_always_by_meter()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "1", start: "2026-01-02T00:00:00Z"), customer.Record("b", "2", start: "2026-01-02T10:00:00Z"),
            customer.Record("c", "4", start: "2026-01-03T00:00:00Z"), customer.Record("d", "7", "max", "2026-01-02T00:00:00Z"),
            customer.Record("e", "9", "max", "2026-01-03T00:00:00Z"));

        (await GroupsAsync(customer, "")).ShouldBe(["max 9 2", "sum 7 3"]);
        (await GroupsAsync(customer, "&groupBy=day"))
            .ShouldBe(["max 2026-01-02 7 1", "max 2026-01-03 9 1", "sum 2026-01-02 3 2", "sum 2026-01-03 4 1"]);
        var whole = await SummaryAsync(customer.Partner(), "&groupBy=partner,tenant,subscription,sku,meter");
        whole.Status.ShouldBe(HttpStatusCode.OK, whole.Body.ToJsonString());
        whole.Body["items"]!.AsArray()
            .Select(g => $"{g!["partnerId"]} {g["partnerName"]} {g["tenantId"]} {g["subscriptionId"]} {g["sku"]} {g["quantity"]}").ShouldBe(
            new[] { "9", "7" }.Select(q =>
                $"{customer.Branch.Partner.Id.Value} {customer.Branch.Partner.DisplayName} {customer.Tenant.Id.Value} {customer.Subscription}  {q}"));
    }

    [Fact]
    public async Task A_page_leads_to_the_next()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Enumerable.Range(1, 7).Select(d => customer.Record($"r-{d}", d, start: $"2026-01-0{d}T00:00:00Z"))]);
        var days = new List<string>();
        for (string? after = null; ;)
        {
            var page = await SummaryAsync(customer.Partner(), $"&groupBy=day&limit=3{(after is null ? "" : "&after=" + after)}");
            days.AddRange(page.Body["items"]!.AsArray().Select(g => (string)g!["quantity"]!));
            if ((after = (string?)page.Body["next"]) is null)
                break;
        }

        days.ShouldBe(["1", "2", "3", "4", "5", "6", "7"]);
    }

    [Fact]
    public async Task A_page_leads_to_the_next_also_after_the_longest_sku()
    {
        var customer = await app.CustomerAsync();
        // Characters for private use, of which JSON escapes each by six.
        string[] skus = [.. "\ue000\ue001\ue002".Select(last => new string('\ue000', 255) + last)];
        await customer.SendAsync([.. skus.Select((sku, i) =>
        {
            var record = customer.Record($"r-{i}", i + 1);
            record["sku"] = sku;
            return record;
        })]);
        const string groups = "&groupBy=day,partner,tenant,subscription,sku&limit=1";
        var seen = new List<string>();
        for (string? after = null; ;)
        {
            var page = await SummaryAsync(customer.Partner(), $"{groups}{(after is null ? "" : "&after=" + after)}");
            page.Status.ShouldBe(HttpStatusCode.OK, page.Body.ToJsonString());
            seen.Add((string)page.Body["items"]![0]!["sku"]!);
            if ((after = (string?)page.Body["next"]) is null)
                break;
            after.Length.ShouldBeGreaterThan(2048);
        }

        seen.ShouldBe(skus);
    }

    [Fact]
    public async Task Everyone_sees_his_own_branch()
    {
        var one = await app.CustomerAsync();
        var other = await app.CustomerAsync();
        await one.SendAsync(one.Record("a", "1"));
        await other.SendAsync(other.Record("a", "2"));

        (await GroupsAsync(one, "")).ShouldBe(["sum 1 1"]);
        (await GroupsAsync(other, "")).ShouldBe(["sum 2 1"]);
        var tenant = await SummaryAsync(one.Branch.As(Roles.TenantAdministrator), "");
        ((string)tenant.Body["items"]![0]!["quantity"]!).ShouldBe("1");
        (await SummaryAsync(one.Branch.As(Roles.TenantUser), "")).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Who_asks_merges_what_is_his_and_nothing_else()
    {
        var (one, other) = (await app.CustomerAsync(), await app.CustomerAsync());
        Task<long> MarksAsync(Customer customer) =>
            app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = $1", customer.Tenant.Id.Value);
        await one.SendAsync(one.Record("a", "1"));
        await other.SendAsync(other.Record("a", "2"));

        (await GroupsAsync(one, "")).ShouldBe(["sum 1 1"]);
        (await MarksAsync(one), await MarksAsync(other)).ShouldBe((0, 1));
        (await GroupsAsync(one, $"&tenantId={other.Tenant.Id.Value}")).ShouldBeEmpty();
        (await GroupsAsync(one, $"&subscriptionId={other.Subscription}")).ShouldBeEmpty();
        (await MarksAsync(other)).ShouldBe(1);
        await SummaryAsync(other.Branch.Administrator(), "");
        (await MarksAsync(other)).ShouldBe(0);
    }

    [Fact]
    public async Task No_group_tells_of_an_organisation_above_the_caller()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "1"));
        foreach (var (role, partner) in new[] { (Roles.TenantAdministrator, (Guid?)null),
            (Roles.DistributorAdministrator, customer.Branch.Partner.Id.Value) })
        {
            var group = (await SummaryAsync(customer.Branch.As(role), "&groupBy=partner")).Body["items"]!.AsArray().ShouldHaveSingleItem()!;
            ((Guid?)group["partnerId"], (string?)group["partnerName"], (string?)group["quantity"])
                .ShouldBe((partner, partner is null ? null : customer.Branch.Partner.DisplayName, "1"), role);
        }
    }

    [Theory]
    [InlineData("?groupBy=day")]
    [InlineData("?period=2026-13")]
    [InlineData("?period=2026-01&groupBy=price")]
    [InlineData("?period=2025-01-01/2026-01-03")]
    [InlineData("?period=2026-01&limit=0")]
    [InlineData("?period=2026-01&after=AAAA")]
    [InlineData("?period=2026-01&colour=red")]
    public async Task Questions_that_cannot_be_read_are_malformed(string query)
    {
        var customer = await app.CustomerAsync();
        (await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/usage/summary" + query))).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static Task<Outcome> SummaryAsync(HttpClient client, string query) =>
        Outcome.OfAsync(client.GetAsync("/api/v1/usage/summary?period=2026-01" + query));

    private static async Task<string[]> GroupsAsync(Customer customer, string query) =>
        [.. (await SummaryAsync(customer.Partner(), query)).Body["items"]!.AsArray().Select(g =>
            string.Join(' ', new[] { g!["meter"], g["day"], g["quantity"], g["records"] }.OfType<JsonValue>().Select(v => v.ToString())))];
}
