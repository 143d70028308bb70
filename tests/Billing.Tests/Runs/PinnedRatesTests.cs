using System.Net.Http.Json;
using Licensing.Billing.Runs;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>
/// Fault F32: prices, taxes and plans change in the middle of a run, and between its rounds, of which each bills by its own rates, whoever asked
/// before; a month of before they were kept by today's.
/// </summary>
[Trait("Fault", "F32")]
public sealed class PinnedRatesTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => app.EndAsync();

    [Fact]
    public async Task What_is_changed_in_mid_run_does_not_split_it()
    {
        var (branch, tenants) = await app.SubscribeAsync("2024-07", 6, "pinned");
        foreach (var tenant in tenants)
            app.Usage.Add(tenant, app.Subscriptions.Of(tenant), "2024-07-02", "gb", "20", "STORAGE");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var plan = (await ItemsAsync(platform, "/api/v1/plans?limit=200")).Single(x => x.GetProperty("key").GetString() == "pinned");
        var committed = 0;
        app.Probe.At = async place =>
        {
            if (place != "committed" || ++committed != 1)
                return;
            await Sent(await platform.PutAsJsonAsync($"/api/v1/pricing/{list.GetProperty("id").GetString()}/items", FaultyRuns.Storage("0.5")));
            await Sent(await platform.PutAsJsonAsync(
                "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "25", validFrom = "2020-01-01" }));
            await Sent(await platform.PostAsync($"/api/v1/plans/{plan.GetProperty("id").GetString()}/retire", null));
        };
        try
        {
            var operation = await app.BillAsync("2024-07", issue: false);
            committed.ShouldBe(3);
            operation.GetProperty("result").GetRawText().ShouldBe(
                """{"net":[{"amount":"66.00","currency":"EUR"}],"issued":0,"invoices":6,"notBilled":0}""");
            (await ItemsAsync(platform, "/api/v1/invoices?period=2024-07")).Select(x => x.GetProperty("total").GetProperty("amount").GetString())
                .ShouldAllBe(total => total == "13.20");

            // Computed again by what was pinned it is the same; by what holds now it is not.
            var run = await app.RunOfAsync("2024-07");
            var again = await app.InAsync<BillingChunks, BilledChunk>(
                c => c.RateAsync(run, new TenantRange(null, null, 6), _ => Task.CompletedTask, Ct));
            again.Bills.Select(bill => bill.Rated.Total.Amount).ShouldBe(Enumerable.Repeat(13.20m, 6));
            (await GetAsync(platform, "/api/v1/billing/generate/2024-07")).GetProperty("totals")[0].GetProperty("total").GetProperty("amount")
                .GetString().ShouldBe("150.00");
        }
        finally
        {
            app.Probe.At = null;
            await Sent(await platform.PutAsJsonAsync($"/api/v1/pricing/{list.GetProperty("id").GetString()}/items", FaultyRuns.Storage("0.05")));
            await Sent(await platform.PutAsJsonAsync(
                "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        }
    }

    [Fact]
    public async Task What_something_costs_since_does_not_reach_a_month_that_is_over_and_not_billed_yet()
    {
        var (branch, tenants) = await app.SubscribeAsync("2023-09", 1, "pinned-2023-09");
        app.Usage.Add(tenants[0], app.Subscriptions.Of(tenants[0]), "2023-09-02", "gb", "20", "STORAGE");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        async Task<string> NetAsync() => (await ItemsAsync(platform, "/api/v1/invoices?period=2023-09")).ShouldHaveSingleItem()
            .GetProperty("net").GetProperty("amount").GetString()!;
        await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.5", validFrom: null)));
        try
        {
            await app.BillAsync("2023-09", issue: false);
            (await NetAsync()).ShouldBe("11.00");
            // Whoever means that month says so.
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.5", validFrom: "2023-09-01")));
            await app.BillAsync("2023-09", issue: false);
            (await NetAsync()).ShouldBe("20.00");
        }
        finally
        {
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.05")));
        }
    }

    [Fact]
    public async Task What_the_round_before_was_pinned_to_is_not_remembered_for_the_next()
    {
        var (branch, tenants) = await app.SubscribeAsync("2023-10", 1, "pinned-2023-10");
        app.Usage.Add(tenants[0], app.Subscriptions.Of(tenants[0]), "2023-10-02", "gb", "20", "STORAGE");
        using var platform = branch.Administrator();
        var list = (await ItemsAsync(platform, "/api/v1/pricing")).Single(x => x.GetProperty("key").GetString() == "list");
        var items = $"/api/v1/pricing/{list.GetProperty("id").GetString()}/items";
        await app.BillAsync("2023-10", issue: false);
        await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.5")));
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
            await Sent(await platform.PutAsJsonAsync(items, FaultyRuns.Storage("0.05")));
        }
    }

    [Fact]
    public async Task A_month_of_before_rates_were_kept_has_each_tenants_own_prices()
    {
        var (branch, tenants) = await app.SubscribeAsync("2023-11", 2, "pinned-2023-11");
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
            delete from billing.run_rounds where run_id = (select id from billing.runs where period_start = '2023-11-01')
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

    [Fact]
    public async Task A_rate_that_is_recorded_for_an_earlier_day_in_mid_run_does_not_split_it()
    {
        var branch = await app.BranchAsync();
        var version = await app.PlanAsync("francs", [Flat("base", "100")], "CHF");
        for (var i = 0; i < 5; i++)
            app.Subscribe(i == 0 ? branch.Tenant : await app.TenantAsync(branch.Platform, branch.Partner), version, "2023-08");
        using var platform = branch.Administrator();
        await RecordAsync(platform, "2023-08-30", "0.93");
        var committed = 0;
        app.Probe.At = async place =>
        {
            if (place == "committed" && ++committed == 1)
                await RecordAsync(platform, "2023-08-31", "0.95");
        };
        try
        {
            (await app.BillAsync("2023-08", issue: false)).GetProperty("result").GetRawText().ShouldBe(
                """{"net":[{"amount":"465.00","currency":"EUR"}],"issued":0,"invoices":5,"notBilled":0}""");
        }
        finally
        {
            app.Probe.At = null;
        }

        committed.ShouldBe(3);
        // Computed again by what was pinned it is the same; what is only shown, and the next round, are by what is recorded now.
        var run = await app.RunOfAsync("2023-08");
        var again = await app.InAsync<BillingChunks, BilledChunk>(
            c => c.RateAsync(run, new TenantRange(null, null, 5), _ => Task.CompletedTask, Ct));
        again.Bills.Select(bill => bill.Rated.Net.Amount).ShouldBe(Enumerable.Repeat(93m, 5));
        (await GetAsync(platform, "/api/v1/billing/generate/2023-08")).GetProperty("totals")[0].GetProperty("net").GetProperty("amount").GetString()
            .ShouldBe("475.00");
        (await app.BillAsync("2023-08", issue: false)).GetProperty("result").GetProperty("net")[0].GetProperty("amount").GetString()
            .ShouldBe("475.00");
    }

    private static async Task RecordAsync(HttpClient platform, string date, string rate) => await Sent(await platform.PostAsJsonAsync(
        "/api/v1/directory/exchange-rates", new { rates = new[] { new { from = "CHF", to = "EUR", date, rate } } }));
}
