using System.Text.Json;
using System.Xml.Linq;
using Licensing.Billing.Tests.Documents;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.Activity.ActivityTests;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

public sealed class EarlyEndingTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task An_early_end_costs_a_part_of_the_fixed_charges_that_were_left_and_costs_it_once()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("ended",
        [
            Flat("base", "100.00"), Seats("10"),
            new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1" } },
        ]);
        // 11 of 30 days of April, May, 9 of 30 of June, of 150.00 a month: 250.00, and a quarter of that.
        app.SubscribeUntil(
            branch.Tenant, 25m, [Span(plan, "2024-03-01/2024-04-20", 5)], Span(plan, "2024-04-20/2024-06-10", 5));

        await app.BillAsync("2024-04");
        await app.BillAsync("2024-05");
        (await LinesAsync(branch.Tenant, "2024-04")).ShouldBe(
        [
            "base 2024-04-01/2024-04-20 x1 63.33 S", "seats 2024-04-01/2024-04-20 x5 31.67 S", "~earlyEnd 2024-04-20/2024-06-10 x1 62.50 S",
        ]);
        (await LinesAsync(branch.Tenant, "2024-05")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Its_fee_is_one_row_of_the_month_that_charges_it_and_within_the_days_of_the_document()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("ended-rows", [Flat("base", "100.00")]);
        app.SubscribeUntil(branch.Tenant, 25m, [Span(plan, "2023-10-01/2023-11-20", 5)], Span(plan, "2023-11-20/2024-01-10", 5));
        using var tenant = branch.As(Roles.TenantAdministrator);
        foreach (var estimated in (bool[])[true, false])
        {
            if (!estimated)
                await app.BillAsync("2023-11");
            // 63.33 for 19 days, and a quarter of 11/30 + 1 + 9/31 months.
            var rows = await AllAsync(tenant, "/api/v1/billing/yearmonth/2023-11", limit: 5);
            rows.Sum(x => decimal.Parse(x.Amount("amount"))).ShouldBe(63.33m + 41.42m);
            var fee = rows.Where(x => x.Text("chargeKey") == "~earlyEnd").ShouldHaveSingleItem();
            (fee.Text("day"), fee.Text("quantity"), fee.Amount("amount")).ShouldBe(("2023-11-20", "1", "41.42"));
            (await ItemsAsync(tenant, "/api/v1/billing/yearmonth/2023-12")).ShouldBeEmpty();
            using var csv = new StringReader(await (await tenant.GetAsync("/api/v1/exports/focus?period=2023-11")).Content.ReadAsStringAsync());
            var focus = FocusRow.Read(csv).ToList();
            focus.Sum(x => decimal.Parse(x["BilledCost"])).ShouldBe((63.33m + 41.42m) * 1.2m);
            focus.Where(x => x["ChargeFrequency"] == "One-Time" && x["ChargeCategory"] != "Tax")
                .Select(x => $"{x["ChargePeriodStart"]} {x["ChargePeriodEnd"]} {x["BilledCost"]}{x["ChargeClass"]}")
                .ShouldBe(["2023-11-20T00:00:00Z 2024-01-10T00:00:00Z 41.42"]);
        }

        var (path, _) = await app.InvoiceOfAsync(branch.Tenant, "2023-11");
        En16931.Broken(XElement.Parse(await tenant.TextAsAsync(path, "application/xml"))).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_was_suspended_until_its_end_owes_the_fee_alone()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("suspended-ended", [Flat("base", "100.00")]);
        // To the month's end: the day on which it is over is the next month's first.
        app.SubscribeUntil(branch.Tenant, 50m, [Span(plan, "2024-03-01/2024-03-20", 0)], Span(plan, "2024-05-01/2024-07-01", 0));

        await app.BillAsync("2024-04");
        (await LinesAsync(branch.Tenant, "2024-04")).ShouldBe(["~earlyEnd 2024-05-01/2024-07-01 x1 100.00 S"]);
    }

    [Fact]
    public async Task What_is_left_is_priced_as_it_was_agreed_by_plan_quantity_and_tax_category()
    {
        var branch = await app.BranchAsync();
        var first = await app.PlanAsync("left-first", [Flat("base", "30.00"), Seats("1")]);
        var then = await app.PlanAsync("left-then",
        [
            Flat("base", "60.00"),
            // Whole with a month's first day, so that of May nothing is left.
            new { key = "once", name = "Once", price = new { model = "perUnit", unitPrice = "7", prorate = false }, feature = "seats" },
        ]);
        app.SubscribeUntil(
            branch.Tenant, 100m, [Span(first, "2024-04-01/2024-05-11", 10)],
            // 21 of 31 days of May with ten and then 30 seats, June; then another plan for July.
            Span(first, "2024-05-11/2024-05-21", 10), Span(first, "2024-05-21/2024-07-01", 31), Span(then, "2024-07-01/2024-08-01", 2));

        await app.BillAsync("2024-05");
        (await LinesAsync(branch.Tenant, "2024-05")).Where(line => line.StartsWith('~')).ShouldBe(
        [
            // 30 x (21/31 + 1) + 10 x 10/31 + 31 x (11/31 + 1)
            "~earlyEnd 2024-05-11/2024-07-01 x1 95.55 S", "~earlyEnd 2024-07-01/2024-08-01 x1 74.00 S",
        ]);
    }

    private async Task<string[]> LinesAsync(OrganizationRef tenant, string month)
    {
        using var platform = await app.PlatformAsync();
        var invoices = await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}");
        if (invoices.Count == 0)
            return [];
        return
        [
            .. (await ItemsAsync(platform, $"/api/v1/invoices/{invoices.Single().GetProperty("id").GetString()}/lines")).Select(line =>
                $"{line.GetProperty("chargeKey").GetString()} {Text(line, "days", "start")}/{Text(line, "days", "end")} "
                + $"x{line.GetProperty("quantity").GetString()} {Text(line, "net", "amount")} {line.GetProperty("taxCategory").GetString()}"),
        ];
    }

    private static string Text(JsonElement line, string of, string field) => line.GetProperty(of).GetProperty(field).GetString()!;
}
