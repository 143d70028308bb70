using System.Net.Http.Json;
using System.Xml.Linq;
using Licensing.Billing.Tests.Documents;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.Advance.AheadLines;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Taxes;

/// <summary>Tenants are taxed by rates of their own, of their partner or distributor, whatever the country's is; runs are of everyone.</summary>
public sealed class OrganizationRatesTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task Each_tenant_is_taxed_by_the_most_specific_rate_as_the_preview_says()
    {
        var branch = await app.BranchAsync();
        var elsewhere = await app.BranchAsync();
        var (reverse, exempt, below) = (
            await app.TenantAsync(branch.Platform, branch.Partner), await app.TenantAsync(branch.Platform, branch.Partner),
            await app.TenantAsync(branch.Platform, await app.PartnerAsync(branch.Platform, branch.Distributor)));
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Distributor, "7"));
        await Sent(await platform.SetAsync(branch.Partner, "8", country: "AT"));
        await Sent(await platform.SetAsync(reverse, "0", chargedAs: "AE"));
        await Sent(await platform.SetAsync(exempt, "0", chargedAs: "E", code: "VATEX-EU-132-1I", reason: "Education"));
        var plan = await app.PlanAsync("own-rates", [Flat("base", "100"), Flat("more", "10")]);
        foreach (var tenant in (OrganizationRef[])[branch.Tenant, reverse, exempt, below, elsewhere.Tenant])
            app.Subscribe(tenant, plan, "2021-01");

        var preview = (await GetAsync(platform, "/api/v1/billing/generate/2021-01")).GetProperty("totals")[0];
        (preview.Amount("net"), preview.Amount("tax")).ShouldBe(("550.00", "37.40"));
        await app.BillAsync("2021-01");
        (await app.TaxedAsync(branch.Tenant, "2021-01")).ShouldBe(["base 100.00 S 7", "more 10.00 S 7", "110.00 + 7.70: S 7 on 110.00"]);
        (await app.TaxedAsync(below, "2021-01"))[^1].ShouldBe("110.00 + 7.70: S 7 on 110.00");
        (await app.TaxedAsync(reverse, "2021-01")).ShouldBe(["base 100.00 AE 0", "more 10.00 AE 0", "110.00 + 0.00: AE 0 on 110.00"]);
        (await app.TaxedAsync(exempt, "2021-01"))[^1].ShouldBe("110.00 + 0.00: E 0 on 110.00 VATEX-EU-132-1I Education");
        (await app.TaxedAsync(elsewhere.Tenant, "2021-01"))[^1].ShouldBe("110.00 + 22.00: S 20 on 110.00");
    }

    [Fact]
    public async Task Documents_say_why_nothing_is_taxed_as_the_rate_says()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "E", code: "VATEX-EU-132-1I", reason: "Education"));
        await Sent(await platform.SetAsync(branch.Tenant, "0", "AA", chargedAs: "E", reason: "Health & care"));
        await Sent(await platform.SetAsync(branch.Tenant, "0", "AB", chargedAs: "AE"));
        await Sent(await platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { taxId = "DE123456789" }));
        var plan = await app.PlanAsync(
            "said-why", [FlatAhead("base", "100"), Taxed("care", "10", "AA"), Taxed("more", "1", "AB"), SettlementApp.Calls]);
        var id = app.Subscribe(branch.Tenant, new(2021, 2, 1), Span(plan, "2021-02-01/2021-04-01", 0));
        await app.BillAsync("2021-02");
        var (path, invoice) = await app.InvoiceOfAsync(branch.Tenant, "2021-02");
        OwnRates.TaxesOf(invoice).ShouldBe("AE 0 on 1.00; E 0 on 212.00 Education; Health & care");
        var ubl = XElement.Parse(await platform.TextAsAsync(path, "application/xml"));
        En16931.Broken(ubl).ShouldBeEmpty();
        Reasons(ubl).ShouldBe(["E  Education; Health & care", "AE VATEX-EU-AE Reverse charge"], ignoreOrder: true);
        var html = await platform.TextAsAsync(path, "text/html");
        html.ShouldContain("(steuerfrei: Education; Health &amp; care)");
        html.ShouldContain("(Steuerschuldnerschaft des Leistungsempfängers)");
        (await platform.TextAsAsync(path, "text/csv")).ShouldContain(",100.00,0.00,E,0,EUR,");

        // What goes back says the same, and so does what comes late.
        var note = await Sent(await platform.CreditAsync(path, (2, null), (3, null)));
        OwnRates.TaxesOf(note).ShouldBe("AE 0 on 1.00; E 0 on 10.00 Education; Health & care");
        En16931.Broken(XElement.Parse(await platform.TextAsAsync($"{path}/credit-notes/{note.Text("id")}", "application/xml"))).ShouldBeEmpty();
        app.Subscriptions.Change(id, Span(plan, "2021-02-01/2021-03-01", 0));
        await app.BillAsync("2021-03");
        (await app.TaxedAsync(branch.Tenant, "2021-03")).ShouldBe(["base -100.00 E 0", "-100.00 + 0.00: E 0 on -100.00 Education; Health & care"]);
        Reasons(XElement.Parse(await platform.TextAsAsync((await app.InvoiceOfAsync(branch.Tenant, "2021-03")).Path, "application/xml")))
            .ShouldBe(["E  Education; Health & care"]);
    }

    [Fact]
    public async Task A_rate_set_in_mid_run_does_not_split_it_and_what_comes_late_keeps_that_of_its_round()
    {
        var branch = await app.BranchAsync();
        OrganizationRef[] tenants = [branch.Tenant, .. await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => app.TenantAsync(branch.Platform, branch.Partner)))];
        var plan = await app.PlanAsync("pinned-own", [SettlementApp.Calls]);
        foreach (var tenant in tenants)
        {
            app.Subscribe(tenant, new(2022, 5, 1), Span(plan, "2022-05-01/2022-07-01", 0));
            app.Use(tenant, app.Subscriptions.Of(tenant), "2022-05-02", "calls", "7");
        }

        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Partner, "5"));
        var committed = 0;
        app.Probe.At = async place =>
        {
            if (place == "committed" && ++committed == 1)
                await Sent(await platform.SetAsync(branch.Partner, "0", chargedAs: "AE"));
        };
        await app.BillAsync("2022-05");
        app.Probe.At = null;
        foreach (var tenant in tenants)
        {
            (await app.TaxedAsync(tenant, "2022-05"))[^1].ShouldBe("72.00 + 3.60: S 5 on 72.00");
            app.Use(tenant, app.Subscriptions.Of(tenant), "2022-05-31", "calls", "5");
            app.Use(tenant, app.Subscriptions.Of(tenant), "2022-06-01", "calls", "7");
        }

        await app.BillAsync("2022-06");
        foreach (var tenant in tenants)
            (await app.TaxedAsync(tenant, "2022-06")).ShouldBe(
                ["Calls 72.00 AE 0", "Calls 43.00 S 5", "115.00 + 2.15: AE 0 on 72.00; S 5 on 43.00"]);
    }

    [Fact]
    public async Task What_was_billed_in_advance_comes_back_whole_where_another_category_is_charged_from_the_month_on()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var plan = await app.PlanAsync("own-ahead", [FlatAhead("base", "30")]);
        app.Subscribe(branch.Tenant, new(2023, 1, 1), Span(plan, "2023-01-01/2023-04-01", 0));
        await app.BillAsync("2023-01");
        await Sent(await platform.SetAsync(branch.Tenant, "0", chargedAs: "G", from: "2023-02-01", until: "2023-03-01"));
        await app.BillAsync("2023-02");
        await app.BillAsync("2023-03");
        (await app.TaxedAsync(branch.Tenant, "2023-01")).ShouldBe(["base 30.00 S 20", "base 30.00 S 20", "60.00 + 12.00: S 20 on 60.00"]);
        (await app.TaxedAsync(branch.Tenant, "2023-02")).ShouldBe(
            ["base -30.00 S 20", "base 30.00 G 0", "base 30.00 S 20", "30.00 + 0.00: G 0 on 30.00; S 20 on 0.00"], ignoreOrder: true);
        // It ended with the month, and the next was billed by the rate of its own first day.
        (await app.TaxedAsync(branch.Tenant, "2023-03")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Minimums_and_fees_of_several_categories_are_charged_as_one_and_stay_apart()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        foreach (var category in (string[])["S", "AA"])
            await Sent(await platform.SetAsync(branch.Partner, "0", category, chargedAs: "K", country: "DE"));
        var plan = await app.PlanAsync(
            "own-minimum", [Flat("base", "10"), Taxed("more", "30", "AA")], terms: new { commitment = new { minimum = "100.00" } });
        app.SubscribeUntil(branch.Tenant, 50m, [Span(plan, "2023-06-01/2023-07-01", 0)], Span(plan, "2023-07-01/2023-08-01", 0));
        await app.BillAsync("2023-06");
        (await app.TaxedAsync(branch.Tenant, "2023-06")).ShouldBe(
        [
            "base 10.00 K 0", "more 30.00 K 0", "own-minimum: early end 5.00 K 0", "own-minimum: early end 15.00 K 0",
            "own-minimum: minimum commitment 15.00 K 0", "own-minimum: minimum commitment 45.00 K 0", "120.00 + 0.00: K 0 on 120.00",
        ]);
    }

    [Fact]
    public async Task After_a_transfer_each_month_is_taxed_by_the_partner_of_its_days_and_the_tenants_own_rates_move()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await Sent(await platform.SetAsync(branch.Partner, "5"));
        await Sent(await platform.SetAsync(next, "9"));
        await Sent(await platform.SetAsync(branch.Tenant, "1", "AA"));
        await Sent(await platform.SetAsync(branch.Tenant, "2", "AA", from: "2019-01-01", until: "2019-06-01"));
        var plan = await app.PlanAsync("moved-taxes", [SettlementApp.Calls]);
        var id = app.Subscribe(branch.Tenant, plan, "2025-12");
        app.Use(branch.Tenant, id, "2025-12-10", "calls", "7");
        await app.BillAsync("2025-12");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }));
        await app.DrainAsync();
        app.Use(branch.Tenant, id, "2025-12-31", "calls", "5");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var moved = await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, Ct));
        app.Use(moved!, app.Subscribe(moved!, plan, "2026-01"), "2026-01-01", "calls", "7");
        await app.BillAsync("2026-01");
        (await app.TaxedAsync(branch.Tenant, "2025-12")).ShouldBe(["Calls 72.00 S 5", "72.00 + 3.60: S 5 on 72.00"]);
        (await app.TaxedAsync(branch.Tenant, "2026-01")).ShouldBe(
            ["Calls 72.00 S 9", "72.00 + 6.48: S 9 on 72.00", "Calls 43.00 S 5", "43.00 + 2.15: S 5 on 43.00"], ignoreOrder: true);

        async Task<string> SeenAsync(OrganizationRef partner)
        {
            using var reader = branch.As(Roles.PartnerReader, partner);
            return string.Join(", ", (await ItemsAsync(reader, $"/api/v1/tax-rates?organizationId={branch.Tenant.Id.Value}"))
                .Select(x => x.Text("percent")));
        }

        (await SeenAsync(next)).ShouldBe("1");
        (await SeenAsync(branch.Partner)).ShouldBe("2");
    }

    private static object Taxed(string key, string amount, string taxCategory) =>
        new { key, name = key, price = new { model = "flat", amount, taxCategory } };

    private static string[] Reasons(XElement ubl) =>
    [
        .. ubl.Descendants().Where(x => x.Name.LocalName == "TaxSubtotal").Select(x => string.Join(
            ' ', ((string[])["ID", "TaxExemptionReasonCode", "TaxExemptionReason"]).Select(
                name => x.Descendants().First(y => y.Name.LocalName == "TaxCategory").Elements()
                    .FirstOrDefault(y => y.Name.LocalName == name)?.Value))),
    ];
}
