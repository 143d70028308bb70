using System.Net;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Activity;

public sealed class ActivityTests(BillingApp app) : IClassFixture<BillingApp>
{
    private const string Path = "/api/v1/usage/chargeable-activity";

    [Fact]
    public async Task A_month_that_is_not_billed_yet_is_told_as_its_invoices_will_have_it()
    {
        var branch = await app.BranchAsync();
        var second = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("activity", [Seats("10"), Calls], usesPriceLists: true);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, second])
        {
            var subscription = app.Subscribe(tenant, plan, "2022-03", seats: 3);
            app.Usage.Add(tenant, subscription, "2022-03-02", "calls", "7");
            app.Usage.Add(tenant, subscription, "2022-03-09", "calls", "5");
            app.Usage.Add(tenant, subscription, "2022-03-05", "gb", "233.4", "STORAGE", "eu");
        }

        using var partner = branch.As(Roles.PartnerReader);
        string[] expected =
        [
            "2022-03-01 2022-04-01 calls Calls   Calls 12  115.00 115.00", "2022-03-01 2022-04-01 gb GB STORAGE eu Storage 233.4 0.05 11.67 11.67",
        ];
        var before = await ItemsAsync(partner, $"{Path}?period=2022-03");
        before.Select(Told).ShouldBe([.. expected, .. expected]);
        before.ShouldAllBe(x => x.GetProperty("estimated").GetBoolean() && x.GetProperty("invoiceId").ValueKind == JsonValueKind.Null);
        var days = await ItemsAsync(partner, $"{Path}?period=2022-03&granularity=day");

        await app.BillAsync("2022-03");
        var after = await ItemsAsync(partner, $"{Path}?period=2022-03");
        after.Select(Told).ShouldBe([.. expected, .. expected]);
        after.ShouldAllBe(x => !x.GetProperty("estimated").GetBoolean() && x.GetProperty("invoiceStatus").GetString() == "Issued");
        after.Select(x => (x.GetProperty("tenantId").GetGuid(), x.Text("tenantExternalId"), x.GetProperty("partnerId").GetGuid())).Distinct()
            .ShouldBe([(branch.Tenant.Id.Value, branch.Tenant.ExternalId, branch.Partner.Id.Value), (second.Id.Value, second.ExternalId,
                branch.Partner.Id.Value)], ignoreOrder: true);

        // By day the tiers' price is shared by what was used, and the days are the line.
        var daily = await ItemsAsync(partner, $"{Path}?period=2022-03&granularity=day");
        daily.Select(Told).ShouldBe(days.Select(Told));
        daily.Take(3).Select(Told).ShouldBe(
        [
            "2022-03-02 2022-03-03 calls Calls   Calls 7  67.08 67.08", "2022-03-09 2022-03-10 calls Calls   Calls 5  47.92 47.92",
            "2022-03-05 2022-03-06 gb GB STORAGE eu Storage 233.4 0.05 11.67 11.67",
        ]);
        (await ItemsAsync(partner, $"{Path}?from=2022-03-05&until=2022-03-09")).Select(x => x.Text("meter")).ShouldBe(["gb", "gb"]);
    }

    [Fact]
    public async Task Pages_filters_and_the_file_tell_the_same_rows_and_nobody_sees_anothers()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("filters", [Calls], usesPriceLists: true);
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 4; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        // One of a month that is billed, and all of one that is not.
        foreach (var month in (string[])["2022-04", "2022-05"])
            foreach (var tenant in month == "2022-04" ? tenants.Take(3) : tenants)
            {
                var subscription = app.Subscribe(tenant, plan, month);
                app.Usage.Add(tenant, subscription, $"{month}-03", "calls", "10");
                app.Usage.Add(tenant, subscription, $"{month}-04", "gb", "20", "STORAGE");
            }

        await app.BillAsync("2022-04");
        using var partner = branch.As(Roles.PartnerReader);
        var whole = $"{Path}?from=2022-04-01&until=2022-06-01";
        var rows = await AllAsync(partner, whole, limit: 200);
        rows.Count.ShouldBe(16);
        foreach (var limit in (int[])[1, 3, 7])
            (await AllAsync(partner, whole, limit)).Select(x => x.ToString()).ShouldBe(rows.Select(x => x.ToString()));
        rows.Count(x => x.GetProperty("estimated").GetBoolean()).ShouldBe(10);

        var csv = (await partner.TextAsAsync(whole, "text/csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        csv[0].ShouldBe("start,end,tenantId,tenantExternalId,tenantName,partnerId,subscriptionId,meter,unit,sku,region,description,quantity,"
            + "unitPrice,amount,net,currency,invoiceId,position,invoiceStatus,estimated");
        csv[1..].Select(x => x.Split(',')).Select(x => $"{x[2]} {x[7]} {x[12]} {x[14]}").ShouldBe(rows.Select(
            x => $"{x.GetProperty("tenantId").GetGuid()} {x.Text("meter")} {x.Text("quantity")} {x.Amount("amount")}"));

        using var platform = branch.Administrator();
        var one = tenants[1].Id.Value;
        (await ItemsAsync(platform, $"{whole}&tenantId={one}")).Count.ShouldBe(4);
        (await ItemsAsync(platform, $"{whole}&tenantId={one}&meter=gb")).Count.ShouldBe(2);
        (await ItemsAsync(platform, $"{whole}&partnerId={branch.Partner.Id.Value}")).Count.ShouldBe(16);
        (await ItemsAsync(platform, $"{whole}&subscriptionId={rows[^1].Text("subscriptionId")}")).Count.ShouldBe(2);
        (await ItemsAsync(platform, $"{whole}&tenantId={Guid.Empty}")).ShouldBeEmpty();

        var other = await app.BranchAsync();
        using var stranger = other.As(Roles.DistributorReader);
        (await ItemsAsync(stranger, whole)).ShouldBeEmpty();
        (await ItemsAsync(stranger, $"{whole}&tenantId={one}")).ShouldBeEmpty();
        (await (await stranger.GetAsync($"{whole}&partnerId={branch.Partner.Id.Value}")).CodeAsync()).ShouldBe("organization_not_found");
        using var tenantUser = branch.As(Roles.TenantAdministrator);
        (await ItemsAsync(tenantUser, whole)).Count.ShouldBe(4);
    }

    [Theory]
    [InlineData("", "invalid_period")]
    [InlineData("?period=march", "invalid_period")]
    [InlineData("?period=2022-04&from=2022-04-01", "invalid_parameter")]
    [InlineData("?from=2022-04-01&until=2022-04-01", "invalid_parameter")]
    [InlineData("?from=2020-04-01&until=2022-04-01", "invalid_parameter")]
    [InlineData("?from=2022-04-02&until=2022-05-01&granularity=month", "invalid_parameter")]
    [InlineData("?period=2022-04&granularity=hour", "invalid_parameter")]
    [InlineData("?period=2022-04&limit=0", "invalid_limit")]
    [InlineData("?period=2022-04&after=bm90aGluZw", "invalid_cursor")]
    [InlineData("?period=2022-04&colour=red", "unknown_parameter")]
    public async Task What_cannot_be_read_is_refused(string query, string code)
    {
        using var platform = await app.PlatformAsync();
        var answer = await platform.GetAsync(Path + query);
        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, code));
    }

    [Fact]
    public async Task What_does_not_add_up_by_day_is_not_taken_apart()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("machines", [new { key = "machines", name = "Machines", meter = "machines", price = PerUnit }]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2022-06");
        app.Usage.Add(branch.Tenant, subscription, "2022-06-02", "machines", "3", region: "eu");
        app.Usage.Add(branch.Tenant, subscription, "2022-06-03", "machines", "4", region: "us");
        app.Usage.Distinct.Add((branch.Tenant.Id, new DistinctUsage(subscription, "machines", 5, 5)));
        await app.BillAsync("2022-06");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await ItemsAsync(tenant, $"{Path}?period=2022-06&granularity=day")).Select(Told)
            .ShouldBe(["2022-06-01 2022-07-01 machines Machines   Machines 5 2 10.00 10.00"]);
        // The daily rows have every line by day.
        (await ItemsAsync(tenant, "/api/v1/billing/yearmonth/2022-06")).Select(x => $"{x.Text("day")} {x.Text("quantity")} {x.Amount("amount")}")
            .ShouldBe(["2022-06-02 3 4.29", "2022-06-03 4 5.71"]);
    }

    [Fact]
    public async Task A_page_goes_on_where_the_last_one_ended_although_days_do_not_add_up_any_more_or_do_again()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("goes-on", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2021-03");
        foreach (var day in (string[])["02", "09", "16"])
            app.Usage.Add(branch.Tenant, subscription, $"2021-03-{day}", "calls", "4");
        await app.BillAsync("2021-03");
        using var tenant = branch.As(Roles.TenantAdministrator);
        const string path = $"{Path}?period=2021-03&granularity=day&limit=1";
        async Task<(string Row, string? Next)> PageAsync(string? after)
        {
            var page = await GetAsync(tenant, after is null ? path : $"{path}&after={after}");
            var row = page.GetProperty("items").EnumerateArray().SingleOrDefault();
            return (row.ValueKind is JsonValueKind.Object ? Told(row)[..21] : "", page.GetProperty("next").GetString());
        }

        var first = await PageAsync(null);
        app.Usage.Add(branch.Tenant, subscription, "2021-03-20", "calls", "3");
        var whole = await PageAsync(null);
        whole.ShouldBe(("2021-03-01 2021-04-01", null));
        var second = await PageAsync(first.Next);
        var third = await PageAsync(second.Next);
        (first.Row, second.Row, third.Row).ShouldBe(("2021-03-02 2021-03-03", "2021-03-09 2021-03-10", "2021-03-16 2021-03-17"));

        // The other way round: the line was told whole, and what follows it is another line.
        var other = app.Subscribe(branch.Tenant, plan, "2021-04");
        app.Usage.Add(branch.Tenant, other, "2021-04-05", "calls", "4");
        app.Usage.Add(branch.Tenant, other, "2021-04-06", "calls", "4");
        await app.BillAsync("2021-04");
        const string both = $"{Path}?from=2021-03-01&until=2021-05-01&granularity=day&limit=1";
        var told = await GetAsync(tenant, both);
        app.Usage.Add(branch.Tenant, subscription, "2021-03-20", "calls", "-3");
        (await ItemsAsync(tenant, $"{both}&after={told.GetProperty("next").GetString()}")).Select(x => Told(x)[..21])
            .ShouldBe(["2021-04-05 2021-04-06"]);
    }

    [Fact]
    public async Task What_is_charged_late_is_with_the_month_that_charges_it_and_a_correction()
    {
        var branch = await app.BranchAsync();
        var subscription = app.Subscribe(branch.Tenant, await app.PlanAsync("late", [Calls]), "2022-10");
        app.Usage.Add(branch.Tenant, subscription, "2022-10-05", "calls", "4");
        await app.BillAsync("2022-10", issue: false);
        await using (var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand($"""
            update billing.invoice_lines set starts_on = '2022-09-01', ends_on = '2022-10-01' where tenant_id = '{branch.Tenant.Id.Value}'
            """))
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        using var tenant = branch.As(Roles.TenantAdministrator);

        foreach (var granularity in (string[])["day", "month"])
            (await ItemsAsync(tenant, $"{Path}?period=2022-10&granularity={granularity}")).Select(Told)
                .ShouldBe(["2022-09-01 2022-10-01 calls Calls   Calls 4  42.00 42.00"]);
        (await ItemsAsync(tenant, $"{Path}?period=2022-09")).ShouldBeEmpty();
        (await ItemsAsync(tenant, $"{Path}?from=2022-10-02&until=2022-10-09")).ShouldBeEmpty();
        (await ItemsAsync(tenant, "/api/v1/billing/yearmonth/2022-10")).Select(x => x.Text("day")).ShouldBe(["2022-09-01"]);
        using var csv = new StringReader(await (await tenant.GetAsync("/api/v1/exports/focus?period=2022-10")).Content.ReadAsStringAsync());
        FocusRow.Read(csv).Select(x => $"{x["ChargeCategory"]} {x["ChargeClass"]} {x["BillingPeriodStart"]} {x["ChargePeriodStart"]}").ShouldBe(
            ["Usage Correction 2022-10-01T00:00:00Z 2022-09-01T00:00:00Z", "Tax Correction 2022-10-01T00:00:00Z 2022-09-01T00:00:00Z"]);
    }

    [Fact]
    public async Task Daily_rows_of_a_month_that_is_not_billed_are_estimates()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("estimates", [Seats("10"), Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2022-07-10/2022-08-01", seats: 1);
        app.Usage.Add(branch.Tenant, subscription, "2022-07-12", "calls", "4");
        using var tenant = branch.As(Roles.TenantAdministrator);
        var path = $"/api/v1/billing/yearmonth/2022-07?tenantId={branch.Tenant.Id.Value}";

        var before = await AllAsync(tenant, path, limit: 9);
        before.ShouldAllBe(x => x.GetProperty("estimated").GetBoolean() && x.GetProperty("invoiceStatus").ValueKind == JsonValueKind.Null);
        before.Count.ShouldBe(23);
        before.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(7.10m + 42.00m);
        await app.BillAsync("2022-07");
        var after = await AllAsync(tenant, path, limit: 9);
        after.ShouldAllBe(x => !x.GetProperty("estimated").GetBoolean());
        after.Select(x => $"{x.Text("day")} {x.Text("description")} {x.Text("quantity")} {x.Amount("amount")}").ShouldBe(
            before.Select(x => $"{x.Text("day")} {x.Text("description")} {x.Text("quantity")} {x.Amount("amount")}"));
    }

    [Fact]
    public async Task Of_a_month_ahead_nothing_is_estimated()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("ahead", [Flat("base", "10")]), "2026-01-01/2026-04-01");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await ItemsAsync(tenant, "/api/v1/billing/yearmonth/2026-02")).ShouldBeEmpty();
        (await AllAsync(tenant, "/api/v1/billing/range?from=2026-01-01&until=2026-04-01", limit: 200)).Count.ShouldBe(31);
    }

    private static object PerUnit { get; } = new { model = "perUnit", unitPrice = "2" };

    private static object Calls { get; } = new
    {
        key = "calls",
        name = "Calls",
        meter = "calls",
        price = new
        {
            model = "graduated",
            tiers = new object[] { new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { unitPrice = "5", flatFee = "3" } },
        },
    };

    private static string Told(JsonElement x) =>
        $"{x.GetProperty("period").Text("start")} {x.GetProperty("period").Text("end")} {x.Text("meter")} {x.Text("unit")} {x.GetProperty("sku")} "
        + $"{x.GetProperty("region")} {x.Text("description")} {x.Text("quantity")} {x.GetProperty("unitPrice")} {x.Amount("amount")} "
        + x.Amount("net");

    internal static async Task<List<JsonElement>> AllAsync(HttpClient client, string path, int limit)
    {
        var rows = new List<JsonElement>();
        for (string? after = ""; after is not null;)
        {
            var page = await GetAsync(
                client, $"{path}{(path.Contains('?') ? '&' : '?')}limit={limit}{(after.Length > 0 ? $"&after={after}" : "")}");
            rows.AddRange(page.GetProperty("items").EnumerateArray());
            after = page.GetProperty("next").GetString();
        }

        return rows;
    }
}

/// <summary>Where no more than one tenant is rated to answer a question.</summary>
public sealed class SmallEstimates : BillingApp
{
    internal override Licensing.Billing.Runs.BillingSettings Billing => new() { ChunkTenants = 2, EstimatedTenants = 1 };
}

public sealed class EstimateLimitTests(SmallEstimates app) : IClassFixture<SmallEstimates>
{
    [Theory]
    [InlineData("/api/v1/billing/range?from=2022-11-20&until=2023-01-01")]
    [InlineData("/api/v1/usage/chargeable-activity?from=2022-11-20&until=2023-01-01")]
    [InlineData("/api/v1/exports/focus?from=2022-11-20&until=2023-01-01")]
    public async Task The_months_of_a_request_are_bounded_together(string path)
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync($"months-{path.Split('/')[4][..5]}", [Flat("base", "10")]), "2022-11-01/2023-01-01");
        using var partner = branch.As(Roles.PartnerReader);
        (await (await partner.GetAsync(path)).CodeAsync()).ShouldBe("summary_too_wide");
        (await partner.GetAsync($"{path}&tenantId={branch.Tenant.Id.Value}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await partner.GetAsync(path.Replace("2022-11-20", "2022-12-20"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/v1/billing/summary?period=2022-06")]
    [InlineData("/api/v1/billing/yearmonth/2022-06")]
    [InlineData("/api/v1/usage/chargeable-activity?period=2022-06")]
    [InlineData("/api/v1/exports/focus?period=2022-06")]
    public async Task What_came_late_of_months_before_is_rated_too_and_counts(string path)
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync($"late-{path.Length}", [Flat("base", "10")]), "2022-06");
        using var partner = branch.As(Roles.PartnerReader);
        (await partner.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // Of a tenant who has nothing else in this month, and of a month that is not over by then.
        var gone = await app.TenantAsync(branch.Platform, branch.Partner);
        await NoteAsync(gone, "2022-07-01");
        (await partner.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await NoteAsync(gone, "2022-05-01");
        (await (await partner.GetAsync(path)).CodeAsync()).ShouldBe("summary_too_wide");
        using var other = (await app.BranchAsync()).As(Roles.PartnerReader);
        (await other.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task NoteAsync(OrganizationRef tenant, string month)
    {
        await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            $"insert into billing.late_months (tenant_id, month, noted) values ('{tenant.Id.Value}', '{month}', 1)");
        await command.ExecuteNonQueryAsync();
    }

    [Theory]
    [InlineData("/api/v1/billing/summary?period=2022-08")]
    [InlineData("/api/v1/billing/yearmonth/2022-08")]
    [InlineData("/api/v1/usage/chargeable-activity?period=2022-08")]
    [InlineData("/api/v1/exports/focus?period=2022-08")]
    public async Task What_would_rate_too_many_tenants_is_refused_until_they_are_billed(string path)
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync($"wide-{path.Length}", [Flat("base", "10")]);
        app.Subscribe(branch.Tenant, plan, "2022-08");
        app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, "2022-08");
        using var partner = branch.As(Roles.PartnerReader);
        using var tenant = branch.As(Roles.TenantAdministrator);

        (await (await partner.GetAsync(path)).CodeAsync()).ShouldBe("summary_too_wide");
        (await tenant.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.OK);
        if (!path.Contains("summary"))
            (await partner.GetAsync($"{path}{(path.Contains('?') ? '&' : '?')}tenantId={branch.Tenant.Id.Value}")).StatusCode
                .ShouldBe(HttpStatusCode.OK);
    }
}
