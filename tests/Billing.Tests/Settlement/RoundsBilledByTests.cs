using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Runs;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What comes late to an invoice is rated by the round that wrote it, whatever rounds came after.</summary>
public sealed class RoundsBilledByTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    [Fact]
    public async Task A_month_that_is_started_again_at_other_prices_changes_nothing_for_who_was_billed_before()
    {
        var branch = await app.BranchAsync();
        var (first, again) = (branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner));
        var (plain, nothing) = (await app.TenantAsync(branch.Platform, branch.Partner), await app.TenantAsync(branch.Platform, branch.Partner));
        var plan = await app.PlanAsync("rounds", [Flat("base", "10")], usesPriceLists: true);
        var listed = await app.PlanAsync("rounds-listed", [Seats("1")], usesPriceLists: true);
        foreach (var tenant in (OrganizationRef[])[first, again, plain, nothing])
            app.Subscribe(tenant, new(2022, 10, 1), Span(tenant == nothing ? listed : plan, "2022-10-01/2023-01-01", 0));
        void Use(OrganizationRef tenant, string day, string quantity) =>
            app.Use(tenant, app.Subscriptions.Of(tenant), day, "gb", quantity, "STORAGE");
        Use(first, "2022-10-02", "20");
        Use(again, "2022-10-02", "20");
        await app.BillAsync("2022-10");
        (await app.NetAsync(first, "2022-10"), await app.NetAsync(nothing, "2022-10")).ShouldBe((11m, 0m));

        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.5")));
        await TaxAsync(platform, "25");
        try
        {
            await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(again, "2022-10")).Path));
            await app.BillAsync("2022-10");
            (await app.LinesAsync(again, "2022-10")).ShouldBe(["base 10.00 at 25", "Storage 10.00 at 25"]);
            // A third round that bills nobody takes nothing from the two before it, nor does it keep the same prices twice.
            await app.BillAsync("2022-10");
            (await PinnedAsync("2022-10")).ShouldBe("rounds 1 2 3, prices 1-1 2-3");

            foreach (var tenant in (OrganizationRef[])[first, again, plain, nothing])
                Use(tenant, "2022-10-31", "1");
            await app.BillAsync("2022-11");
            (await app.LinesAsync(first, "2022-11")).ShouldBe(["base 10.00 at 25", "Storage 0.05 at 20, 2022-10-01 #1: 1.05 - 1.00"]);
            (await app.LinesAsync(again, "2022-11")).ShouldBe(["base 10.00 at 25", "Storage 0.50 at 25, 2022-10-01 #1: 10.50 - 10.00"]);
            (await app.LinesAsync(plain, "2022-11")).ShouldBe(["base 10.00 at 25", "Storage 0.05 at 20, 2022-10-01 #1: 0.05 - 0.00"]);
            // Who had nothing to pay was looked at by the last round, by its prices.
            (await app.LinesAsync(nothing, "2022-11")).ShouldBe(["Storage 0.50 at 25, 2022-10-01 #1: 0.50 - 0.00"]);
        }
        finally
        {
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.05")));
            await TaxAsync(platform, "20");
        }

        // Of whom no invoice stands any more nothing is kept.
        foreach (var tenant in (OrganizationRef[])[first, plain])
            await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(tenant, "2022-10")).Path));
        await app.BillAsync("2022-10");
        (await PinnedAsync("2022-10")).ShouldBe("rounds 2 4, prices 2-3 4-4");
    }

    [Fact]
    public async Task An_invoice_of_before_rounds_were_kept_is_of_the_first_that_is()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("rounds-before", [Flat("base", "10")], usesPriceLists: true);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, other])
            app.Subscribe(tenant, new(2021, 3, 1), Span(plan, "2021-03-01/2021-05-01", 0));
        await app.BillAsync("2021-03");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        await using (var forget = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            """
            alter table billing.invoices disable trigger user;
            update billing.invoices set round = null where period_start = '2021-03-01';
            alter table billing.invoices enable trigger user
            """))
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.5")));
        try
        {
            await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(other, "2021-03")).Path));
            await app.BillAsync("2021-03");
            foreach (var tenant in (OrganizationRef[])[branch.Tenant, other])
                app.Use(tenant, app.Subscriptions.Of(tenant), "2021-03-31", "gb", "20", "STORAGE");
            await app.BillAsync("2021-04");
        }
        finally
        {
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.05")));
        }

        (await app.LinesAsync(branch.Tenant, "2021-04")).ShouldBe(["base 10.00 at 20", "Storage 1.00 at 20, 2021-03-01 #1: 1.00 - 0.00"]);
        (await app.LinesAsync(other, "2021-04")).ShouldBe(["base 10.00 at 20", "Storage 10.00 at 20, 2021-03-01 #1: 10.00 - 0.00"]);
    }

    [Fact]
    public async Task Of_a_month_of_before_rounds_were_kept_only_what_came_late_is_another()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var first = await app.PlanAsync("older-first", [Flat("base", "30")]);
        var last = await app.PlanAsync("older-last", [Flat("base", "60"), calls]);
        var id = app.Subscribe(
            branch.Tenant, new(2021, 6, 1), Span(first, "2021-06-01/2021-06-16", 0), Span(last, "2021-06-16/2021-08-01", 0));
        app.Use(branch.Tenant, id, "2021-06-20", "calls", "10");
        await app.BillAsync("2021-06");
        // As it was billed then: all usage by the last plan, from the first day on.
        await using (var forget = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            """
            alter table billing.invoices disable trigger user;
            alter table billing.invoice_lines disable trigger user;
            update billing.invoices set round = null where period_start = '2021-06-01';
            update billing.invoice_lines set starts_on = '2021-06-01' where is_usage and starts_on = '2021-06-16';
            alter table billing.invoice_lines enable trigger user;
            alter table billing.invoices enable trigger user
            """))
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        app.Use(branch.Tenant, id, "2021-06-03", "calls", "5");
        await app.BillAsync("2021-07");
        (await app.LinesAsync(branch.Tenant, "2021-07")).ShouldBe(["base 60.00 at 20", "Calls 5.00 at 20, 2021-06-01 #1: 15.00 - 10.00"]);
    }

    [Fact]
    public async Task A_subscription_that_its_month_did_not_know_has_its_own_prices()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("backdated", [Flat("base", "31")], usesPriceLists: true);
        var quiet = app.Subscribe(
            branch.Tenant, new(2023, 5, 1), Span(await app.PlanAsync("quiet", [Seats("1")], usesPriceLists: true), "2023-05-01/2023-08-01", 0));
        var known = app.Subscribe(branch.Tenant, new(2023, 5, 1), Span(plan, "2023-05-01/2023-08-01", 0));
        using var platform = branch.Administrator();
        async Task<string> OwnAsync(SubscriptionId subscription, string unitPrice)
        {
            var own = await Sent(await platform.PostAsJsonAsync("/api/v1/pricing", new
            {
                key = $"own-{unitPrice[2..]}",
                name = "Own",
                scope = "Subscription",
                tenantId = branch.Tenant.Id.Value,
                subscriptionId = subscription.Value,
                currency = "EUR",
                validFrom = "2023-05-01",
                validUntil = "2023-06-01",
                items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice } } },
            }));
            return $"/api/v1/pricing/{own.GetProperty("id").GetString()}/items";
        }

        var items = await OwnAsync(quiet, "0.02");
        await app.BillAsync("2023-05");
        var later = app.Subscribe(branch.Tenant, new(2023, 5, 22), Span(plan, "2023-05-22/2023-08-01", 0));
        await OwnAsync(known, "0.99");
        await OwnAsync(later, "0.01");
        await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.09", validFrom: "2023-05-01")));
        foreach (var subscription in new[] { quiet, known, later })
            app.Use(branch.Tenant, subscription, "2023-05-23", "gb", "100", "STORAGE");
        await app.BillAsync("2023-06");
        // What its month was billed by stays, for who was billed by it, and for whom it had a price of his own.
        (await app.LinesAsync(branch.Tenant, "2023-06")).ShouldBe(
        [
            "base 31.00 at 20", "base 31.00 at 20", "Storage 2.00 at 20, 2023-05-01 #1: 2.00 - 0.00",
            "Storage 5.00 at 20, 2023-05-01 #1: 5.00 - 0.00", "base 10.00 at 20, 2023-05-01 #1: 10.00 - 0.00",
            "Storage 1.00 at 20, 2023-05-01 #1: 1.00 - 0.00",
        ], ignoreOrder: true);
        // Also when there is more of it, and when the month was started again meanwhile.
        await app.BillAsync("2023-05");
        app.Use(branch.Tenant, later, "2023-05-24", "gb", "100", "STORAGE");
        await app.BillAsync("2023-07");
        (await app.LinesAsync(branch.Tenant, "2023-07")).ShouldBe(
            ["base 31.00 at 20", "base 31.00 at 20", "Storage 1.00 at 20, 2023-05-01 #2: 2.00 - 1.00"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_had_no_price_when_its_month_was_billed_is_billed_late_by_that_of_a_later_round()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("no-price-yet", [Flat("base", "10")], usesPriceLists: true);
        var id = app.Subscribe(branch.Tenant, new(2023, 1, 1), Span(plan, "2023-01-01/2023-02-01", 0));
        app.Use(branch.Tenant, id, "2023-01-02", "gb", "20", "STORAGE");
        await app.BillAsync("2023-01");
        app.Use(branch.Tenant, id, "2023-01-03", "gb", "100", "ARCHIVE");
        await app.BillAsync("2023-02");
        using var platform = branch.Administrator();
        (await ItemsAsync(platform, $"/api/v1/invoices?period=2023-02&tenantId={branch.Tenant.Id.Value}")).ShouldBeEmpty();

        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        object Item(string sku, string unitPrice) => new { sku, meter = "gb", name = sku, price = new { model = "perUnit", unitPrice } };
        await Sent(await platform.PutAsJsonAsync(items, new
        {
            validFrom = "2020-01-01",
            items = new[] { Item("STORAGE", "0.5"), Item("ARCHIVE", "2") },
        }));
        try
        {
            await app.BillAsync("2023-01");
            await app.BillAsync("2023-02");
        }
        finally
        {
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.05")));
        }

        // What had a price keeps it.
        (await app.LinesAsync(branch.Tenant, "2023-02")).ShouldBe(["ARCHIVE 200.00 at 20, 2023-01-01 #1: 200.00 - 0.00"]);
    }

    [Fact]
    public async Task What_had_no_rate_when_its_month_was_billed_is_billed_late_by_that_of_a_later_round()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("no-rate-yet", [Flat("base", "10")], usesPriceLists: true);
        var francs = await app.PlanAsync("francs-later", [Flat("francs", "31")], "CHF");
        var id = app.Subscribe(branch.Tenant, new(2023, 3, 1), Span(plan, "2023-03-01/2023-04-01", 0));
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        object price = new { model = "perUnit", unitPrice = "1", taxCategory = "AA" };
        await Sent(await platform.PutAsJsonAsync(
            $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items",
            new { items = new[] { new { sku = "TAXED", meter = "gb", name = "Taxed", price } } }));
        await app.BillAsync("2023-03");
        app.Use(branch.Tenant, id, "2023-03-05", "gb", "10", "TAXED");
        await app.BillAsync("2023-04");
        (await app.InvoicesAsync(branch.Tenant, "2023-04")).ShouldBeEmpty();

        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "AA", percent = "7", validFrom = "2020-01-01" }));
        await app.BillAsync("2023-03");
        await app.BillAsync("2023-04");
        (await app.LinesAsync(branch.Tenant, "2023-04")).ShouldBe(["Taxed 10.00 at 7, 2023-03-01 #1: 10.00 - 0.00"]);

        // And what is in a currency of which there was no rate.
        app.Subscribe(branch.Tenant, new(2023, 3, 22), Span(francs, "2023-03-22/2023-04-01", 0));
        app.Changes.Add(new(branch.Tenant.Id, new(2023, 3, 1)));
        await app.BillAsync("2023-05");
        (await app.InvoicesAsync(branch.Tenant, "2023-05")).ShouldBeEmpty();
        await Sent(await platform.PostAsJsonAsync("/api/v1/directory/exchange-rates", new
        {
            rates = new[] { new { from = "CHF", to = "EUR", date = "2023-03-30", rate = "0.9" } },
        }));
        await app.BillAsync("2023-03");
        await app.BillAsync("2023-05");
        (await app.LinesAsync(branch.Tenant, "2023-05")).ShouldBe(["francs 9.00 at 20, 2023-03-01 #1: 9.00 - 0.00"]);
    }

    [Fact]
    public async Task What_a_draft_was_drawn_by_stays_until_it_is_drawn_anew()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("drafted", [Flat("base", "10")]);
        app.Subscribe(branch.Tenant, new(2023, 11, 1), Span(plan, "2023-11-01/2023-12-01", 0));
        await app.BillAsync("2023-11", issue: false);
        string? pinned = null;
        // The round is planned, and the draft is still the one of before, which may be issued by hand.
        app.Probe.At = async place =>
        {
            if (place == "subscriptions")
                pinned ??= await PinnedAsync("2023-11");
        };
        try
        {
            await app.BillAsync("2023-11", issue: false);
        }
        finally
        {
            app.Probe.At = null;
        }

        pinned.ShouldBe("rounds 1 2, prices 1-2");
    }

    private static async Task TaxAsync(HttpClient platform, string percent) => await Sent(await platform.PutAsJsonAsync(
        "/api/v1/tax-rates", new { country = "DE", category = "S", percent, validFrom = "2020-01-01" }));

    private Task<string?> PinnedAsync(string month) => app.ScalarAsync<string>(
        $"""
        select 'rounds ' || (select string_agg(round::text, ' ' order by round) from billing.run_rounds where run_id = r.id) || ', prices '
            || (select string_agg(first_round || '-' || last_round, ' ' order by first_round) from billing.run_prices where run_id = r.id)
        from billing.runs r where period_start = '{month}-01'
        """);
}
