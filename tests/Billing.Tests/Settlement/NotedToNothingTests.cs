using System.Globalization;
using Licensing.Billing.Tests.Invoices;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>A credit note of an invoice whose lines come to nothing takes back nothing as a whole, and of each line all that it is.</summary>
public sealed class NotedToNothingTests(SettlementApp app) : IClassFixture<SettlementApp>, IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);

    [Fact]
    public async Task What_it_took_back_of_a_line_is_not_given_back_once_more()
    {
        var (branch, more, _) = await NotedAsync("2023-03");
        app.Use(branch.Tenant, more, "2023-03-31", "calls", "-10");
        await app.BillAsync("2023-04");
        (await app.LinesAsync(branch.Tenant, "2023-04")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_it_took_back_of_each_subscription_is_told()
    {
        var (branch, more, less) = await NotedAsync("2023-06");
        using var platform = branch.Administrator();
        var told = (await ItemsAsync(
            platform, $"/api/v1/billing/summary?period=2023-06&groupBy=subscription&organizationId={branch.Tenant.Id.Value}"))
            .Select(x => $"{x.Amount("net")} {x.Amount("credited")}");
        told.Order(StringComparer.Ordinal).ShouldBe(["-10.00 -12.00", "10.00 12.00"]);

        foreach (var subscription in (SubscriptionId[])[more, less])
        {
            using var answer = await platform.GetAsync($"/api/v1/exports/focus?period=2023-06&granularity=month&subscriptionId={subscription.Value}");
            using var text = new StringReader(await answer.Content.ReadAsStringAsync());
            var (rows, sign) = (FocusRow.Read(text).ToList(), subscription == more ? "" : "-");
            rows.Select(x => $"{x["ChargeCategory"]} {x["ChargeClass"]}".Trim()).Order(StringComparer.Ordinal)
                .ShouldBe(["Tax", "Tax Correction", "Usage", "Usage Correction"]);
            rows.Where(x => x["ChargeClass"] == "").Sum(x => decimal.Parse(x["BilledCost"], CultureInfo.InvariantCulture))
                .ShouldBe(decimal.Parse($"{sign}12.00", CultureInfo.InvariantCulture));
            rows.Sum(x => decimal.Parse(x["BilledCost"], CultureInfo.InvariantCulture)).ShouldBe(0m);
        }
    }

    // Two subscriptions, of which one has what the other takes off; credited in full.
    private async Task<(Branch Branch, SubscriptionId More, SubscriptionId Less)> NotedAsync(string month)
    {
        var branch = await app.BranchAsync();
        object calls = new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "1.00" } };
        var plan = await app.PlanAsync($"noted-{month}", [calls]);
        var (more, less) = (app.Subscribe(branch.Tenant, plan, month), app.Subscribe(branch.Tenant, plan, month));
        app.Usage.Add(branch.Tenant, more, $"{month}-10", "calls", "10");
        app.Usage.Add(branch.Tenant, less, $"{month}-10", "calls", "-10");
        await app.BillAsync(month);
        var (path, invoice) = await app.InvoiceOfAsync(branch.Tenant, month);
        invoice.Amount("total").ShouldBe("0.00");
        using var platform = branch.Administrator();
        await Sent(await platform.CreditInFullAsync(path));
        (await GetAsync(platform, path)).Amount("credited").ShouldBe("0.00");
        return (branch, more, less);
    }
}
