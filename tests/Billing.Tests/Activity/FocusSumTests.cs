using System.Globalization;
using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Activity;

/// <summary>What the rows of the export come to.</summary>
public sealed class FocusSumTests(SettlementApp app) : IClassFixture<SettlementApp>
{
    [Fact]
    public async Task The_costs_of_a_month_are_its_invoices_with_tax_less_their_credit_notes()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 3; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        await Sent(await platform.PostAsJsonAsync(
            "/api/v1/directory/exchange-rates", new { rates = new[] { new { from = "CHF", to = "EUR", date = "2022-06-01", rate = "0.97" } } }));
        var plan = await app.PlanAsync("sum", [Flat("base", "33.33"), Seats("9.99"), SettlementApp.Calls]);
        var francs = await app.PlanAsync("francs", [Flat("base", "10.00"), Seats("9.99")], currency: "CHF");

        // Adjusted afterwards, discounted, credited in advance and in part; half a month; converted; credited in full; and withdrawn.
        var before = app.Subscribe(tenants[0], plan, "2022-05");
        app.Use(tenants[0], before, "2022-05-10", "calls", "7");
        await app.BillAsync("2022-05");
        app.Use(tenants[0], before, "2022-05-20", "calls", "5");
        var calls = app.Subscribe(tenants[0], new DateOnly(2022, 6, 11), Span(plan, "2022-06-11/2022-07-01", 3));
        foreach (var day in (string[])["2022-06-12", "2022-06-20", "2022-06-30"])
            app.Use(tenants[0], calls, day, "calls", "4.5");
        app.Subscribe(tenants[1], new DateOnly(2022, 6, 1), Span(francs, "2022-06-01/2022-06-18", 7));
        // On no day before the 20th: the days that are told do not begin with the line's.
        app.Use(tenants[2], app.Subscribe(tenants[2], plan, "2022-06", seats: 2), "2022-06-20", "calls", "8");
        app.Subscribe(tenants[3], plan, "2022-06", seats: 1);
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "SUM", name = "A part", validFrom = "2020-01-01", percent = "12.5" }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = tenants[0].Id.Value, startsOn = "2022-06-01" }));
        await Coupons.ReductionLifeTests.GrantAsync(platform, tenants[0], "30.00", "2022-06-01");
        await app.BillAsync("2022-06");
        var paths = new List<string>();
        foreach (var tenant in tenants)
            paths.Add((await app.InvoiceOfAsync(tenant, "2022-06")).Path);
        await Sent(await platform.CreditAsync(paths[0], (1, "7.77"), (2, null)));
        await Sent(await platform.CreditAsync(paths[0], (1, "0.01")));
        await Sent(await platform.CreditAsync(paths[1], (2, "10.00")));
        await Sent(await platform.CreditInFullAsync(paths[2]));
        await Sent(await platform.PostAsJsonAsync($"{paths[3]}/void", new { reason = "wrong" }));

        var expected = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var path in paths.Take(3))
        {
            var invoice = await GetAsync(platform, path);
            expected.Add(invoice.Text("number"), Number(invoice.Amount("total")));
            foreach (var note in await ItemsAsync(platform, $"{path}/credit-notes"))
                expected.Add(note.Text("number"), -Number(note.Amount("total")));
        }

        expected.Count.ShouldBe(7);
        using var reader = branch.As(Roles.DistributorReader);
        foreach (var granularity in (string[])["month", "day"])
        {
            var rows = await RowsAsync(reader, $"period=2022-06&granularity={granularity}");
            Sum(rows).ShouldBe(expected.Values.Sum());
            rows.GroupBy(x => x["InvoiceId"]).OrderBy(x => x.Key, StringComparer.Ordinal)
                .Select(x => (x.Key, Sum(x))).ShouldBe(expected.Select(x => (x.Key, x.Value)));
            foreach (var row in rows)
                IsWhole(row);
            rows.Where(x => x["SubAccountId"] == tenants[1].ExternalId && x["PricingQuantity"] != "")
                .Select(x => $"{x["PricingCurrency"]} {x["BillingCurrency"]} {x["ContractedCost"]} {x["PricingCurrencyContractedUnitPrice"]}")
                .ShouldBe(["CHF EUR 5.50 5.670103092784", "CHF EUR 38.44 5.661266568484"]);
        }

        // Parts of the month add up to the month: also the tax, and what was credited once.
        var whole = await RowsAsync(reader, $"period=2022-06&tenantId={tenants[1].Id.Value}");
        var first = await RowsAsync(reader, $"from=2022-06-01&until=2022-06-09&tenantId={tenants[1].Id.Value}");
        var second = await RowsAsync(reader, $"from=2022-06-09&until=2022-07-01&tenantId={tenants[1].Id.Value}");
        (Sum(first) + Sum(second)).ShouldBe(Sum(whole));
        var used = $"tenantId={tenants[0].Id.Value}&subscriptionId={calls.Value}&meter=calls";
        var parts = new List<FocusRow>();
        foreach (var days in (string[])["from=2022-06-01&until=2022-06-15", "from=2022-06-15&until=2022-06-25", "from=2022-06-25&until=2022-07-01"])
            parts.AddRange(await RowsAsync(reader, $"{days}&{used}"));
        parts.Count(x => x["ChargeCategory"] == "Tax").ShouldBe(3);
        Sum(parts).ShouldBe(Sum(await RowsAsync(reader, $"period=2022-06&{used}")));
        foreach (var days in (string[])["from=2022-06-01&until=2022-06-15", "from=2022-06-15&until=2022-07-01"])
            Sum(await RowsAsync(reader, $"{days}&tenantId={tenants[2].Id.Value}&meter=calls")).ShouldBe(0, days);
    }

    // Price times quantity is the cost, to the cent, of all that is no correction; taxes and what was credited are money alone.
    private static void IsWhole(FocusRow row)
    {
        if (row["ChargeCategory"] == "Tax")
            (row["PricingQuantity"] + row["PricingUnit"] + row["SkuId"] + row["SkuMeter"] + row["ContractedUnitPrice"]).ShouldBeEmpty();
        else if (row["InvoiceId"].Contains("-CN", StringComparison.Ordinal))
            (row["ChargeClass"], row["PricingQuantity"], row["ContractedUnitPrice"]).ShouldBe(("Correction", "", ""));
        else if (row["PricingQuantity"] == "0")
            row["ContractedUnitPrice"].ShouldBeEmpty();
        else if (row["ChargeClass"] == "")
            Math.Abs(Number(row["ContractedUnitPrice"]) * Number(row["PricingQuantity"]) - Number(row["ContractedCost"])).ShouldBeLessThan(0.01m);
        (row["SkuMeter"].Length > 0).ShouldBe(row["ChargeCategory"] == "Usage");
        if (row["SkuMeter"].Length > 0)
            row["SkuMeter"].ShouldBe("calls");
    }

    private static decimal Sum(IEnumerable<FocusRow> rows) => rows.Sum(x => Number(x["BilledCost"]));

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<List<FocusRow>> RowsAsync(HttpClient client, string query)
    {
        using var answer = await client.GetAsync($"/api/v1/exports/focus?{query}");
        answer.EnsureSuccessStatusCode();
        using var text = new StringReader(await answer.Content.ReadAsStringAsync());
        return [.. FocusRow.Read(text)];
    }
}
