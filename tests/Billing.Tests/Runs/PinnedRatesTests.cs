using System.Net.Http.Json;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>Fault F32 between rounds: each bills by its own rates, whoever asked before; a month of before they were kept by today's.</summary>
public sealed class PinnedRatesTests(FaultyRuns app) : IClassFixture<FaultyRuns>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_round_before_was_pinned_to_is_not_remembered_for_the_next()
    {
        var (branch, tenants) = await SubscribeAsync("2023-10", 1);
        app.Usage.Add(tenants[0], app.Subscriptions.Of(tenants[0]), "2023-10-02", "gb", "20", "STORAGE");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        await app.BillAsync("2023-10", issue: false);
        await Sent(await platform.PutAsJsonAsync(items, RunFaultTests.Storage("0.5")));
        try
        {
            // Before its next round is planned another month's run looks at what came late for this one, by the rates that it has.
            await StartAsync(platform, "2023-10", issue: false);
            var run = await app.RunOfAsync("2023-10");
            run.State.ShouldBe(RunState.Planning);
            await app.InAsync<RatePins, PinnedRates>(pins => pins.OpenAsync(run, [tenants[0].Id], Ct));
            await app.DrainAsync();
            (await ItemsAsync(platform, "/api/v1/invoices?period=2023-10")).ShouldHaveSingleItem().GetProperty("net").GetProperty("amount")
                .GetString().ShouldBe("20.00");
        }
        finally
        {
            await Sent(await platform.PutAsJsonAsync(items, RunFaultTests.Storage("0.05")));
        }
    }

    [Fact]
    public async Task A_month_of_before_rates_were_kept_has_each_tenants_own_prices()
    {
        var (branch, tenants) = await SubscribeAsync("2023-11", 2);
        using var platform = branch.Administrator();
        var own = await Sent(await platform.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = "own",
            name = "Own",
            scope = "Tenant",
            tenantId = tenants[1].Id.Value,
            currency = "EUR",
            validFrom = "2020-01-01",
            items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice = "0.01" } } },
        }));
        await app.BillAsync("2023-11", issue: false);
        await app.TextAsync(
            """
            delete from billing.run_prices where run_id = (select id from billing.runs where period_start = '2023-11-01');
            update billing.runs set tax_rates = null where period_start = '2023-11-01'
            """);
        var run = await app.RunOfAsync("2023-11");
        // A process that remembers nothing of the round.
        await using var second = await app.StartSecondHostAsync();
        await using var scope = second.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var rates = await scope.ServiceProvider.GetRequiredService<RatePins>().OpenAsync(
            run, [.. tenants.Select(x => x.Id)], Ct);
        var eur = Currency.Parse("EUR");
        tenants.Select(x => rates.Book.Find("STORAGE", "gb", eur, eur, null, x.Id, app.Subscriptions.Of(x).Value)!.Value.Price.PriceListId.Value
            == own.GetProperty("id").GetGuid()).ShouldBe([false, true]);
    }

    private async Task<(Branch Branch, List<OrganizationRef> Tenants)> SubscribeAsync(string month, int tenants)
    {
        var branch = await app.BranchAsync();
        var version = await app.PlanAsync($"pinned-{month}", [Flat("base", "10")], usesPriceLists: true);
        var those = new List<OrganizationRef>();
        for (var i = 0; i < tenants; i++)
        {
            those.Add(i == 0 ? branch.Tenant : await app.TenantAsync(branch.Platform, branch.Partner));
            app.Subscribe(those[i], version, month);
        }

        return (branch, those);
    }
}
