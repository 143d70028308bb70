using System.Net.Http.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Documents;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What comes late for a billed month is a line of the next invoice.</summary>
public sealed class LateUsageTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task What_comes_late_is_a_line_of_the_next_invoice_and_no_issued_one_changes()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("late", [Flat("base", "10"), Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2022, 1, 1), Span(plan, "2022-01-01/2023-01-01", 0));
        app.Use(branch.Tenant, subscription, "2022-01-10", "calls", "7");
        await app.BillAsync("2022-01");
        var january = await app.StoredAsync(branch.Tenant, "2022-01");

        app.Use(branch.Tenant, subscription, "2022-01-31", "calls", "5");
        await app.BillAsync("2022-02");
        (await app.LinesAsync(branch.Tenant, "2022-02")).ShouldBe(
            ["base 10.00 at 20", "Calls 2.00 at 20", "Calls 43.00 at 20, 2022-01-01 #1: 115.00 - 72.00"]);
        var february = await app.StoredAsync(branch.Tenant, "2022-02");

        // And once more, for the same thing: less this time.
        app.Use(branch.Tenant, subscription, "2022-01-31", "calls", "-2");
        await app.BillAsync("2022-03");
        (await app.LinesAsync(branch.Tenant, "2022-03")).ShouldBe(
            ["base 10.00 at 20", "Calls 2.00 at 20", "Calls -13.00 at 20, 2022-01-01 #2: 102.00 - 115.00"]);

        // Nothing is late any more, however often it is billed.
        await app.BillAsync("2022-02");
        await app.BillAsync("2022-04");
        (await app.LinesAsync(branch.Tenant, "2022-04")).ShouldBe(["base 10.00 at 20", "Calls 2.00 at 20"]);
        (await app.StoredAsync(branch.Tenant, "2022-01"), await app.StoredAsync(branch.Tenant, "2022-02")).ShouldBe((january, february));
        (await app.ScalarAsync<long>($"select count(*) from billing.late_months where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(0);
    }

    [Fact]
    public async Task A_month_that_is_still_a_draft_is_drawn_anew_and_adjusts_nothing()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("draft", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2021, 1, 1), Span(plan, "2021-01-01/2021-04-01", 0));
        app.Use(branch.Tenant, subscription, "2021-01-10", "calls", "7");
        await app.BillAsync("2021-01", issue: false);
        app.Use(branch.Tenant, subscription, "2021-01-31", "calls", "5");
        await app.BillAsync("2021-02");
        (await app.LinesAsync(branch.Tenant, "2021-02")).ShouldBe(["Calls 2.00 at 20"]);
        await app.BillAsync("2021-01");
        (await app.LinesAsync(branch.Tenant, "2021-01")).ShouldBe(["Calls 115.00 at 20"]);
        await app.BillAsync("2021-03");
        (await app.LinesAsync(branch.Tenant, "2021-03")).ShouldBe(["Calls 2.00 at 20"]);
    }

    [Fact]
    public async Task Who_has_left_gets_an_invoice_of_what_came_late_and_one_below_zero_is_owed_to_him()
    {
        var branch = await app.BranchAsync();
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("left", [Calls]);
        var (more, less) = (app.Subscribe(branch.Tenant, plan, "2021-05"), app.Subscribe(other, plan, "2021-05"));
        app.Use(branch.Tenant, more, "2021-05-10", "calls", "7");
        app.Use(other, less, "2021-05-10", "calls", "12");
        await app.BillAsync("2021-05");
        app.Use(branch.Tenant, more, "2021-05-11", "calls", "5");
        app.Use(other, less, "2021-05-11", "calls", "-5");

        using var platform = await app.PlatformAsync();
        var shown = await GetAsync(platform, "/api/v1/billing/generate/2021-06");
        shown.GetProperty("totals")[0].GetProperty("invoices").GetInt32().ShouldBe(2);
        await app.BillAsync("2021-06");
        (await app.LinesAsync(branch.Tenant, "2021-06")).ShouldBe(["Calls 43.00 at 20, 2021-05-01 #1: 115.00 - 72.00"]);
        var (path, invoice) = await app.InvoiceOfAsync(other, "2021-06");
        (invoice.Text("status"), invoice.Amount("total"), invoice.Amount("open")).ShouldBe(("Issued", "-51.60", "-51.60"));
        var paid = await Sent(await IssuedInvoices.PayAsync(platform, path, "-51.60", "refund", "2026-01-10"));
        (await GetAsync(platform, path)).Text("status").ShouldBe("Paid", paid.GetRawText());
        (await app.NetAsync(other, "2021-05", "2021-06")).ShouldBe(72m);

        // By day the amount stands with the month that charges it, so that the rows of a month add up to its invoice; how much was used
        // on a day is told once.
        foreach (var (month, amount, quantity) in new[] { ("2021-05", 72.00m, 12m), ("2021-06", 43.00m, 0m) })
        {
            var days = await ItemsAsync(platform, $"/api/v1/billing/yearmonth/{month}?limit=200&tenantId={branch.Tenant.Id.Value}");
            days.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(amount);
            days.Sum(x => decimal.Parse(x.Text("quantity"))).ShouldBe(quantity);
            days.ShouldAllBe(x => x.Text("day").StartsWith("2021-05"));
        }
    }

    [Fact]
    public async Task The_tax_is_that_of_the_adjusted_month()
    {
        var branch = await app.BranchAsync("FR");
        using var platform = await app.PlatformAsync();
        foreach (var (percent, from) in new[] { ("10", "2020-01-01"), ("25", "2021-08-01") })
            await Sent(await platform.PutAsJsonAsync("/api/v1/tax-rates", new { country = "FR", category = "S", percent, validFrom = from }));
        var plan = await app.PlanAsync("taxed", [Flat("base", "100"), Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2021, 7, 1), Span(plan, "2021-07-01/2021-09-01", 0));
        app.Use(branch.Tenant, subscription, "2021-07-10", "calls", "7");
        await app.BillAsync("2021-07");
        app.Use(branch.Tenant, subscription, "2021-07-11", "calls", "5");
        await app.BillAsync("2021-08");
        (await app.LinesAsync(branch.Tenant, "2021-08")).ShouldBe(
            ["base 100.00 at 25", "Calls 2.00 at 25", "Calls 43.00 at 10, 2021-07-01 #1: 115.00 - 72.00"]);
        var (invoice, _) = (await app.InvoicesAsync(branch.Tenant, "2021-08")).ShouldHaveSingleItem();
        invoice.GetProperty("taxes").EnumerateArray().Select(x => $"{decimal.Parse(x.Text("percent")):0.##} {x.Amount("net")} {x.Amount("tax")}")
            .ShouldBe(["25 102.00 25.50", "10 43.00 4.30"]);

        // On paper, too: two subtotals, and the days of the line within those of the document.
        var path = $"/api/v1/invoices/{invoice.Text("id")}";
        var xml = System.Xml.Linq.XDocument.Parse(await platform.TextAsAsync(path, "text/xml"));
        En16931.Broken(xml.Root!).ShouldBeEmpty();
        xml.Descendants().Count(x => x.Name.LocalName == "TaxSubtotal").ShouldBe(2);
        xml.Descendants().Where(x => x.Name.LocalName == "StartDate").Select(x => x.Value)
            .ShouldBe(["2021-07-01", "2021-08-01", "2021-08-01", "2021-07-01"]);
        xml.Descendants().Last(x => x.Name.LocalName == "Note").Value.ShouldEndWith(
            "Adjustment of 2021-07-01 - 2021-07-31: due 115.00 EUR, billed before 72.00 EUR");
        (await platform.TextAsAsync(path, "text/csv")).ShouldContain(",2021-07,115.00,72.00,");
    }

    [Fact]
    public async Task A_minimum_shrinks_a_cap_holds_and_a_coupon_takes_its_part()
    {
        var branch = await app.BranchAsync();
        var (capped, reduced) = (await app.TenantAsync(branch.Platform, branch.Partner), await app.TenantAsync(branch.Platform, branch.Partner));
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "10" } };
        var least = await app.PlanAsync("least", [calls], terms: new { commitment = new { minimum = "100.00" } });
        var most = await app.PlanAsync("most", [calls], terms: new { commitment = new { cap = "80.00" } });
        var plain = await app.PlanAsync("plain", [calls]);
        using var platform = await app.PlatformAsync();
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "LATE10", name = "Ten", validFrom = "2020-01-01", percent = "10", periods = 1 }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = reduced.Id.Value, startsOn = "2021-10-01" }));
        (OrganizationRef Tenant, Licensing.Provisioning.Contracts.SubscriptionId Id)[] all =
        [
            (branch.Tenant, app.Subscribe(branch.Tenant, least, "2021-10")), (capped, app.Subscribe(capped, most, "2021-10")),
            (reduced, app.Subscribe(reduced, plain, "2021-10")),
        ];
        foreach (var (tenant, id) in all)
            app.Use(tenant, id, "2021-10-10", "calls", "6");
        await app.BillAsync("2021-10");
        foreach (var (tenant, id) in all)
            app.Use(tenant, id, "2021-10-20", "calls", "3");
        await app.BillAsync("2021-11");
        (await app.LinesAsync(branch.Tenant, "2021-11")).ShouldBe(
            ["Calls 30.00 at 20, 2021-10-01 #1: 90.00 - 60.00", "least: minimum commitment -30.00 at 20, 2021-10-01 #1: 10.00 - 40.00"]);
        (await app.LinesAsync(capped, "2021-11")).ShouldBe(["Calls 20.00 at 20, 2021-10-01 #1: 80.00 - 60.00"]);
        (await app.LinesAsync(reduced, "2021-11")).ShouldBe(["Calls 27.00 at 20, 2021-10-01 #1: 81.00 - 54.00"]);
    }

    [Fact]
    public async Task Void_gives_the_adjustment_back_and_billing_anew_comes_to_the_same()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("voided", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2020, 1, 1), Span(plan, "2020-01-01/2020-05-01", 0));
        app.Use(branch.Tenant, subscription, "2020-01-10", "calls", "7");
        await app.BillAsync("2020-01");
        app.Use(branch.Tenant, subscription, "2020-01-11", "calls", "5");
        await app.BillAsync("2020-02");
        string[] february = ["Calls 2.00 at 20", "Calls 43.00 at 20, 2020-01-01 #1: 115.00 - 72.00"];
        (await app.LinesAsync(branch.Tenant, "2020-02")).ShouldBe(february);
        await app.BillAsync("2020-03");
        (await app.ScalarAsync<long>($"select count(*) from billing.late_months where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(0);

        using var platform = await app.PlatformAsync();
        async Task VoidAsync(string month)
        {
            var (path, _) = await app.InvoiceOfAsync(branch.Tenant, month);
            await Sent(await platform.PostAsJsonAsync($"{path}/void", new { reason = "wrong" }));
        }

        await VoidAsync("2020-02");
        await app.BillAsync("2020-02");
        (await app.LinesAsync(branch.Tenant, "2020-02")).ShouldBe(february);

        // The month itself withdrawn: no other month bills it, and billed anew it is whole, less what others adjusted of it.
        await VoidAsync("2020-01");
        await app.BillAsync("2020-04");
        (await app.LinesAsync(branch.Tenant, "2020-04")).ShouldBe(["Calls 2.00 at 20"]);
        await app.BillAsync("2020-01");
        (await app.LinesAsync(branch.Tenant, "2020-01")).ShouldBe(["Calls 115.00 at 20", "Calls -43.00 at 20, 2020-01-01 #2: 0.00 - 43.00"]);
        (await app.NetAsync(branch.Tenant, "2020-01", "2020-02", "2020-03", "2020-04")).ShouldBe(121m);
    }

    [Fact]
    public async Task A_month_that_is_billed_after_all_takes_back_what_another_adjusted()
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var subscription = app.Subscribe(
            branch.Tenant, new(2023, 5, 1), Span(await app.PlanAsync("after-all", [calls]), "2023-05-01/2023-08-01", 0));
        await app.BillAsync("2023-05");
        (await app.InvoicesAsync(branch.Tenant, "2023-05")).ShouldBeEmpty();
        app.Use(branch.Tenant, subscription, "2023-05-10", "calls", "10");
        await app.BillAsync("2023-06");
        (await app.LinesAsync(branch.Tenant, "2023-06")).ShouldBe(["Calls 10.00 at 20, 2023-05-01 #1: 10.00 - 0.00"]);
        await app.BillAsync("2023-07");
        await app.BillAsync("2023-05");
        (await app.LinesAsync(branch.Tenant, "2023-05")).ShouldBe(["Calls 10.00 at 20", "Calls -10.00 at 20, 2023-05-01 #2: 0.00 - 10.00"]);
    }

    [Fact]
    public async Task Two_months_that_are_drafted_at_once_adjust_it_once()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("at-once", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2020, 7, 1), Span(plan, "2020-07-01/2020-10-01", 0));
        app.Use(branch.Tenant, subscription, "2020-07-10", "calls", "7");
        await app.BillAsync("2020-07");
        app.Use(branch.Tenant, subscription, "2020-07-11", "calls", "5");
        using var platform = await app.PlatformAsync();
        await StartAsync(platform, "2020-08");
        var met = false;
        app.Probe.At = async place =>
        {
            // August is rated, and before it is written September is billed whole.
            if (place != "rated" || met)
                return;
            met = true;
            await StartAsync(platform, "2020-09");
            var september = await app.InAsync<BillingDb, Guid>(db => db.Runs
                .Where(x => x.PeriodStart == new DateOnly(2020, 9, 1)).Select(x => x.Id).SingleAsync(Ct));
            await app.Services.GetRequiredService<RunWorkers>().WorkAsync(september, Ct);
        };
        await app.DrainAsync();
        met.ShouldBeTrue();
        string[] lines = [.. await app.LinesAsync(branch.Tenant, "2020-08"), .. await app.LinesAsync(branch.Tenant, "2020-09")];
        lines.Count(line => line.Contains('#')).ShouldBe(1, string.Join("\n", lines));
        (await app.NetAsync(branch.Tenant, "2020-07", "2020-08", "2020-09")).ShouldBe(119m);
    }

    [Fact]
    public async Task What_cannot_be_rated_is_told_and_keeps_no_bill_back()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("unrated", [Flat("base", "10")], usesPriceLists: true);
        var subscription = app.Subscribe(branch.Tenant, new(2020, 11, 1), Span(plan, "2020-11-01/2021-01-01", 0));
        await app.BillAsync("2020-11");
        app.Use(branch.Tenant, subscription, "2020-11-10", "gb", "5", "UNPRICED");
        var operation = await app.BillAsync("2020-12");
        (await app.LinesAsync(branch.Tenant, "2020-12")).ShouldBe(["base 10.00 at 20"]);
        var told = operation.GetProperty("errors").EnumerateArray().Single(x => x.Text("subject") == branch.Tenant.ExternalId);
        told.Text("code").ShouldBe("price_missing");
        told.Text("message").ShouldStartWith("What came late for 2020-11: ");
    }

    [Fact]
    public async Task What_belongs_to_days_before_a_transfer_is_for_the_partner_of_those_days()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var plan = await app.PlanAsync("moved", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2025, 12, 1), Span(plan, "2025-12-01/2026-01-01", 0));
        app.Use(branch.Tenant, subscription, "2025-12-10", "calls", "7");
        await app.BillAsync("2025-12");
        using var platform = branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        app.Use(branch.Tenant, subscription, "2025-12-31", "calls", "5");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var moved = await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, Ct));
        app.Subscribe(moved!, plan, "2026-01");
        using var former = branch.As(Roles.PartnerReader);
        using var present = branch.As(Roles.PartnerReader, next);
        // What is not billed yet is shown to whose it will be.
        var estimated = (await GetAsync(present, "/api/v1/billing/summary?period=2026-01")).GetProperty("items").EnumerateArray();
        estimated.ShouldHaveSingleItem().Amount("net").ShouldBe("2.00");
        await app.BillAsync("2026-01");

        var invoices = await app.InvoicesAsync(branch.Tenant, "2026-01");
        invoices.Select(x => $"{x.Invoice.Text("kind")} {x.Lines.ShouldHaveSingleItem().Amount("net")}").Order()
            .ShouldBe(["Late 43.00", "Regular 2.00"]);
        (await ItemsAsync(former, "/api/v1/invoices?period=2026-01")).ShouldHaveSingleItem().Text("kind").ShouldBe("Late");
        (await ItemsAsync(present, "/api/v1/invoices?period=2026-01")).ShouldHaveSingleItem().Text("kind").ShouldBe("Regular");
    }
}
