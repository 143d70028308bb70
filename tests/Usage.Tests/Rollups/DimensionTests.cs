using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>Fault F52, its part of ever new dimensions: they cost a tenant so many rows a day and no more, and no cent.</summary>
[Trait("Fault", "F52")]
public sealed class DimensionTests(DimensionTests.FewSetsApp app) : IClassFixture<DimensionTests.FewSetsApp>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, Ct);

    /// <summary>With a meter of each aggregation that declares site and tier.</summary>
    public sealed class FewSetsApp : UsageApp
    {
        protected override void Configure(WebApplicationBuilder builder)
        {
            builder.Services.RemoveAll<UsageSettings>();
            builder.Services.AddSingleton(new UsageSettings { DimensionSetsPerDay = 3 });
        }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var platform = await InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(Ct));
            using var administrator = As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
            foreach (var (key, aggregation) in Dimensioned)
                (await administrator.PostAsJsonAsync("/api/v1/meters", new
                {
                    key,
                    unit = "GB",
                    aggregation,
                    dimensions = new[] { "site", "tier" },
                }, Ct)).IsSuccessStatusCode.ShouldBeTrue();
        }
    }

    private static readonly (string Key, string Aggregation)[] Dimensioned =
        [("calls", "count"), ("level", "last"), ("machines", "unique"), ("peak", "max"), ("traffic", "sum")];

    [Fact]
    public async Task Usage_is_grouped_by_what_the_meter_declares()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            Record(customer, "a", "1", ("site", "Wien"), ("tier", "hot")), Record(customer, "b", "2", ("site", "Wien"), ("tier", "cold")),
            Record(customer, "c", "4", ("tier", "hot")));
        (await GroupsAsync(customer, "dimension.site")).ShouldBe([" 4", "Wien 3"]);
        (await GroupsAsync(customer, "dimension.tier")).ShouldBe(["cold 2", "hot 5"]);
        await CorrectAsync(customer, "a");
        (await GroupsAsync(customer, "dimension.tier")).ShouldBe(["cold 2", "hot 4"]);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("calls", "Graz 1 1", "Wien 4 4", "cold 2 2", "hot 3 3")]
    // The newest of each region: a group joins sets, but they are no levels of their own.
    [InlineData("level", "Graz 6 1", "Wien 7 4", "cold 12 2", "hot 9 3")]
    [InlineData("machines", "Graz 1 1", "Wien 2 4", "cold 2 2", "hot 2 3")]
    [InlineData("peak", "Graz 6 1", "Wien 9 4", "cold 9 2", "hot 6 3")]
    [InlineData("traffic", "Graz 6 1", "Wien 19 4", "cold 12 2", "hot 13 3")]
    public async Task A_group_of_dimensions_is_what_its_meter_counts(string meter, params string[] expected)
    {
        var customer = await app.CustomerAsync();
        JsonObject Used(string id, string quantity, string start, string machine, string site, string tier, string region = "eu")
        {
            var record = Record(customer, id, quantity, meter, ("site", site), ("tier", tier));
            (record["start"], record["resourceId"], record["region"]) = ($"2026-01-{start}:00:00Z", machine, region);
            return record;
        }

        await customer.SendAsync(
            Used("a", "9", "10T08", "vm-1", "Wien", "cold"), Used("b", "4", "11T08", "vm-1", "Wien", "hot"),
            Used("c", "3", "12T08", "vm-2", "Wien", "cold", "us"), Used("d", "6", "12T09", "vm-2", "Graz", "hot"),
            Used("e", "3", "10T09", "vm-1", "Wien", "hot", "us"));
        string[] groups = [.. await GroupsAsync(customer, "dimension.site", "records"), .. await GroupsAsync(customer, "dimension.tier", "records")];
        groups.ShouldBe(expected);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_meter_with_other_dimensions_has_its_usage_without_this_one_and_a_meter_without_any_has_none()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            Record(customer, "a", "2", ("site", "Wien")), Record(customer, "b", "1", "machines", ("site", "Wien")), customer.Record("c", "4"));
        (await GroupsAsync(customer, "dimension.color", "meter")).ShouldBe([" 1 machines", " 2 traffic"]);
    }

    [Fact]
    public async Task A_dimension_that_the_meter_does_not_declare_rejects_its_record()
    {
        var customer = await app.CustomerAsync();
        var sent = await customer.SendAsync(
            Record(customer, "a", "1", ("site", "Wien")), Record(customer, "b", "1", ("site", "Wien"), ("color", "red")), Record(customer, "c", "1"),
            Record(customer, "d", "1", ("Site", "Wien")));
        sent.Accepted.ShouldBe(2);
        sent.Rejected.ShouldBe([(1, "undeclared_dimension"), (3, "undeclared_dimension")]);
        sent.Body["rejected"]![0]!["message"]!.ToString().ShouldBe("dimensions may have only the keys that the meter declares: site, tier.");
        // One that declares none takes any.
        var any = customer.Record("e", "1");
        any["dimensions"] = new JsonObject { ["color"] = "red" };
        (await customer.SendAsync(any)).Accepted.ShouldBe(1);
        var csv = new StringContent("id,subscriptionId,meter,quantity,start,dimensions.color\r\n"
            + $"f,{customer.Subscription},traffic,1,2026-01-10T00:00:00Z,\r\n"
            + $"g,{customer.Subscription},traffic,1,2026-01-10T00:00:00Z,red\r\n", System.Text.Encoding.UTF8, "text/csv");
        (await Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage", csv, Ct))).Rejected.ShouldBe([(1, "undeclared_dimension")]);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    public async Task A_form_that_is_not_taken_is_refused_with_those_that_are(string mediaType)
    {
        var customer = await app.CustomerAsync();
        var body = new StringContent("{}", System.Text.Encoding.UTF8, mediaType);
        var refused = await Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage", body, Ct));
        (refused.Status, (string)refused.Body["code"]!).ShouldBe((System.Net.HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"));
        foreach (var taken in (string[])["application/json", "application/x-ndjson", "application/cloudevents-batch+json", "text/csv"])
            refused.Body["detail"]!.ToString().ShouldContain(taken);
    }

    [Fact]
    public async Task Beyond_so_many_sets_they_are_one_and_what_is_billed_does_not_know_of_it()
    {
        var customer = await app.CustomerAsync();
        for (var batch = 0; batch < 4; batch++)
        {
            await customer.SendAsync([.. Enumerable.Range(0, 50).Select(i =>
                Record(customer, $"{batch}-{i}", "1", ("site", $"site-{batch * 25 + i}")))]);
            await app.TotalsAsync(customer.Tenant, Customer.January);
        }

        var groups = await GroupsAsync(customer, "dimension.site");
        groups.Length.ShouldBe(4);
        groups.Sum(g => int.Parse(g.Split(' ')[1])).ShouldBe(200);
        (await customer.TotalAsync("traffic")).ShouldBe("200");
        (await app.SqlAsync<long>("select count(*) from usage.daily_dimension_rollups where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(4);
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();

        // Computed anew the day has the same sets.
        await CorrectAsync(customer, "0-49");
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Single().Quantity.ToString().ShouldBe("199");
        (await GroupsAsync(customer, "dimension.site")).Select(g => g.Split(' ')[0]).ShouldBe(groups.Select(g => g.Split(' ')[0]));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    private static JsonObject Record(Customer customer, string id, string quantity, params (string Key, string Value)[] dimensions) =>
        Record(customer, id, quantity, "traffic", dimensions);

    internal static JsonObject Record(
        Customer customer, string id, string quantity, string meter, params (string Key, string Value)[] dimensions)
    {
        var record = customer.Record(id, quantity, meter, resourceId: id);
        record["dimensions"] = new JsonObject(dimensions.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
        return record;
    }

    internal static async Task CorrectAsync(Customer customer, string id) =>
        (await customer.Partner().PostAsJsonAsync("/api/v1/usage/corrections", new { recordId = id, action = "reverse", reason = "r" }, Ct))
            .IsSuccessStatusCode.ShouldBeTrue();

    internal static async Task<string[]> GroupsAsync(Customer customer, string key, params string[] further)
    {
        var answer = await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/summary?period=2026-01&groupBy={key}"));
        return [.. answer.Body["items"]!.AsArray().Select(g => string.Join(
            ' ', further.Select(f => g![f]).Prepend(g!["quantity"]).Prepend(g["dimensions"]![key["dimension.".Length..]])))];
    }
}
