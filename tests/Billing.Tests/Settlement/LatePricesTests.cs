using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What a subscription was billed late by stays its price of that month, whatever becomes of its list.</summary>
public sealed class LatePricesTests(SettlementApp app) : IClassFixture<SettlementApp>, IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);

    [Theory, InlineData("2021", null), InlineData("2022", "2022-11-01")]
    public async Task What_was_billed_late_by_everyones_price_is_not_billed_again_by_one_of_its_own(string year, string? validFrom)
    {
        var (branch, id) = await SubscribedAsync($"{year}-11");
        using var platform = branch.Administrator();
        var own = await OwnAsync(platform, branch.Tenant, id, $"{year}-11-01");
        await app.BillAsync($"{year}-11");
        Use(branch, id, $"{year}-11-30", "100");
        await app.BillAsync($"{year}-12");
        (await app.LinesAsync(branch.Tenant, $"{year}-12")).ShouldBe([$"Storage 5.00 at 20, {year}-11-01 #1: 5.00 - 0.00"]);

        await PutAsync(platform, own, validFrom, Item("STORAGE", "0.03"));
        Use(branch, id, $"{year}-11-30", "20");
        var january = $"{int.Parse(year) + 1}-01";
        (await PreviewedAsync(platform, january)).ShouldBe("1.00");
        await app.BillAsync(january);
        (await app.LinesAsync(branch.Tenant, january)).ShouldBe([$"Storage 1.00 at 20, {year}-11-01 #2: 6.00 - 5.00"]);
    }

    [Fact]
    public async Task What_was_billed_late_by_its_own_price_is_not_billed_again_by_another()
    {
        var (branch, _) = await SubscribedAsync("2024-03");
        using var platform = branch.Administrator();
        await app.BillAsync("2024-03");
        var backdated = app.Subscribe(
            branch.Tenant, new(2024, 3, 22), Span(await app.PlanAsync("backdated", [], usesPriceLists: true), "2024-03-22/2024-07-01", 0));
        var own = await OwnAsync(platform, branch.Tenant, backdated, "2024-03-01", Item("STORAGE", "1.00"));
        Use(branch, backdated, "2024-03-30", "100");
        (await PreviewedAsync(platform, "2024-04")).ShouldBe("100.00");
        (await KeptAsync(backdated)).ShouldBe(0);
        await app.BillAsync("2024-04");
        (await app.LinesAsync(branch.Tenant, "2024-04")).ShouldBe(["STORAGE 100.00 at 20, 2024-03-01 #1: 100.00 - 0.00"]);
        (await KeptAsync(backdated)).ShouldBe(1);

        await PutAsync(platform, own, "2024-03-01", Item("STORAGE", "2.00"));
        Use(branch, backdated, "2024-03-31", "1");
        (await PreviewedAsync(platform, "2024-05")).ShouldBe("1.00");
        await app.BillAsync("2024-05");
        (await app.LinesAsync(branch.Tenant, "2024-05")).ShouldBe(["STORAGE 1.00 at 20, 2024-03-01 #2: 101.00 - 100.00"]);

        // Of a month that is started again only who is billed by it then has the prices of then.
        await app.BillAsync("2024-03");
        Use(branch, backdated, "2024-03-31", "1");
        await app.BillAsync("2024-06");
        (await app.LinesAsync(branch.Tenant, "2024-06")).ShouldBe(["STORAGE 1.00 at 20, 2024-03-01 #3: 102.00 - 101.00"]);
    }

    [Fact]
    public async Task What_is_not_billed_after_all_is_billed_by_the_prices_of_then()
    {
        var (branch, id) = await SubscribedAsync("2020-01");
        using var platform = branch.Administrator();
        await app.BillAsync("2020-01");
        var own = await OwnAsync(platform, branch.Tenant, id, "2020-01-01", Item("STORAGE", "1.00"));
        Use(branch, id, "2020-01-31", "100");
        await app.BillAsync("2020-02", issue: false);
        (await app.LinesAsync(branch.Tenant, "2020-02")).ShouldBe(["STORAGE 100.00 at 20, 2020-01-01 #1: 100.00 - 0.00"]);

        // The draft is drawn anew.
        await PutAsync(platform, own, "2020-01-01", Item("STORAGE", "2.00"));
        (await PreviewedAsync(platform, "2020-02")).ShouldBe("200.00");
        await app.BillAsync("2020-02");
        (await app.LinesAsync(branch.Tenant, "2020-02")).ShouldBe(["STORAGE 200.00 at 20, 2020-01-01 #1: 200.00 - 0.00"]);

        // The invoice is withdrawn, and what it adjusted is on the next one.
        await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, "2020-02")).Path));
        await PutAsync(platform, own, "2020-01-01", Item("STORAGE", "3.00"));
        await app.BillAsync("2020-03");
        (await app.LinesAsync(branch.Tenant, "2020-03")).ShouldBe(["STORAGE 300.00 at 20, 2020-01-01 #1: 300.00 - 0.00"]);

        // One of two that adjusted it is withdrawn: by the other it is still billed.
        Use(branch, id, "2020-01-31", "1");
        await app.BillAsync("2020-04");
        await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, "2020-03")).Path));
        await PutAsync(platform, own, "2020-01-01", Item("STORAGE", "4.00"));
        await app.BillAsync("2020-05");
        (await app.LinesAsync(branch.Tenant, "2020-05")).ShouldBe(["STORAGE 300.00 at 20, 2020-01-01 #3: 303.00 - 3.00"]);
    }

    [Fact]
    public async Task Of_several_months_that_are_billed_late_at_once_each_keeps_its_own_prices()
    {
        var (branch, id) = await SubscribedAsync("2020-07");
        using var platform = branch.Administrator();
        string[] months = ["2020-07", "2020-08", "2020-09"];
        foreach (var month in months)
            await app.BillAsync(month);
        var own = await OwnAsync(platform, branch.Tenant, id, "2020-07-01", Item("STORAGE", "1.00"));
        await PutAsync(platform, own, "2020-08-01", Item("STORAGE", "2.00"));
        await PutAsync(platform, own, "2020-09-01", Item("STORAGE", "3.00"));
        foreach (var month in months)
            Use(branch, id, $"{month}-28", "10");
        await app.BillAsync("2020-10");
        (await app.LinesAsync(branch.Tenant, "2020-10")).ShouldBe(
        [
            "STORAGE 10.00 at 20, 2020-07-01 #1: 10.00 - 0.00", "STORAGE 20.00 at 20, 2020-08-01 #1: 20.00 - 0.00",
            "STORAGE 30.00 at 20, 2020-09-01 #1: 30.00 - 0.00",
        ]);

        await PutAsync(platform, own, "2020-07-01", Item("STORAGE", "9.00"));
        foreach (var month in months)
            Use(branch, id, $"{month}-28", "1");
        await app.BillAsync("2020-11");
        (await app.LinesAsync(branch.Tenant, "2020-11")).ShouldBe(
        [
            "STORAGE 1.00 at 20, 2020-07-01 #2: 11.00 - 10.00", "STORAGE 2.00 at 20, 2020-08-01 #2: 22.00 - 20.00",
            "STORAGE 3.00 at 20, 2020-09-01 #2: 33.00 - 30.00",
        ]);
    }

    [Fact]
    public async Task What_was_billed_late_before_its_prices_were_kept_keeps_them_once_it_is_looked_at()
    {
        var (branch, id) = await SubscribedAsync("2023-07");
        using var platform = branch.Administrator();
        await app.BillAsync("2023-07");
        var own = await OwnAsync(platform, branch.Tenant, id, "2023-07-01", Item("STORAGE", "1.00"));
        Use(branch, id, "2023-07-31", "10");
        await app.BillAsync("2023-08");
        await using (var forget = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand("delete from billing.late_prices"))
            (await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
        await app.BillAsync("2023-09");
        await PutAsync(platform, own, "2023-07-01", Item("STORAGE", "2.00"));
        Use(branch, id, "2023-07-31", "1");
        await app.BillAsync("2023-10");
        (await app.LinesAsync(branch.Tenant, "2023-10")).ShouldBe(["STORAGE 1.00 at 20, 2023-07-01 #2: 11.00 - 10.00"]);
    }

    [Fact]
    public async Task Of_a_tenant_whom_the_round_did_not_know_his_own_list_counts_and_is_kept()
    {
        await SubscribedAsync("2025-03");
        await app.BillAsync("2025-03");
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var plan = await app.PlanAsync("newcomer", [], usesPriceLists: true);
        SubscriptionId Backdated() => app.Subscribe(branch.Tenant, new(2025, 3, 22), Span(plan, "2025-03-22/2026-03-01", 0));
        var (one, other) = (Backdated(), Backdated());
        var theirs = await OwnAsync(platform, branch.Tenant, null, "2025-03-01", Item("STORAGE", "0.50"), Item("ARCHIVE", "7.00"));
        await OwnAsync(platform, branch.Tenant, one, "2025-02-01", Item("ARCHIVE", "0.25"));
        // In a currency that nobody asks for it hides nothing.
        await Sent(await platform.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = "left-behind",
            name = "Left behind",
            scope = "Subscription",
            tenantId = branch.Tenant.Id.Value,
            subscriptionId = one.Value,
            currency = "GBP",
            validFrom = "2025-02-01",
            items = new[] { Item("STORAGE", "0.40") },
        }));
        Use(branch, one, "2025-03-30", "100");
        app.Use(branch.Tenant, one, "2025-03-30", "gb", "4", "ARCHIVE");
        await app.BillAsync("2025-04");
        (await app.LinesAsync(branch.Tenant, "2025-04")).ShouldBe(
            ["STORAGE 50.00 at 20, 2025-03-01 #1: 50.00 - 0.00", "ARCHIVE 1.00 at 20, 2025-03-01 #1: 1.00 - 0.00"], ignoreOrder: true);

        // What another of his is billed late by since does not touch it.
        await PutAsync(platform, theirs, "2025-03-01", Item("STORAGE", "2.00"));
        Use(branch, one, "2025-03-31", "1");
        Use(branch, other, "2025-03-31", "1");
        await app.BillAsync("2025-05");
        (await app.LinesAsync(branch.Tenant, "2025-05")).ShouldBe(
            ["STORAGE 0.50 at 20, 2025-03-01 #2: 50.50 - 50.00", "STORAGE 2.00 at 20, 2025-03-01 #1: 2.00 - 0.00"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_was_billed_in_advance_was_not_billed_by_the_months_own_round()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        object fee = new { key = "base", name = "Base", inAdvance = true, price = new { model = "flat", amount = "10" } };
        var plan = await app.PlanAsync("paid-ahead", [fee], usesPriceLists: true);
        var id = app.Subscribe(branch.Tenant, new(2025, 7, 1), Span(plan, "2025-07-01/2026-07-01", 0));
        await app.BillAsync("2025-07");
        await app.BillAsync("2025-08");
        var own = await OwnAsync(platform, branch.Tenant, id, "2025-08-01", Item("STORAGE", "0.50"));
        Use(branch, id, "2025-08-31", "100");
        await app.BillAsync("2025-09");
        (await app.LinesAsync(branch.Tenant, "2025-09")).ShouldContain("STORAGE 50.00 at 20, 2025-08-01 #1: 50.00 - 0.00");

        await PutAsync(platform, own, "2025-08-01", Item("STORAGE", "2.00"));
        Use(branch, id, "2025-08-31", "1");
        await app.BillAsync("2025-10");
        (await app.LinesAsync(branch.Tenant, "2025-10")).ShouldContain("STORAGE 0.50 at 20, 2025-08-01 #2: 50.50 - 50.00");
    }

    [Fact]
    public async Task What_a_month_takes_off_of_what_was_billed_in_advance_was_not_billed_late()
    {
        var (branch, other) = await SubscribedAsync("2024-08");
        using var platform = branch.Administrator();
        object fee = new { key = "base", name = "Base", inAdvance = true, price = new { model = "flat", amount = "10" } };
        var plan = await app.PlanAsync("ended-early", [fee], usesPriceLists: true);
        var id = app.Subscribe(branch.Tenant, new(2024, 8, 1), Span(plan, "2024-08-01/2025-08-01", 0));
        await app.BillAsync("2024-08");
        app.Subscriptions.Change(id, Span(plan, "2024-08-01/2024-09-16", 0));
        await app.BillAsync("2024-09");
        (await app.LinesAsync(branch.Tenant, "2024-09")).ShouldContain("Base -5.00 at 20, 2024-09-01 #1: 5.00 - 10.00");
        Use(branch, other, "2024-09-30", "100");
        await app.BillAsync("2024-10");
        (await KeptAsync(other)).ShouldBe(1);
        (await KeptAsync(id)).ShouldBe(0);

        var own = await OwnAsync(platform, branch.Tenant, id, "2024-09-01", Item("STORAGE", "0.50"));
        Use(branch, id, "2024-09-10", "100");
        await app.BillAsync("2024-11");
        (await app.LinesAsync(branch.Tenant, "2024-11")).ShouldBe(["STORAGE 50.00 at 20, 2024-09-01 #1: 50.00 - 0.00"]);
        (await KeptAsync(id)).ShouldBe(1);

        // Once that is withdrawn nothing is billed late, whatever stands of what was billed in advance.
        await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, "2024-11")).Path));
        await PutAsync(platform, own, "2024-09-01", Item("STORAGE", "2.00"));
        await app.BillAsync("2024-12");
        (await app.LinesAsync(branch.Tenant, "2024-12")).ShouldBe(["STORAGE 200.00 at 20, 2024-09-01 #1: 200.00 - 0.00"]);
    }

    /// <summary>A list of the subscription alone, or of all of the tenant's; answers where its items are.</summary>
    internal static async Task<string> OwnAsync(
        HttpClient platform, OrganizationRef tenant, SubscriptionId? subscription, string validFrom, params object[] items)
    {
        var own = await Sent(await platform.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = $"own-{subscription?.Value ?? tenant.Id.Value:n}",
            name = "Own",
            scope = subscription is null ? "Tenant" : "Subscription",
            tenantId = tenant.Id.Value,
            subscriptionId = subscription?.Value,
            currency = "EUR",
            validFrom,
            items,
        }));
        return $"/api/v1/pricing/{own.GetProperty("id").GetString()}/items";
    }

    internal static async Task PutAsync(HttpClient platform, string items, string? validFrom, object item) =>
        await Sent(await platform.PutAsJsonAsync(items, new { validFrom, items = new[] { item } }));

    internal static object Item(string sku, string unitPrice) => new { sku, meter = "gb", name = sku, price = new { model = "perUnit", unitPrice } };

    private Task<long> KeptAsync(SubscriptionId id) =>
        app.ScalarAsync<long>($"select count(*) from billing.late_prices where subscription_id = '{id.Value}'");

    private static async Task<string> PreviewedAsync(HttpClient platform, string month) =>
        (await GetAsync(platform, $"/api/v1/billing/generate/{month}")).GetProperty("totals").EnumerateArray()
            .Single(total => total.GetProperty("currency").GetString() == "EUR").Amount("net");

    private void Use(Branch branch, SubscriptionId id, string day, string quantity) => app.Use(branch.Tenant, id, day, "gb", quantity, "STORAGE");

    // A year's subscription that has nothing to pay but what it uses, beside one that is billed each month and comes to nothing.
    private async Task<(Branch Branch, SubscriptionId Quiet)> SubscribedAsync(string month)
    {
        var branch = await app.BranchAsync();
        var start = Period.Parse(month).Start;
        var year = new Period(start, start.AddYears(1)).ToString();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "0" } };
        var (quiet, plan) = (await app.PlanAsync($"quiet-{month}", [], usesPriceLists: true), await app.PlanAsync($"calls-{month}", [calls]));
        var known = app.Subscribe(branch.Tenant, start, Span(plan, year, 0));
        app.Usage.Add(branch.Tenant, known, $"{month}-10", "calls", "1");
        return (branch, app.Subscribe(branch.Tenant, start, Span(quiet, year, 0)));
    }
}
