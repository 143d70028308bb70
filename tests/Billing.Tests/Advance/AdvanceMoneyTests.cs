using System.Net.Http.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Documents;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.Advance.AheadLines;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Advance;

/// <summary>Coupons, credits, commitments, taxes, currencies and documents of what is billed in advance; and two months billed at once.</summary>
public sealed class AdvanceMoneyTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task A_coupon_of_the_month_takes_its_part_with_the_month_and_once()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "AHEAD10", name = "Ten", validFrom = "2020-01-01", percent = "10", periods = 1 }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = branch.Tenant.Id.Value, startsOn = "2020-02-01" }));
        var plan = await app.PlanAsync("couponed", [FlatAhead("base", "50.00"), Flat("after", "20.00")]);
        app.Subscribe(branch.Tenant, new(2020, 1, 1), Span(plan, "2020-01-01/2020-04-01", 0));
        await app.BillAsync("2020-01");
        await app.BillAsync("2020-02");
        await app.BillAsync("2020-03");
        (await app.ShownAsync(branch.Tenant, "2020-01")).ShouldBe(
            ["base 50.00 01-01/02-01", "after 20.00 01-01/02-01", "base 50.00 02-01/03-01 ahead of 2020-02"]);
        (await app.ShownAsync(branch.Tenant, "2020-02")).ShouldBe(
            ["base -5.00 02-01/03-01, 2020-02 #1: 45.00 - 50.00", "after 18.00 02-01/03-01", "base 50.00 03-01/04-01 ahead of 2020-03"]);
        (await app.ShownAsync(branch.Tenant, "2020-03")).ShouldBe(["after 20.00 03-01/04-01"]);
    }

    [Fact]
    public async Task A_difference_that_a_credit_pays_is_a_line_all_the_same_and_so_is_not_found_again()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "PAID10", name = "Ten", validFrom = "2024-01-01", percent = "10", periods = 1 }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = branch.Tenant.Id.Value, startsOn = "2024-02-01" }));
        var plan = await app.PlanAsync("coupon-paid", [FlatAhead("base", "50.00"), Flat("after", "20.00")]);
        app.Subscribe(branch.Tenant, new(2024, 1, 1), Span(plan, "2024-01-01/2024-03-01", 0));
        await app.BillAsync("2024-01");
        await Sent(await platform.PostAsJsonAsync("/api/v1/billing/credits", new
        {
            tenantId = branch.Tenant.Id.Value,
            reference = "all",
            name = "all",
            amount = new { amount = "20.00", currency = "EUR" },
            validFrom = "2024-02-01",
        }));
        await app.BillAsync("2024-02");
        (await app.ShownAsync(branch.Tenant, "2024-02")).ShouldBe(
            ["base 0.00 02-01/03-01, 2024-02 #1: 45.00 - 50.00", "after 0.00 02-01/03-01"]);
        (await app.ScalarAsync<decimal>($"select remaining from billing.credits where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(7m);
    }

    [Fact]
    public async Task A_minimum_and_a_cap_count_what_was_billed_in_advance_once()
    {
        var branch = await app.BranchAsync();
        var capped = await app.TenantAsync(branch.Platform, branch.Partner);
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "10" } };
        var least = await app.PlanAsync("least-ahead", [FlatAhead("base", "50.00"), calls], terms: new { commitment = new { minimum = "100.00" } });
        var most = await app.PlanAsync("most-ahead", [FlatAhead("base", "50.00"), calls], terms: new { commitment = new { cap = "80.00" } });
        var (one, other) = (
            app.Subscribe(branch.Tenant, new(2020, 6, 1), Span(least, "2020-06-01/2020-08-01", 0)),
            app.Subscribe(capped, new(2020, 6, 1), Span(most, "2020-06-01/2020-08-01", 0)));
        app.Use(branch.Tenant, one, "2020-07-02", "calls", "2");
        app.Use(capped, other, "2020-07-02", "calls", "5");
        await app.BillAsync("2020-06");
        await app.BillAsync("2020-07");
        (await app.ShownAsync(branch.Tenant, "2020-06")).ShouldBe(
            ["base 50.00 06-01/07-01", "least-ahead: minimum commitment 50.00 06-01/07-01", "base 50.00 07-01/08-01 ahead of 2020-07"]);
        (await app.ShownAsync(branch.Tenant, "2020-07")).ShouldBe(["Calls 20.00 07-01/08-01", "least-ahead: minimum commitment 30.00 07-01/08-01"]);
        // 100.00 are capped by 20.00, half of it of what was billed in advance.
        (await app.ShownAsync(capped, "2020-07")).ShouldBe(["base -10.00 07-01/08-01, 2020-07 #1: 40.00 - 50.00", "Calls 40.00 07-01/08-01"]);
    }

    [Fact]
    public async Task A_credit_pays_for_what_is_billed_in_advance()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PostAsJsonAsync("/api/v1/billing/credits", new
        {
            tenantId = branch.Tenant.Id.Value,
            reference = "c",
            name = "c",
            amount = new { amount = "50.00", currency = "EUR" },
            validFrom = "2020-10-01",
        }));
        var plan = await app.PlanAsync("paid-ahead", [FlatAhead("base", "30.00")]);
        var id = app.Subscribe(branch.Tenant, new(2020, 10, 1), Span(plan, "2020-10-01/2020-12-01", 0));
        await app.BillAsync("2020-10");
        (await app.ShownAsync(branch.Tenant, "2020-10")).ShouldBe(["base 5.00 10-01/11-01", "base 5.00 11-01/12-01 ahead of 2020-11"]);
        (await app.ScalarAsync<decimal>($"select remaining from billing.credits where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(0m);
        // Of 30.00 the credit paid 25.00 and 15.00 are due: 5.00 of money go back, and 10.00 to the credit.
        app.Subscriptions.Change(id, Span(plan, "2020-10-01/2020-11-16", 0));
        await app.BillAsync("2020-11");
        (await app.ShownAsync(branch.Tenant, "2020-11")).ShouldBe(["base -5.00 11-16/12-01, 2020-11 #1: 15.00 - 30.00"]);
        (await app.ScalarAsync<decimal>($"select remaining from billing.credits where tenant_id = '{branch.Tenant.Id.Value}'")).ShouldBe(10m);
    }

    [Fact]
    public async Task The_tax_is_that_of_the_first_day_and_a_difference_keeps_it()
    {
        var branch = await app.BranchAsync("FR");
        using var platform = await app.PlatformAsync();
        foreach (var (percent, from) in new[] { ("10", "2020-01-01"), ("20", "2021-03-01"), ("25", "2021-03-16") })
            await Sent(await platform.PutAsJsonAsync("/api/v1/tax-rates", new { country = "FR", category = "S", percent, validFrom = from }));
        var plan = await app.PlanAsync("taxed-ahead", [SeatsAhead("31.00")]);
        var id = app.Subscribe(branch.Tenant, new(2021, 2, 1), Span(plan, "2021-02-01/2021-04-01", 1));
        await app.BillAsync("2021-02");
        (await app.LinesAsync(branch.Tenant, "2021-02")).ShouldBe(["Seats 31.00 at 10", "Seats 31.00 at 20"]);
        await app.ShownAsync(branch.Tenant, "2021-02");
        app.Subscriptions.Change(id, Span(plan, "2021-02-01/2021-03-02", 1), Span(plan, "2021-03-02/2021-04-01", 2));
        await app.BillAsync("2021-03");
        (await app.LinesAsync(branch.Tenant, "2021-03")).ShouldBe(["Seats -30.00 at 20, 2021-03-01 #1: 1.00 - 31.00", "Seats 60.00 at 25"]);
        await app.ShownAsync(branch.Tenant, "2021-03");
    }

    [Fact]
    public async Task A_rate_of_exchange_is_that_by_which_was_billed_in_advance()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PostAsJsonAsync("/api/v1/directory/exchange-rates", new
        {
            rates = new[]
            {
                new { from = "CHF", to = "EUR", date = "2021-06-01", rate = "1.1" },
                new { from = "CHF", to = "EUR", date = "2021-07-20", rate = "2" },
                new { from = "CHF", to = "EUR", date = "2021-08-20", rate = "3" },
            },
        }));
        var plan = await app.PlanAsync("abroad-ahead", [SeatsAhead("10.00"), SettlementApp.Calls], currency: "CHF");
        var id = app.Subscribe(branch.Tenant, new(2021, 6, 1), Span(plan, "2021-06-01/2021-09-01", 3));
        app.Use(branch.Tenant, id, "2021-07-01", "calls", "7");
        await app.BillAsync("2021-06");
        app.Subscriptions.Change(
            id, Span(plan, "2021-06-01/2021-07-02", 3), Span(plan, "2021-07-02/2021-08-01", 6), Span(plan, "2021-08-01/2021-09-01", 6));
        await app.BillAsync("2021-07");
        (await app.ShownAsync(branch.Tenant, "2021-07")).ShouldBe(
        [
            "Seats -31.94 07-02/08-01, 2021-07 #1: 1.06 - 33.00", "Seats 63.87 07-02/08-01", "Calls 144.00 07-01/08-01",
            "Seats 120.00 08-01/09-01 ahead of 2021-08",
        ]);
        // Late usage has the rate of the month's usage, and what was in advance its own.
        app.Use(branch.Tenant, id, "2021-07-02", "calls", "5");
        await app.BillAsync("2021-08");
        (await app.ShownAsync(branch.Tenant, "2021-08")).ShouldBe(
            ["Calls 6.00 08-01/09-01", "Calls 86.00 07-01/08-01, 2021-07 #1: 230.00 - 144.00"]);
    }

    [Fact]
    public async Task What_cannot_be_billed_in_advance_waits_for_its_month()
    {
        var branch = await app.BranchAsync("IT");
        using var platform = await app.PlatformAsync();
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "IT", category = "S", percent = "20", validFrom = "2020-01-01" }));
        var plan = await app.PlanAsync("untaxed-ahead", [FlatAhead("base", "10.00", "AA"), Flat("after", "1.00")]);
        var plain = await app.PlanAsync("plain-before", [Flat("base", "1.00")]);
        app.Subscribe(branch.Tenant, new(2021, 11, 1), Span(plain, "2021-11-01/2021-12-01", 0), Span(plan, "2021-12-01/2022-01-01", 0));
        await app.BillAsync("2021-11");
        (await app.ShownAsync(branch.Tenant, "2021-11")).ShouldBe(["base 1.00 11-01/12-01"]);
        var operation = await app.BillAsync("2021-12");
        operation.GetProperty("errors").EnumerateArray().Single(x => x.Text("subject") == branch.Tenant.ExternalId).Text("code")
            .ShouldBe("tax_rate_missing");
    }

    [Fact]
    public async Task After_a_transfer_the_month_belongs_to_the_new_partner_and_the_bill_before_it_stays()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var plan = await app.PlanAsync("moved-ahead", [SeatsAhead("10.00")]);
        var id = app.Subscribe(branch.Tenant, new(2025, 12, 1), Span(plan, "2025-12-01/2026-02-01", 5));
        await app.BillAsync("2025-12");
        using var platform = branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        app.Subscriptions.Change(id, Span(plan, "2025-12-01/2026-01-01", 5));
        app.Clock.Advance(TimeSpan.FromDays(31));
        await app.BillAsync("2026-01");
        (await app.ShownAsync(branch.Tenant, "2026-01")).ShouldBe(["Seats -50.00 01-01/02-01, 2026-01 #1: 0.00 - 50.00"]);
        using var former = branch.As(Roles.PartnerReader);
        using var present = branch.As(Roles.PartnerReader, next);
        (await ItemsAsync(former, "/api/v1/invoices")).ShouldHaveSingleItem().Amount("net").ShouldBe("100.00");
        (await ItemsAsync(present, "/api/v1/invoices")).ShouldHaveSingleItem().Amount("net").ShouldBe("-50.00");
    }

    [Fact]
    public async Task Paper_and_daily_rows_say_which_days_it_is_for()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("shown-ahead", [SeatsAhead("30.00"), Flat("after", "31.00")]);
        var id = app.Subscribe(branch.Tenant, new(2022, 8, 1), Span(plan, "2022-08-01/2022-10-01", 1));
        using var platform = await app.PlatformAsync();
        // Not billed yet it is shown as it will be.
        (await GetAsync(platform, "/api/v1/billing/generate/2022-08")).GetProperty("totals")[0].Amount("net").ShouldBe("91.00");
        await app.BillAsync("2022-08");
        app.Subscriptions.Change(id, Span(plan, "2022-08-01/2022-09-11", 1), Span(plan, "2022-09-11/2022-10-01", 2));
        await app.BillAsync("2022-09");

        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2022-08");
        foreach (var invoice in new[] { path, (await app.InvoiceOfAsync(branch.Tenant, "2022-09")).Path })
            En16931.Broken(System.Xml.Linq.XDocument.Parse(await platform.TextAsAsync(invoice, "text/xml")).Root!).ShouldBeEmpty();
        var xml = System.Xml.Linq.XDocument.Parse(await platform.TextAsAsync(path, "text/xml"));
        xml.Descendants().Where(x => x.Name.LocalName is "StartDate" or "EndDate").Select(x => x.Value).ShouldBe(
            ["2022-08-01", "2022-09-30", "2022-08-01", "2022-08-31", "2022-08-01", "2022-08-31", "2022-09-01", "2022-09-30"]);
        (await platform.TextAsAsync(path, "text/csv")).Split('\n')[3].ShouldContain(
            ",2022-09-01,2022-10-01,30,30,1,30.00,0.00,30.00,6.00,S,20,EUR,,,,2022-09,");
        (await platform.TextAsAsync(path, "text/html")).ShouldContain("01.09.2022 - 30.09.2022");

        // What is for another month's days is one row with the month whose invoice it is on, so that the rows are the invoice.
        foreach (var (month, sum) in new[] { ("2022-08", 91m), ("2022-09", 51m) })
        {
            var rows = await Activity.ActivityTests.AllAsync(
                platform, $"/api/v1/billing/yearmonth/{month}?tenantId={branch.Tenant.Id.Value}", limit: 200);
            rows.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(sum);
            var seats = rows.Where(x => x.Text("chargeKey") == "seats").ToLookup(x => x.Text("day"), x => decimal.Parse(x.Amount("amount")));
            if (month == "2022-08")
                (seats["2022-08-31"].Single(), seats["2022-09-01"].Single(), seats.Count).ShouldBe((0.96m, 30m, 32));
            else
                (seats["2022-09-10"].Count(), seats["2022-09-11"].Sum(), seats.Count).ShouldBe((0, 1m, 20));
        }
    }

    [Fact]
    public async Task Two_months_that_are_drafted_at_once_bill_it_once()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("raced-ahead", [FlatAhead("base", "10.00")]);
        app.Subscribe(branch.Tenant, new(2023, 3, 1), Span(plan, "2023-03-01/2023-05-01", 0));
        using var platform = await app.PlatformAsync();
        await StartAsync(platform, "2023-03");
        var met = false;
        app.Probe.At = async place =>
        {
            // March is rated, with April ahead; before it is written April is billed whole.
            if (place != "rated" || met)
                return;
            met = true;
            // And it has no first of April any more, so that no unique key finds the two the same thing.
            app.Subscriptions.Change(
                app.Subscriptions.Of(branch.Tenant), Span(plan, "2023-03-01/2023-04-01", 0), Span(plan, "2023-04-02/2023-05-01", 0));
            await StartAsync(platform, "2023-04");
            var april = await app.InAsync<BillingDb, Guid>(db => db.Runs
                .Where(x => x.PeriodStart == new DateOnly(2023, 4, 1)).Select(x => x.Id).SingleAsync(Ct));
            await app.Services.GetRequiredService<RunWorkers>().WorkAsync(april, Ct);
        };
        await app.DrainAsync();
        met.ShouldBeTrue();
        (await app.ShownAsync(branch.Tenant, "2023-03")).ShouldBe(["base 10.00 03-01/04-01"]);
        (await app.ShownAsync(branch.Tenant, "2023-04")).ShouldBe(["base 9.67 04-02/05-01"]);
    }

    [Fact]
    public async Task The_database_knows_a_thing_once_whether_in_advance_or_not()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("keyed-ahead", [FlatAhead("base", "10.00")]);
        app.Subscribe(branch.Tenant, new(2023, 9, 1), Span(plan, "2023-09-01/2023-11-01", 0));
        await app.BillAsync("2023-09", issue: false);
        var insert = """
            insert into billing.invoice_lines
            select (jsonb_populate_record(l, to_jsonb(l) || '{"position": 9, "ahead_of": null}')).* from billing.invoice_lines l
            where tenant_id = '{branch.Tenant.Id.Value}' and ahead_of is not null
            """.Replace("{branch.Tenant.Id.Value}", branch.Tenant.Id.Value.ToString(), StringComparison.Ordinal);
        (await app.RefusedAsync(insert)).ConstraintName.ShouldBe("invoice_lines_billed_once");
    }
}
