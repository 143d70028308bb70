using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Months that are looked at again in unusual states: withdrawn and come to nothing, by other rates, half issued.</summary>
public sealed class BilledAnewTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static object PerCall => new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };

    [Fact]
    public async Task What_is_late_of_a_withdrawn_month_that_came_to_nothing_is_billed()
    {
        var branch = await app.BranchAsync();
        var subscription = app.Subscribe(branch.Tenant, await app.PlanAsync("nothing", [PerCall]), "2020-01");
        app.Use(branch.Tenant, subscription, "2020-01-10", "calls", "10");
        await app.BillAsync("2020-01");
        using var platform = await app.PlatformAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await Sent(await VoidInvoiceTests.VoidAsync(platform, (await app.InvoiceOfAsync(branch.Tenant, "2020-01")).Path));

        // It waits for its own run, whatever another one finds.
        app.Use(branch.Tenant, subscription, "2020-01-10", "calls", "-10");
        await app.BillAsync("2020-02");
        (await app.InvoicesAsync(branch.Tenant, "2020-02")).ShouldBeEmpty();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await app.BillAsync("2020-01");
        (await app.InvoicesAsync(branch.Tenant, "2020-01")).ShouldBeEmpty();

        app.Use(branch.Tenant, subscription, "2020-01-11", "calls", "4");
        await app.BillAsync("2020-03");
        (await app.LinesAsync(branch.Tenant, "2020-03")).ShouldBe(["Calls 4.00 at 20, 2020-01-01 #1: 4.00 - 0.00"]);
    }

    [Fact]
    public async Task A_rate_that_is_recorded_later_changes_no_coupon_of_a_billed_month()
    {
        var branch = await app.BranchAsync();
        using var platform = await app.PlatformAsync();
        async Task RateAsync(string date, string rate) => await Sent(await platform.PostAsJsonAsync(
            "/api/v1/directory/exchange-rates", new { rates = new[] { new { from = "CHF", to = "EUR", date, rate } } }, Ct));
        await RateAsync("2021-01-02", "0.9");
        var coupon = (await Sent(await platform.PostAsJsonAsync("/api/v1/billing/coupons", new
        {
            code = "TENFRANCS",
            name = "Ten francs",
            validFrom = "2020-01-01",
            amount = new { amount = "10.00", currency = "CHF" },
            periods = 1,
        }, Ct))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = branch.Tenant.Id.Value, startsOn = "2021-01-01" }, Ct));
        var subscription = app.Subscribe(branch.Tenant, await app.PlanAsync("francs", [PerCall]), "2021-01");
        app.Use(branch.Tenant, subscription, "2021-01-10", "calls", "20");
        await app.BillAsync("2021-01");
        (await app.NetAsync(branch.Tenant, "2021-01")).ShouldBe(11m);

        await RateAsync("2021-01-20", "0.5");
        app.Use(branch.Tenant, subscription, "2021-01-11", "calls", "5");
        await app.BillAsync("2021-02");
        (await app.LinesAsync(branch.Tenant, "2021-02")).ShouldBe(["Calls 5.00 at 20, 2021-01-01 #1: 16.00 - 11.00"]);
    }

    [Fact]
    public async Task A_draft_for_the_partner_of_former_days_is_issued_by_the_next_start_when_the_tenants_own_was_by_hand()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        app.Clock.Set(new DateTimeOffset(2027, 6, 5, 9, 0, 0, TimeSpan.Zero));
        var plan = await app.PlanAsync("half", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2027, 5, 1), Span(plan, "2027-05-01/2027-06-01", 0));
        app.Use(branch.Tenant, subscription, "2027-05-10", "calls", "7");
        await app.BillAsync("2027-05");
        using var platform = branch.Administrator();
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }, Ct));
        await app.DrainAsync();
        app.Use(branch.Tenant, subscription, "2027-05-31", "calls", "5");
        app.Clock.Set(new DateTimeOffset(2027, 7, 5, 9, 0, 0, TimeSpan.Zero));
        var moved = await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, Ct));
        app.Subscribe(moved!, plan, "2027-06");
        await app.BillAsync("2027-06", issue: false);
        async Task<string[]> StatesAsync() => [.. (await app.InvoicesAsync(branch.Tenant, "2027-06")).Select(
            x => $"{x.Invoice.Text("kind")} {x.Invoice.Text("status")} {x.Invoice.Amount("net")}").Order()];
        (await StatesAsync()).ShouldBe(["Late Draft 43.00", "Regular Draft 2.00"]);
        var own = (await app.InvoicesAsync(branch.Tenant, "2027-06")).Single(x => x.Invoice.Text("kind") == "Regular").Invoice.Text("id");
        await Sent(await platform.PostAsync($"/api/v1/invoices/{own}/issue", null, Ct));

        await app.BillAsync("2027-06");
        (await StatesAsync()).ShouldBe(["Late Issued 43.00", "Regular Issued 2.00"]);
        await app.BillAsync("2027-06");
        (await StatesAsync()).ShouldBe(["Late Issued 43.00", "Regular Issued 2.00"]);
    }
}
