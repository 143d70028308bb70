using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Usage.Tests.Rollups;

public sealed class SummaryGroupsTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Fact]
    public async Task By_month_region_and_distributor_and_filtered()
    {
        var customer = await app.CustomerAsync();
        JsonObject Record(string id, string quantity, string start, string region, string? sku = null)
        {
            var record = customer.Record(id, quantity, start: start);
            (record["region"], record["sku"]) = (region, sku);
            return record;
        }

        await customer.SendAsync(
            Record("a", "1", "2025-12-31T00:00:00Z", "eu"), Record("b", "2", "2026-01-01T00:00:00Z", "eu"),
            Record("c", "4", "2026-01-02T00:00:00Z", "us", "s"), Record("d", "8", "2026-01-31T00:00:00Z", "eu"));
        const string period = "period=2025-12-01/2026-02-01";
        // What starts a day ahead of the clock is refused.
        (await GroupsAsync(customer, $"{period}&groupBy=month,region", "month", "region")).ShouldBe(["2025-12 eu 1", "2026-01 eu 2", "2026-01 us 4"]);
        (await GroupsAsync(customer, $"{period}&groupBy=region&region=us&sku=s&meter=sum", "region")).ShouldBe(["us 4"]);
        (await GroupsAsync(customer, $"{period}&subscriptionId={Guid.Empty}")).ShouldBeEmpty();
        (await GroupsAsync(customer, $"{period}&tenantId={customer.Tenant.Id.Value}&groupBy=tenant", "tenantId"))
            .ShouldBe([$"{customer.Tenant.Id.Value} 7"]);

        var above = await Outcome.OfAsync(customer.Branch.As(Roles.DistributorAdministrator)
            .GetAsync($"/api/v1/usage/summary?{period}&groupBy=distributor,partner"));
        var group = above.Body["items"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)group["quantity"]!, (Guid)group["partnerId"]!, (string)group["distributorName"]!)
            .ShouldBe(("7", customer.Branch.Partner.Id.Value, customer.Branch.Distributor.DisplayName));
    }

    [Fact]
    public async Task As_csv_all_groups_and_all_records_are_streamed()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync([.. Enumerable.Range(0, 1_200).Select(i =>
        {
            var record = customer.Record($"r-{i:0000}", i);
            record["sku"] = $"sku-{i:0000}";
            return record;
        })]);
        var summary = await CsvAsync(customer, "usage/summary?period=2026-01&groupBy=sku,partner");
        summary[0].ShouldBe("meter,sku,partnerId,partnerName,quantity,records");
        summary.Length.ShouldBe(1_201);
        summary[1_200].ShouldBe($"sum,sku-1199,{customer.Branch.Partner.Id.Value},{customer.Branch.Partner.DisplayName},1199,1");
        var records = await CsvAsync(customer, "usage?from=2026-01-10&until=2026-01-11");
        records[0].ShouldBe("id,tenantId,subscriptionId,meter,quantity,start,end,sku,region,resourceId,dimensions,receivedAt,correctionId");
        records.Skip(1).Select(r => r.Split(',')[0]).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(0, 1_200).Select(i => $"r-{i:0000}"));
    }

    [Fact]
    public async Task In_csv_what_is_below_zero_stays_a_number_and_a_formula_is_text()
    {
        var customer = await app.CustomerAsync();
        var record = customer.Record("=1+1", "-5.25");
        record["region"] = "-eu";
        (await customer.SendAsync(record)).Counts.ShouldBe("1 0 0");
        (await CsvAsync(customer, "usage/summary?period=2026-01&groupBy=region"))[1].ShouldBe("sum,'-eu,-5.25,1");
        var cells = (await CsvAsync(customer, "usage?from=2026-01-10&until=2026-01-11"))[1].Split(',');
        (cells[0], cells[4], cells[8]).ShouldBe(("'=1+1", "-5.25", "'-eu"));
    }

    [Theory]
    [InlineData("groupBy=dimension.")]
    [InlineData("groupBy=resource")]
    [InlineData("groupBy=dimension.a,dimension.b,dimension.c,dimension.d,dimension.e,dimension.f")]
    public async Task Groups_that_there_are_not_are_refused(string query)
    {
        var customer = await app.CustomerAsync();
        var answer = await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/summary?period=2026-01&{query}"));
        (answer.Status, (string)answer.Body["code"]!).ShouldBe((HttpStatusCode.BadRequest, "invalid_group"));
    }

    private static async Task<string[]> CsvAsync(Customer customer, string path)
    {
        var client = customer.Partner();
        using var answer = await client.GetAsAsync($"/api/v1/{path}", "text/csv");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        return (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<string[]> GroupsAsync(Customer customer, string query, params string[] keys)
    {
        var answer = await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/summary?{query}"));
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body.ToJsonString());
        return [.. answer.Body["items"]!.AsArray().Select(g => string.Join(' ', keys.Append("quantity").Select(k => (string)g![k]!)))];
    }
}
