using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.Advance.AheadLines;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Advance;

/// <summary>What becomes of a bill in advance after it: it is withdrawn or credited, its credits get theirs back, coupons come too late.</summary>
public sealed class AheadAfterwardsTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    // October demands 60.00 for two months, and a credit of 50.00 pays a half of each. November ends in its middle: of 30.00 are due 15.00.
    [Theory]
    // Withdrawn and billed anew October is 30.00, all by the credit. November's 15.00 come late, as all that is settled in money: it takes again from
    // the credit what it gave to it, so that this has 20.00 left, what October alone leaves.
    [InlineData(2020, "10 12", 15, 3, 20)]
    [InlineData(2021, "12 10", 15, 3, 20)]
    // November withdrawn, too, is billed as if it never had been in advance.
    [InlineData(2022, "void 11 10 12", 0, 0, 5)]
    [InlineData(2023, "void 10 11 12", 0, 0, 5)]
    public async Task What_a_month_gave_back_is_taken_again_when_the_bill_in_advance_is_withdrawn(
        int year, string then, decimal net, decimal tax, decimal left)
    {
        var branch = await PaidByCreditAsync(year);
        (await app.ScalarAsync<string>($"""
            select string_agg(coalesce(u.adjusts::text, 'own') || ' ' || u.amount || ' ' || u.consumed, ', ' order by u.adjusts nulls first)
            from billing.reduction_uses u where u.tenant_id = '{branch.Tenant.Id.Value}'
            """)).ShouldBe($"own 25 25, {year}-11-01 25 25");
        app.Subscriptions.Change(app.Subscriptions.Of(branch.Tenant), Ended(branch.Tenant, year));
        await app.BillAsync($"{year}-11");
        (await app.ShownAsync(branch.Tenant, $"{year}-11")).ShouldBe([$"base -5.00 11-16/12-01, {year}-11 #1: 15.00 - 30.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe(10m);

        await app.VoidAsync(branch.Tenant, $"{year}-10");
        foreach (var step in then.Split(' '))
            if (step == "void")
                await app.VoidAsync(branch.Tenant, $"{year}-11");
            else
                await app.BillAsync($"{year}-{step}");
        (await app.ShownAsync(branch.Tenant, $"{year}-10")).ShouldBe(["base 0.00 10-01/11-01"]);
        if (net > 0)
            (await app.ShownAsync(branch.Tenant, $"{year}-12")).ShouldBe([$"base 20.00 11-01/11-16, {year}-11 #2: 15.00 - -15.00"]);
        var invoices = new List<System.Text.Json.JsonElement>();
        foreach (var month in (string[])["10", "11", "12"])
            invoices.AddRange((await app.InvoicesAsync(branch.Tenant, $"{year}-{month}")).Select(x => x.Invoice));
        (invoices.Sum(x => decimal.Parse(x.Amount("net"))), invoices.Sum(x => decimal.Parse(x.Amount("tax"))), await LeftAsync(branch.Tenant))
            .ShouldBe((net, tax, left));
        // 45.00 are due for both months, in money or by the credit, whatever the order.
        (net + 50m - left).ShouldBe(45m);
        await app.BillAsync($"{year}-12");
        (await app.ScalarAsync<decimal>($"select sum(net) from billing.invoices where tenant_id = '{branch.Tenant.Id.Value}' and status <> 'Void'"))
            .ShouldBe(net);
    }

    [Fact]
    public async Task What_a_credit_paid_in_advance_goes_back_to_it_also_when_the_month_is_billed()
    {
        var branch = await PaidByCreditAsync(2024);
        await app.BillAsync("2024-11");
        (await app.InvoicesAsync(branch.Tenant, "2024-11")).ShouldBeEmpty();
        app.Subscriptions.Change(app.Subscriptions.Of(branch.Tenant), Ended(branch.Tenant, 2024));
        app.Changes.Add(new ChangedMonth(branch.Tenant.Id, new(2024, 11, 1)));
        await app.BillAsync("2024-12");
        (await app.ShownAsync(branch.Tenant, "2024-12")).ShouldBe(["base -5.00 11-01/11-16, 2024-11 #1: 15.00 - 30.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe(10m);

        // And pays again what is due after all.
        app.Subscriptions.Change(app.Subscriptions.Of(branch.Tenant), Whole(branch.Tenant, 2024));
        app.Changes.Add(new ChangedMonth(branch.Tenant.Id, new(2024, 11, 1)));
        await app.BillAsync("2025-01");
        (await app.ShownAsync(branch.Tenant, "2025-01")).ShouldBe(["base 5.00 11-01/12-01, 2024-11 #2: 30.00 - 15.00"]);
        (await LeftAsync(branch.Tenant)).ShouldBe(0m);
    }

    [Fact]
    public async Task What_a_credit_note_took_back_of_a_bill_in_advance_the_month_does_not_give_back_once_more()
    {
        var branch = await app.BranchAsync();
        OrganizationRef[] tenants =
            [branch.Tenant, .. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.TenantAsync(branch.Platform, branch.Partner)))];
        var plan = await app.PlanAsync("noted-ahead", [SeatsAhead("10.00")]);
        var ids = Array.ConvertAll(tenants, x => app.Subscribe(x, new(2020, 5, 1), Span(plan, "2020-05-01/2020-07-01", 5)));
        await app.BillAsync("2020-05");
        using var platform = await app.PlatformAsync();
        // Of 50.00 in advance a credit note takes back 20.00.
        foreach (var tenant in tenants)
            await Sent(await platform.CreditAsync((await app.InvoiceOfAsync(tenant, "2020-05")).Path, (2, "20.00")));
        app.Subscriptions.Change(ids[0], Span(plan, "2020-05-01/2020-06-01", 5), Span(plan, "2020-06-01/2020-07-01", 8));
        app.Subscriptions.Change(ids[1], Span(plan, "2020-05-01/2020-06-01", 5), Span(plan, "2020-06-01/2020-07-01", 1));
        app.Subscriptions.Change(ids[2], Span(plan, "2020-05-01/2020-06-16", 5));
        app.Subscriptions.Change(ids[3], Span(plan, "2020-05-01/2020-06-01", 5));
        await app.BillAsync("2020-06");

        // 80.00 less the 20.00; 10.00 less 20.00 is nothing, 25.00 less 20.00 is 5.00, and of nothing no more than is left goes back.
        (await app.ShownAsync(tenants[0], "2020-06")).ShouldBe(["Seats 30.00 06-01/07-01, 2020-06 #1: 80.00 - 50.00"]);
        (await app.ShownAsync(tenants[1], "2020-06")).ShouldBe(["Seats -30.00 06-01/07-01, 2020-06 #1: 20.00 - 50.00"]);
        (await app.ShownAsync(tenants[2], "2020-06")).ShouldBe(["Seats -25.00 06-16/07-01, 2020-06 #1: 25.00 - 50.00"]);
        (await app.ShownAsync(tenants[3], "2020-06")).ShouldBe(["Seats -30.00 06-01/07-01, 2020-06 #1: 20.00 - 50.00"]);

        // The other way round a credit note takes what the month left of it, beside May's own 50.00.
        foreach (var (tenant, rest, all) in new[] { (tenants[1], 0m, "50.00"), (tenants[2], 5m, "55.00"), (tenants[3], 0m, "50.00") })
        {
            var (path, _) = await app.InvoiceOfAsync(tenant, "2020-05");
            (await (await platform.CreditAsync(path, (2, $"{rest + 0.01m}"))).CodeAsync()).ShouldBe("credit_exceeds_line");
            (await Sent(await platform.CreditInFullAsync(path))).Amount("net").ShouldBe(all);
        }
    }

    [Fact]
    public async Task A_credit_pays_no_more_in_advance_than_it_pays_where_the_month_itself_gives_back()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("gives-back", [SeatsAhead("10.00")]);
        var id = app.Subscribe(branch.Tenant, new(2022, 3, 1), Span(plan, "2022-03-01/2022-06-01", 10));
        await app.BillAsync("2022-03");
        app.Subscriptions.Change(id, Span(plan, "2022-03-01/2022-04-16", 10), Span(plan, "2022-04-16/2022-06-01", 4));
        using var platform = await app.PlatformAsync();
        await Coupons.ReductionLifeTests.GrantAsync(platform, branch.Tenant, "50.00", "2022-04-01");

        // Of -50.00, 20.00 and 40.00 in advance are left 10.00.
        await app.BillAsync("2022-04");
        (await app.InvoiceOfAsync(branch.Tenant, "2022-04")).Invoice.Amount("net").ShouldBe("0.00");
        (await LeftAsync(branch.Tenant)).ShouldBe(40m);
        await app.BillAsync("2022-05");
        (await LeftAsync(branch.Tenant)).ShouldBe(40m);
    }

    [Fact]
    public async Task What_a_draft_used_in_advance_is_left_when_it_is_drawn_anew()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var (used, seats) = (await app.PlanAsync("left-used", [calls]), await app.PlanAsync("left-seats", [SeatsAhead("10.00")]));
        var first = app.Subscribe(branch.Tenant, new(2025, 1, 1), Span(used, "2025-01-01/2025-06-01", 0));
        using var platform = await app.PlatformAsync();
        await Coupons.ReductionLifeTests.GrantAsync(platform, branch.Tenant, "30.00", "2025-01-01");
        app.Use(branch.Tenant, first, "2025-01-10", "calls", "30");
        await app.BillAsync("2025-01");
        app.Use(branch.Tenant, first, "2025-01-11", "calls", "-20");
        await app.BillAsync("2025-02");
        (await LeftAsync(branch.Tenant)).ShouldBe(20m);

        // The draft pays March and April with it, and is not what comes in the end.
        var second = app.Subscribe(branch.Tenant, new(2025, 3, 1), Span(seats, "2025-03-01/2025-06-01", 1));
        await app.BillAsync("2025-03", issue: false);
        (await LeftAsync(branch.Tenant)).ShouldBe(0m);
        app.Subscriptions.Change(second, Span(seats, "2025-03-01/2025-06-01", 0));
        app.Use(branch.Tenant, first, "2025-01-12", "calls", "20");
        await app.BillAsync("2025-03");
        (await app.InvoiceOfAsync(branch.Tenant, "2025-03")).Invoice.Amount("net").ShouldBe("0.00");
        (await LeftAsync(branch.Tenant)).ShouldBe(0m);
    }

    [Fact]
    public async Task Rates_of_exchange_stay_what_they_were_when_the_bill_in_advance_is_withdrawn()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PostAsJsonAsync("/api/v1/directory/exchange-rates", new
        {
            rates = new[] { ("2025-06-01", "1.1"), ("2025-07-20", "2"), ("2025-08-20", "3") }
                .Select(x => new { from = "CHF", to = "EUR", date = x.Item1, rate = x.Item2 }),
        }));
        var plan = await app.PlanAsync("void-abroad", [SeatsAhead("10.00"), Flat("after", "10.00")], currency: "CHF");
        var used = await app.PlanAsync("void-used-abroad", [SeatsAhead("10.00"), SettlementApp.Calls], currency: "CHF");
        foreach (var (tenant, by) in new[] { (branch.Tenant, plan), (other, used) })
            app.Subscribe(tenant, new(2025, 6, 1), Span(by, "2025-06-01/2025-08-01", 3));
        await app.BillAsync("2025-06");
        foreach (var (tenant, by) in new[] { (branch.Tenant, plan), (other, used) })
            app.Subscriptions.Change(
                app.Subscriptions.Of(tenant), Span(by, "2025-06-01/2025-07-02", 3), Span(by, "2025-07-02/2025-08-01", 6));
        await app.BillAsync("2025-07");
        string[] seats = ["Seats -31.94 07-02/08-01, 2025-07 #1: 1.06 - 33.00", "Seats 63.87 07-02/08-01"];
        (await app.ShownAsync(branch.Tenant, "2025-07")).ShouldBe([.. seats, "after 20.00 07-01/08-01"], ignoreOrder: true);
        (await app.ShownAsync(other, "2025-07")).ShouldBe([.. seats, "Calls 4.00 07-01/08-01"], ignoreOrder: true);

        // Seats by 1.1 as in advance, all else by 2: the day that was in advance alone is owed again.
        await app.VoidAsync(branch.Tenant, "2025-06");
        await app.VoidAsync(other, "2025-06");
        await app.BillAsync("2025-08");
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, other])
            (await app.ShownAsync(tenant, "2025-08")).ShouldBe(["Seats 33.00 07-01/07-02, 2025-07 #2: 1.06 - -31.94"]);
    }

    [Fact]
    public async Task A_coupon_that_is_redeemed_after_a_month_all_in_advance_is_not_for_it()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "10" } };
        var plan = await app.PlanAsync("coupon-late", [FlatAhead("base", "50.00"), calls]);
        var id = app.Subscribe(branch.Tenant, new(2021, 1, 1), Span(plan, "2021-01-01/2021-03-01", 0));
        await app.BillAsync("2021-01");
        await app.BillAsync("2021-02");
        (await app.InvoicesAsync(branch.Tenant, "2021-02")).ShouldBeEmpty();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "TOOLATE", name = "Ten", validFrom = "2021-01-01", percent = "10", periods = 1 }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = branch.Tenant.Id.Value, startsOn = "2021-02-01" }));
        app.Use(branch.Tenant, id, "2021-02-10", "calls", "1");
        await app.BillAsync("2021-03");
        (await app.ShownAsync(branch.Tenant, "2021-03")).ShouldBe(["Calls 10.00 02-01/03-01, 2021-02 #1: 10.00 - 0.00"]);
    }

    private async Task<Branch> PaidByCreditAsync(int year)
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PostAsJsonAsync("/api/v1/billing/credits", new
        {
            tenantId = branch.Tenant.Id.Value,
            reference = "c",
            name = "c",
            amount = new { amount = "50.00", currency = "EUR" },
            validFrom = $"{year}-10-01",
        }));
        var plan = await app.PlanAsync($"credited-{year}", [FlatAhead("base", "30.00")]);
        app.Subscribe(branch.Tenant, new(year, 10, 1), Span(plan, $"{year}-10-01/{year}-12-01", 0));
        await app.BillAsync($"{year}-10");
        (await app.ShownAsync(branch.Tenant, $"{year}-10")).ShouldBe(["base 5.00 10-01/11-01", $"base 5.00 11-01/12-01 ahead of {year}-11"]);
        return branch;
    }

    private SubscriptionSpan Ended(OrganizationRef tenant, int year) => Until(tenant, $"{year}-11-16");

    private SubscriptionSpan Whole(OrganizationRef tenant, int year) => Until(tenant, $"{year}-12-01");

    private SubscriptionSpan Until(OrganizationRef tenant, string end)
    {
        var span = app.Subscriptions.SpansOf(tenant)[0];
        return span with { Days = new Period(span.Days.Start, DateOnly.Parse(end)) };
    }

    private Task<decimal> LeftAsync(OrganizationRef tenant) =>
        app.ScalarAsync<decimal>($"select remaining from billing.credits where tenant_id = '{tenant.Id.Value}'");
}
