using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Invoices;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>Two months are planned at once; what comes late for one of them is told to the other, or to the next.</summary>
public sealed class MonthsAtOnceTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => (app.Changes.Asked, app.Probe.At) = (null, null);

    [Fact]
    public async Task Who_plans_a_month_while_another_is_planned_goes_on_from_what_that_one_was_told()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("both", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, new(2022, 1, 1), Span(plan, "2022-01-01/2022-04-01", 0));
        app.Use(branch.Tenant, subscription, "2022-02-10", "calls", "7");
        // There is a mark already: the very first two wait for each other anyway.
        await app.BillAsync("2022-01");

        using var platform = branch.Administrator();
        // February is being planned and asks what has changed; another process plans March: it waits for February's plan before it says of which
        // months it asks, and only then is it told.
        var (begun, goOn, asked, tell) = (
            new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        app.Changes.Asked = () => begun.TrySetResult() ? goOn.Task : asked.TrySetResult() ? tell.Task : Task.CompletedTask;
        await StartAsync(platform, "2022-02");
        var february = app.DrainAsync();
        await begun.Task;
        await StartAsync(platform, "2022-03");
        await using var second = await app.StartSecondHostAsync();
        var march = WorkAsync(second, "2022-03");
        await Task.WhenAny(asked.Task, app.WaitsForALockAsync(march));
        goOn.SetResult();
        await Eventually.TrueAsync(() => IsFinishedAsync("2022-02"));

        // After February was rated, before March is told what has changed.
        app.Use(branch.Tenant, subscription, "2022-02-28", "calls", "5");
        await asked.Task;
        tell.SetResult();
        await Task.WhenAll(march, february);
        (await app.LinesAsync(branch.Tenant, "2022-03")).ShouldBe(
            ["Calls 2.00 at 20", "Calls 43.00 at 20, 2022-02-01 #1: 115.00 - 72.00"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task Two_months_that_bill_the_same_late_at_once_bill_by_the_same_prices()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("at-once", [], usesPriceLists: true);
        var id = app.Subscribe(branch.Tenant, new(2023, 1, 1), Span(plan, "2023-01-01/2023-05-01", 0));
        using var platform = branch.Administrator();
        await app.BillAsync("2023-01");
        var own = await LatePricesTests.OwnAsync(platform, branch.Tenant, id, "2023-01-01", LatePricesTests.Item("ARCHIVE", "1.00"));

        // February has read and rated STORAGE alone. March bills ARCHIVE alone, by a price that is newer.
        app.Use(branch.Tenant, id, "2023-01-31", "gb", "100", "STORAGE");
        var (rated, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        app.Probe.At = place => place == "rated" && rated.TrySetResult() ? goOn.Task : Task.CompletedTask;
        await StartAsync(platform, "2023-02");
        var february = app.DrainAsync();
        await rated.Task;
        app.Use(branch.Tenant, id, "2023-01-31", "gb", "-100", "STORAGE");
        app.Use(branch.Tenant, id, "2023-01-31", "gb", "10", "ARCHIVE");
        await LatePricesTests.PutAsync(platform, own, "2023-01-01", LatePricesTests.Item("ARCHIVE", "2.00"));
        await StartAsync(platform, "2023-03");
        await using (var second = await app.StartSecondHostAsync())
            await WorkAsync(second, "2023-03");
        goOn.SetResult();
        await february;
        (await app.LinesAsync(branch.Tenant, "2023-02")).ShouldBeEmpty();
        (await app.LinesAsync(branch.Tenant, "2023-03")).ShouldBe(["ARCHIVE 20.00 at 20, 2023-01-01 #1: 20.00 - 0.00"]);

        app.Use(branch.Tenant, id, "2023-01-31", "gb", "1", "ARCHIVE");
        await app.BillAsync("2023-04");
        (await app.LinesAsync(branch.Tenant, "2023-04")).ShouldBe(["ARCHIVE 2.00 at 20, 2023-01-01 #2: 22.00 - 20.00"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    private Task<bool> IsFinishedAsync(string month) => app.ScalarAsync<bool>(
        $"select bool_and(state = 'Finished' and operation_id is not null) from billing.runs where period_start = '{month}-01'");

    private async Task WorkAsync(SecondHost host, string month)
    {
        var run = await app.ScalarAsync<Guid>($"select id from billing.runs where period_start = '{month}-01'");
        while (await host.Services.GetRequiredService<RunWorkers>().WorkAsync(run, Ct) is not null)
        {
            // What another held is free a moment later.
        }
    }
}
