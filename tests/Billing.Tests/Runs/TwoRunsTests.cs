using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>Fault F28 within one process: a month is started, planned and billed by two at once. With processes of their own: Faults.Tests.</summary>
[Trait("Fault", "F28")]
public sealed class TwoRunsTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => app.EndAsync();

    [Fact]
    public async Task Two_starts_at_once_in_two_processes_are_one_run()
    {
        var (branch, tenants) = await app.SubscribeAsync("2024-04", 7, "at-once");
        await using var second = await app.StartSecondHostAsync();
        using var platform = branch.Administrator();
        using var machine = await app.PlatformAsync(Roles.PlatformService);
        var started = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => StartAsync(i % 2 == 0 ? platform : machine, "2024-04")));
        started.Distinct().Count().ShouldBe(1);
        var run = await app.RunOfAsync("2024-04");
        var other = second.Services.GetRequiredService<RunWorkers>();
        await Task.WhenAll(app.DrainAsync(), second.DrainAsync(), other.WorkAsync(run.Id, Ct));
        await app.DrainAsync();

        (await OperationAsync(platform, started[0])).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(7);
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-04")).Select(x => x.GetProperty("tenantId").GetGuid())
            .ShouldBe(tenants.Select(x => x.Id.Value), ignoreOrder: true);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task Who_plans_a_month_that_another_has_planned_meanwhile_changes_nothing()
    {
        var (branch, _) = await app.SubscribeAsync("2023-12", 3, "planned");
        var (stopped, goOn) = app.StopAt("split");
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2023-12");
        var drained = app.DrainAsync();
        await stopped;
        await app.WorkElsewhereAsync("2023-12");
        var (billed, told) = (await app.BilledAsync("2023-12"), (await OperationAsync(platform, operation)).GetRawText());
        goOn.SetResult();
        await drained;
        (await app.BilledAsync("2023-12")).ShouldBe(billed);
        (await OperationAsync(platform, operation)).GetRawText().ShouldBe(told);
        (await app.RunOfAsync("2023-12")).State.ShouldBe(RunState.Finished);
    }
}
