using System.Globalization;
using System.Net.Http.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Tests.Activity;

/// <summary>
/// June 2022 of four tenants. The first is adjusted afterwards, discounted, credited in advance and in part, and there for some of the days; the
/// second is converted and leaves within the month; the third is credited in full, and the fourth's invoice is withdrawn.
/// </summary>
public sealed class FocusJune : SettlementApp
{
    internal Branch Branch { get; private set; } = null!;

    internal List<OrganizationRef> Tenants { get; } = [];

    /// <summary>Of the first tenant, with 4.5 calls on the 12th, the 20th and the 30th.</summary>
    internal SubscriptionId Called { get; private set; }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Branch = await this.BranchAsync();
        using var platform = Branch.Administrator();
        Tenants.Add(Branch.Tenant);
        for (var i = 0; i < 3; i++)
            Tenants.Add(await this.TenantAsync(Branch.Platform, Branch.Partner));
        await Sent(await platform.PostAsJsonAsync(
            "/api/v1/directory/exchange-rates", new { rates = new[] { new { from = "CHF", to = "EUR", date = "2022-06-01", rate = "0.97" } } }));
        var plan = await PlanAsync("sum", [Flat("base", "33.33"), Seats("9.99"), Calls]);
        var francs = await PlanAsync("francs", [Flat("base", "10.00"), Seats("9.99")], currency: "CHF");

        var before = Subscribe(Tenants[0], plan, "2022-05");
        Use(Tenants[0], before, "2022-05-10", "calls", "7");
        await BillAsync("2022-05");
        Use(Tenants[0], before, "2022-05-20", "calls", "5");
        Called = Subscribe(Tenants[0], new DateOnly(2022, 6, 11), Span(plan, "2022-06-11/2022-07-01", 3));
        foreach (var day in (string[])["2022-06-12", "2022-06-20", "2022-06-30"])
            Use(Tenants[0], Called, day, "calls", "4.5");
        Subscribe(Tenants[1], new DateOnly(2022, 6, 1), Span(francs, "2022-06-01/2022-06-18", 7));
        // On no day before the 20th: the days that are told do not begin with the line's.
        Use(Tenants[2], Subscribe(Tenants[2], plan, "2022-06", seats: 2), "2022-06-20", "calls", "8");
        Subscribe(Tenants[3], plan, "2022-06", seats: 1);
        var coupon = (await Sent(await platform.PostAsJsonAsync(
            "/api/v1/billing/coupons", new { code = "SUM", name = "A part", validFrom = "2020-01-01", percent = "12.5" }))).Text("id");
        await Sent(await platform.PostAsJsonAsync(
            $"/api/v1/billing/coupons/{coupon}/redemptions", new { tenantId = Tenants[0].Id.Value, startsOn = "2022-06-01" }));
        await Coupons.ReductionLifeTests.GrantAsync(platform, Tenants[0], "30.00", "2022-06-01");
        await BillAsync("2022-06");

        var paths = new List<string>();
        foreach (var tenant in Tenants)
            paths.Add((await this.InvoiceOfAsync(tenant, "2022-06")).Path);
        await Sent(await platform.CreditAsync(paths[0], (1, "7.77"), (2, null)));
        await Sent(await platform.CreditAsync(paths[0], (1, "0.01")));
        await Sent(await platform.CreditAsync(paths[1], (2, "10.00")));
        await Sent(await platform.CreditInFullAsync(paths[2]));
        await Sent(await platform.PostAsJsonAsync($"{paths[3]}/void", new { reason = "wrong" }));
    }
}

/// <summary>What the rows of the export come to.</summary>
public sealed class FocusSumTests(FocusJune app) : IClassFixture<FocusJune>
{
    [Theory]
    [InlineData("month", "6 Purchase, 6 Purchase C, 8 Tax, 7 Tax C, 2 Usage, 2 Usage C")]
    [InlineData("day", "6 Purchase, 6 Purchase C, 8 Tax, 7 Tax C, 4 Usage, 2 Usage C")]
    public async Task The_costs_of_a_month_are_its_invoices_with_tax_less_their_credit_notes(string granularity, string kinds)
    {
        var rows = await RowsAsync($"period=2022-06&granularity={granularity}");
        Kinds(rows).ShouldBe(kinds);
        rows.GroupBy(x => (Tenant: app.Tenants.FindIndex(tenant => tenant.ExternalId == x["SubAccountId"]), Document: x["InvoiceId"]))
            .Select(x => $"{x.Key.Tenant} {(x.Key.Document.Contains("-CN", StringComparison.Ordinal) ? "credited" : "billed")} {Told(x)}")
            .Order(StringComparer.Ordinal).ShouldBe(
            [
                "0 billed 188.53", "0 credited -0.01", "0 credited -25.94", "1 billed 52.73", "1 credited -12.00", "2 billed 162.37",
                "2 credited -162.37",
            ]);
        foreach (var row in rows)
            IsWhole(row);
    }

    [Theory, InlineData("month"), InlineData("day")]
    public async Task What_is_converted_has_the_price_of_its_plan_in_the_currency_of_that(string granularity) =>
        (await RowsAsync($"period=2022-06&granularity={granularity}&tenantId={app.Tenants[1].Id.Value}"))
            .Where(x => x["PricingQuantity"] != "")
            .Select(x => $"{x["PricingCurrency"]} {x["BillingCurrency"]} {x["ContractedCost"]} {x["PricingCurrencyContractedUnitPrice"]}")
            .ShouldBe(["CHF EUR 5.50 5.670103092784", "CHF EUR 38.44 5.661266568484"]);

    [Theory]
    // Also the tax, and what was credited once.
    [InlineData("2022-06-01", "2022-06-09", "40.73", "2 Purchase, 1 Purchase C, 2 Tax, 1 Tax C")]
    [InlineData("2022-06-09", "2022-07-01", "0", "")]
    [InlineData("2022-06-01", "2022-07-01", "40.73", "2 Purchase, 1 Purchase C, 2 Tax, 1 Tax C")]
    public async Task Parts_of_the_month_add_up_to_it(string from, string until, string cost, string kinds)
    {
        var rows = await RowsAsync($"from={from}&until={until}&tenantId={app.Tenants[1].Id.Value}");
        (Told(rows), Kinds(rows)).ShouldBe((cost, kinds));
    }

    [Theory]
    [InlineData("2022-06-01", "2022-06-15", "33.96", "1 Tax, 1 Usage")]
    [InlineData("2022-06-15", "2022-06-25", "33.94", "1 Tax, 1 Usage")]
    [InlineData("2022-06-25", "2022-07-01", "33.95", "1 Tax, 1 Usage")]
    [InlineData("2022-06-01", "2022-07-01", "101.85", "1 Tax, 3 Usage")]
    public async Task Parts_of_one_meter_add_up_to_it_each_with_its_tax(string from, string until, string cost, string kinds)
    {
        var rows = await RowsAsync($"from={from}&until={until}&tenantId={app.Tenants[0].Id.Value}&subscriptionId={app.Called.Value}&meter=calls");
        (Told(rows), Kinds(rows)).ShouldBe((cost, kinds));
    }

    [Theory]
    [InlineData("2022-06-01", "2022-06-15", "")]
    [InlineData("2022-06-15", "2022-07-01", "1 Tax, 1 Tax C, 1 Usage, 1 Usage C")]
    public async Task What_was_credited_in_full_comes_to_nothing_in_each_part(string from, string until, string kinds)
    {
        var rows = await RowsAsync($"from={from}&until={until}&tenantId={app.Tenants[2].Id.Value}&meter=calls");
        (rows.Sum(Cost), Kinds(rows)).ShouldBe((0m, kinds));
    }

    // How many rows there are of each, with C where they correct.
    private static string Kinds(List<FocusRow> rows) => string.Join(", ", rows
        .GroupBy(x => x["ChargeCategory"] + (x["ChargeClass"] == "Correction" ? " C" : "")).OrderBy(x => x.Key, StringComparer.Ordinal)
        .Select(x => $"{x.Count()} {x.Key}"));

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

    private static string Told(IEnumerable<FocusRow> rows) => rows.Sum(Cost).ToString(CultureInfo.InvariantCulture);

    private static decimal Cost(FocusRow row) => Number(row["BilledCost"]);

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private async Task<List<FocusRow>> RowsAsync(string query)
    {
        using var reader = app.Branch.As(Roles.DistributorReader);
        using var answer = await reader.GetAsync($"/api/v1/exports/focus?{query}");
        answer.EnsureSuccessStatusCode();
        using var text = new StringReader(await answer.Content.ReadAsStringAsync());
        return [.. FocusRow.Read(text)];
    }
}
