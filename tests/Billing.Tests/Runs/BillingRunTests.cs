using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

public sealed class BillingRunTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task A_month_is_billed_line_by_line()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("worked",
        [
            Flat("base", "10.00"), Seats("10"),
            new
            {
                key = "calls",
                name = "Calls",
                meter = "calls",
                price = new
                {
                    model = "graduated",
                    tiers = new object[]
                    {
                        new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { upTo = "20", unitPrice = "5", flatFee = "3" },
                        new { unitPrice = "5", flatFee = "3" },
                    },
                },
            },
        ], usesPriceLists: true);
        // Five seats from the 5th, ten from the 16th.
        var subscription = app.Subscribe(
            branch.Tenant, new DateOnly(2024, 3, 5), Span(plan, "2024-03-05/2024-03-16", 5), Span(plan, "2024-03-16/2024-04-01", 10));
        app.Usage.Add(branch.Tenant, subscription, "2024-03-10", "calls", "7");
        app.Usage.Add(branch.Tenant, subscription, "2024-03-20", "calls", "5");
        app.Usage.Add(branch.Tenant, subscription, "2024-03-20", "gb", "3.333", "STORAGE", "eu");

        // Two lines whose taxes round apart.
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        app.Subscribe(other, await app.PlanAsync("apart", [Flat("one", "68.33"), Flat("two", "68.33")]), "2024-03");

        var operation = await app.BillAsync("2024-03");
        operation.GetProperty("state").GetString().ShouldBe("Succeeded");
        operation.GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"329.89","currency":"EUR"}],"issued":2,"invoices":2,"notBilled":0}""");
        operation.GetProperty("errors").GetArrayLength().ShouldBe(0);
        (operation.GetProperty("done").GetInt64(), operation.GetProperty("total").GetInt64()).ShouldBe((4, 4));

        using var partner = branch.As(Roles.PartnerReader);
        var invoice = (await ItemsAsync(partner, $"/api/v1/invoices?period=2024-03&tenantId={branch.Tenant.Id.Value}")).ShouldHaveSingleItem();
        Amounts(invoice).ShouldBe("193.23 38.65 231.88");
        invoice.GetProperty("usageExact").GetString().ShouldBe("115.16665");
        invoice.GetProperty("taxes")[0].GetRawText().ShouldBe(
            """{"category":"S","percent":"20","net":{"amount":"193.23","currency":"EUR"},"tax":{"amount":"38.65","currency":"EUR"},"""
            + "\"reasonCode\":null,\"reason\":null}");

        var path = $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines";
        var lines = await ItemsAsync(partner, path);
        string[] told = [.. lines.Select(x => x.Billed())];
        told.ShouldBe(
        [
            "base 2024-03-05/2024-04-01 x1 8.71 +1.74",
            "seats 2024-03-05/2024-03-16 x5 17.74 +3.55",
            "seats 2024-03-16/2024-04-01 x10 51.61 +10.32",
            "calls 2024-03-01/2024-04-01 x12 115.00 +23.00",
            "STORAGE 2024-03-01/2024-04-01 x3.333 0.17 +0.04",
        ]);

        var first = await GetAsync(partner, $"{path}?limit=3");
        var second = await GetAsync(partner, $"{path}?limit=2&after={first.GetProperty("next").GetString()}");
        first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).Select(x => x.Billed()).ShouldBe(told);
        second.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);

        lines[0].GetProperty("unrounded").GetString().ShouldBe("8.7096774193548387096774193548");
        lines[3].GetProperty("steps").GetRawText().ShouldBe(
            """[{"from":"0","to":"10","quantity":"10","unitPrice":"10","flatFee":"2","amount":"102"},"""
            + """{"from":"10","to":"20","quantity":"2","unitPrice":"5","flatFee":"3","amount":"13"}]""");
        lines[4].GetProperty("rollup").GetRawText().ShouldBe(
            $$"""{"subscriptionId":"{{subscription.Value}}","meter":"gb","sku":"STORAGE","region":"eu","days":"""
            + """{"start":"2024-03-01","end":"2024-04-01"}}""");
        lines[4].GetProperty("unrounded").GetString().ShouldBe("0.16665");
        lines[0].GetProperty("rollup").ValueKind.ShouldBe(JsonValueKind.Null);

        var apart = (await ItemsAsync(partner, $"/api/v1/invoices?period=2024-03&tenantId={other.Id.Value}")).ShouldHaveSingleItem();
        Amounts(apart).ShouldBe("136.66 27.33 163.99");
        string[] taxes = [.. (await ItemsAsync(partner, $"/api/v1/invoices/{apart.GetProperty("id").GetString()}/lines")).Select(x => x.Billed())];
        taxes.ShouldBe(["one 2024-03-01/2024-04-01 x1 68.33 +13.67", "two 2024-03-01/2024-04-01 x1 68.33 +13.66"]);
    }

    [Fact]
    public async Task Billing_again_changes_nothing()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("again", [Flat("base", "10")]), "2024-04");
        var first = await app.BillAsync("2024-04");
        using var platform = branch.Administrator();
        var before = (await GetAsync(platform, "/api/v1/invoices?period=2024-04")).GetRawText();

        var second = await app.BillAsync("2024-04");
        second.GetProperty("result").GetRawText().ShouldBe(first.GetProperty("result").GetRawText());
        (await GetAsync(platform, "/api/v1/invoices?period=2024-04")).GetRawText().ShouldBe(before);
    }

    [Fact]
    public async Task Billing_again_draws_drafts_anew_and_leaves_issued_ones()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("anew", [Flat("base", "10")], usesPriceLists: true);
        var (late, issued, refused) = (branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner),
            await app.TenantAsync(branch.Platform, branch.Partner));
        var used = app.Subscribe(late, plan, "2024-10");
        var settled = app.Subscribe(issued, plan, "2024-10");
        var broken = app.Subscribe(refused, plan, "2024-10");
        await app.BillAsync("2024-10", issue: false);
        using var platform = branch.Administrator();
        var drafts = await ItemsAsync(platform, "/api/v1/invoices?period=2024-10");
        drafts.Count.ShouldBe(3);
        var kept = drafts.Single(x => x.GetProperty("tenantId").GetGuid() == issued.Id.Value).GetProperty("id").GetString();
        await Sent(await platform.PostAsync($"/api/v1/invoices/{kept}/issue", null));

        foreach (var (tenant, subscription) in new[] { (late, used), (issued, settled) })
            app.Usage.Add(tenant, subscription, "2024-10-31", "gb", "20", "STORAGE");
        app.Usage.Add(refused, broken, "2024-10-31", "gb", "20", "UNPRICED");
        app.Subscribe(late, plan, "2024-10");
        (await app.BillAsync("2024-10")).GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"31.00","currency":"EUR"}],"issued":2,"invoices":2,"notBilled":1}""");
        var invoices = (await ItemsAsync(platform, "/api/v1/invoices?period=2024-10")).ToDictionary(x => x.GetProperty("tenantId").GetGuid());
        invoices[late.Id.Value].Amount("net").ShouldBe("21.00");
        (invoices[issued.Id.Value].GetProperty("id").GetString(), invoices[issued.Id.Value].Amount("net")).ShouldBe((kept, "10.00"));
    }

    [Fact]
    public async Task Whoever_starts_a_run_that_runs_meets_it()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("meet", [Flat("base", "10")]), "2024-05");
        using var platform = branch.Administrator();
        using var machine = await app.PlatformAsync(Roles.PlatformService);
        var started = await Task.WhenAll(
            StartAsync(platform, "2024-05"), StartAsync(machine, "2024-05"), StartAsync(platform, "2024-05", issue: false));
        started.Distinct().Count().ShouldBe(1);

        await app.DrainAsync();
        (await OperationAsync(platform, started[0])).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(1);
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-05")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Two_processes_at_once_bill_everyone_once()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("both", [Flat("base", "10")]);
        for (var i = 0; i < 7; i++)
            app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, "2024-06");
        await using var second = await app.StartSecondHostAsync();
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2024-06");
        await Task.WhenAll(app.DrainAsync(), second.DrainAsync(), app.DrainAsync(), second.DrainAsync());
        await app.DrainAsync();

        (await OperationAsync(platform, operation)).GetProperty("result").GetProperty("invoices").GetInt32().ShouldBe(7);
        var invoices = await ItemsAsync(platform, "/api/v1/invoices?period=2024-06");
        invoices.Select(x => x.GetProperty("tenantId").GetString()).Distinct().Count().ShouldBe(7);
        await NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task A_step_that_fails_is_done_again()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("fails", [Flat("base", "10")]);
        for (var i = 0; i < 3; i++)
            app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, "2024-07");
        using var platform = branch.Administrator();
        app.Usage.Failures = 1;
        var operation = await StartAsync(platform, "2024-07");
        await app.DrainAsync();
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Running");

        // Started again while its message waits for its next attempt: it goes on at once, and the late message finds nothing to do.
        (await StartAsync(platform, "2024-07")).ShouldBe(operation);
        await app.DrainAsync();
        (await OperationAsync(platform, operation)).GetProperty("result").GetProperty("invoices").GetInt32().ShouldBe(3);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await app.DrainAsync();
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-07")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Who_cannot_be_billed_is_told_and_does_not_stop_the_others()
    {
        var branch = await app.BranchAsync();
        var french = await app.BranchAsync("FR");
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 4; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        var good = await app.PlanAsync("good", [Flat("base", "10")], usesPriceLists: true);
        app.Subscribe(tenants[0], good, "2024-08");
        // One that charges nothing is in no currency.
        app.Subscribe(tenants[0], await app.PlanAsync("free-dollars", [], "USD"), "2024-08");
        app.Subscribe(tenants[1], await app.PlanAsync("dollars", [Flat("base", "10")], "USD"), "2024-08");
        app.Usage.Add(tenants[2], app.Subscribe(tenants[2], good, "2024-08"), "2024-08-02", "gb", "1", "UNPRICED");
        app.Usage.Add(tenants[3], app.Subscribe(tenants[3], good, "2024-08"), "2024-08-02", "gb", "99999999999999999999", "STORAGE");
        app.Subscribe(tenants[4], new(Guid.Parse("01890000-0000-7000-8000-000000000000")), "2024-08");
        app.Subscribe(french.Tenant, good, "2024-08");

        var operation = await app.BillAsync("2024-08");
        operation.GetProperty("state").GetString().ShouldBe("Succeeded");
        operation.GetProperty("result").GetProperty("notBilled").GetInt32().ShouldBe(5);
        operation.GetProperty("errors").EnumerateArray()
            .ToDictionary(x => x.GetProperty("subject").GetString()!, x => x.GetProperty("code").GetString()!)
            .ShouldBe(new Dictionary<string, string>
            {
                [tenants[1].ExternalId] = "exchange_rate_missing",
                [tenants[2].ExternalId] = "price_missing",
                [tenants[3].ExternalId] = "amount_too_large",
                [tenants[4].ExternalId] = "plan_missing",
                [french.Tenant.ExternalId] = "tax_rate_missing",
            }, ignoreOrder: true);
        using var platform = branch.Administrator();
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-08")).ShouldHaveSingleItem()
            .GetProperty("tenantId").GetGuid().ShouldBe(tenants[0].Id.Value);

        // What was missing is there now: starting again bills who was left out, and only those.
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "FR", category = "S", percent = "20", validFrom = "2024-08-31" }));
        var again = await app.BillAsync("2024-08");
        again.GetProperty("result").GetProperty("invoices").GetInt32().ShouldBe(2);
        again.GetProperty("result").GetProperty("notBilled").GetInt32().ShouldBe(4);
    }

    [Fact]
    public async Task Usage_that_nothing_prices_is_told_not_dropped()
    {
        var branch = await app.BranchAsync();
        var listed = await app.PlanAsync("unpriced-listed", [Flat("base", "10")], usesPriceLists: true);
        var plain = await app.PlanAsync("unpriced-plain", [Flat("base", "10")]);
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        var corrected = await app.TenantAsync(branch.Platform, branch.Partner);
        app.Usage.Add(branch.Tenant, app.Subscribe(branch.Tenant, listed, "2024-02"), "2024-02-02", "gb", "5");
        app.Usage.Add(other, app.Subscribe(other, plain, "2024-02"), "2024-02-02", "gb", "5", "STORAGE");
        var taken = app.Subscribe(corrected, plain, "2024-02");
        app.Usage.Add(corrected, taken, "2024-02-02", "gb", "5");
        app.Usage.Add(corrected, taken, "2024-02-03", "gb", "-5");

        var operation = await app.BillAsync("2024-02");
        operation.GetProperty("errors").EnumerateArray()
            .ToDictionary(x => x.GetProperty("subject").GetString()!, x => x.GetProperty("code").GetString()!)
            .ShouldBe(new Dictionary<string, string> { [branch.Tenant.ExternalId] = "price_missing", [other.ExternalId] = "price_missing" },
                ignoreOrder: true);
        operation.GetProperty("result").GetProperty("invoices").GetInt32().ShouldBe(1);
    }

    [Theory, Trait("Fault", "F20")]
    [InlineData("2026-01", HttpStatusCode.Conflict, "period_not_over")]
    [InlineData("2026-02", HttpStatusCode.UnprocessableEntity, "period_in_future")]
    [InlineData("2206-01", HttpStatusCode.UnprocessableEntity, "period_in_future")]
    [InlineData("2024-13", HttpStatusCode.BadRequest, "invalid_period")]
    [InlineData("january", HttpStatusCode.BadRequest, "invalid_period")]
    public async Task Only_a_month_that_is_over_is_billed(string month, HttpStatusCode status, string code)
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync($"not-over-{month}", [Flat("base", "10")]), "2026-01-01/2027-01-01");
        using var platform = branch.Administrator();
        var before = await RowsAsync();
        var refused = await platform.PostAsJsonAsync($"/api/v1/billing/generate/{month}", new { issue = true });
        refused.StatusCode.ShouldBe(status);
        (await refused.CodeAsync()).ShouldBe(code);
        await app.DrainAsync();
        (await RowsAsync()).ShouldBe(before);
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);

        // Whatever a run writes, of any month.
        Task<string> RowsAsync() => app.TextAsync(
            """
            select concat_ws(' ', (select count(*) from billing.runs), (select count(*) from billing.invoices),
                (select count(*) from billing.run_rounds), (select count(*) from billing.outbox), (select count(*) from kernel.operations))
            """);
    }

    [Fact]
    public async Task Only_the_platform_starts_runs()
    {
        var branch = await app.BranchAsync();
        foreach (var role in new[] { Roles.PlatformReader, Roles.DistributorAdministrator, Roles.PartnerAdministrator, Roles.TenantAdministrator })
        {
            using var client = branch.As(role);
            (await client.PostAsJsonAsync("/api/v1/billing/generate/2024-01", new { issue = true })).StatusCode.ShouldBe(
                HttpStatusCode.Forbidden, role);
        }
    }

    internal static async Task NumbersAreGaplessAsync(HttpClient platform)
    {
        var numbers = (await ItemsAsync(platform, "/api/v1/invoices?limit=200")).Select(x => x.GetProperty("number").GetString())
            .Where(x => x is not null).Order(StringComparer.Ordinal).ToList();
        numbers.ShouldBe(Enumerable.Range(1, numbers.Count).Select(x => (string?)$"1-2026-{x:000000}").ToList());
    }

    private static string Amounts(JsonElement invoice) => string.Join(' ', new[] { "net", "tax", "total" }.Select(x => invoice.Amount(x)));
}
