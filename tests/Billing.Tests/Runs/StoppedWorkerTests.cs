using Licensing.Billing.Runs;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>
/// Fault F29 within one process: a worker stands still for longer than its lease, and goes on. With processes that are stopped: Faults.Tests.
/// </summary>
[Trait("Fault", "F29")]
public sealed class StoppedWorkerTests(FaultyRuns app) : IClassFixture<FaultyRuns>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => app.EndAsync();

    [Fact]
    public async Task A_worker_that_was_stopped_and_goes_on_after_its_lease_writes_nothing()
    {
        var (branch, tenants) = await app.SubscribeAsync("2024-05", 1, "stopped");
        var (stopped, goOn) = app.StopAt("rated");
        using var measured = new Measured(app.Services);
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2024-05", issue: false);
        var drained = app.DrainAsync();
        await stopped;

        // While it stands still more is used, and another process bills that.
        app.Usage.Add(tenants[0], app.Subscriptions.Of(tenants[0]), "2024-05-31", "gb", "20", "STORAGE");
        app.Clock.Advance(TimeSpan.FromSeconds(61));
        await app.WorkElsewhereAsync("2024-05");
        var billed = await app.BilledAsync("2024-05");
        measured["licensing.billing.chunks_lost"].ShouldBe(0);
        goOn.SetResult();
        await drained;

        measured["licensing.billing.chunks_lost"].ShouldBe(1);
        (await app.BilledAsync("2024-05")).ShouldBe(billed);
        (await OperationAsync(platform, operation)).GetProperty("result").GetRawText().ShouldBe(
            """{"net":[{"amount":"11.00","currency":"EUR"}],"issued":0,"invoices":1,"notBilled":0}""");
    }

    [Fact]
    public async Task A_worker_of_the_round_before_gets_nothing_of_the_next()
    {
        var (branch, _) = await app.SubscribeAsync("2023-09", 5, "round");
        using var platform = branch.Administrator();
        await StartAsync(platform, "2023-09", issue: false);
        await app.DrainAsync();
        var before = await app.RunOfAsync("2023-09");
        ClaimedChunk? claimed = null;
        var asked = false;
        app.Probe.At = async place =>
        {
            if (place != "claimed" || asked)
                return;
            asked = true;
            claimed = await app.InAsync<RunChunks, ClaimedChunk?>(
                chunks => chunks.ClaimAsync(before, ChunkState.Waiting, Ct));
        };
        await StartAsync(platform, "2023-09", issue: false);
        await app.DrainAsync();
        asked.ShouldBeTrue();
        claimed.ShouldBeNull();
        (await app.RunOfAsync("2023-09")).Round.ShouldBe(before.Round + 1);
    }

    [Fact]
    public async Task A_worker_that_was_stopped_in_the_middle_of_writing_keeps_nobody_from_it()
    {
        var (branch, _) = await app.SubscribeAsync("2024-06", 1, "stopped-writing");
        var (stopped, goOn) = app.StopAt("copied invoices");
        using var platform = branch.Administrator();
        var operation = await StartAsync(platform, "2024-06");
        var drained = app.DrainAsync();
        await stopped;
        await TakenOverAsync("2024-06");
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Succeeded");
        goOn.SetResult();
        await drained;
        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-06")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Nor_does_one_in_the_middle_of_its_copy_where_no_timeout_of_the_server_counts()
    {
        var (branch, _) = await app.SubscribeAsync("2022-09", 1, "half-copied");
        using var platform = branch.Administrator();
        app.Probe.At = place => place == "claimed" ? throw new WorkerKilledException() : Task.CompletedTask;
        var operation = await StartAsync(platform, "2022-09");
        await app.DrainAsync();
        app.Probe.At = null;
        app.Clock.Advance(TimeSpan.FromSeconds(61));

        // The next one writes as far as the server has begun to read its rows; no more of them come.
        var run = await app.RunOfAsync("2022-09");
        await using var scope = app.Services.CreateAsyncScope();
        var (chunks, session) = (scope.ServiceProvider.GetRequiredService<RunChunks>(), scope.ServiceProvider.GetRequiredService<DbSession>());
        var chunk = (await chunks.ClaimAsync(run, ChunkState.Waiting, Ct)).ShouldNotBeNull();
        await session.BeginAsync(Ct);
        await chunks.FenceAsync(chunk, Ct);
        var copy = await session.Connection.BeginRawBinaryCopyAsync("copy billing.invoices (id) from stdin (format binary)", Ct);

        await TakenOverAsync("2022-09");
        await Should.ThrowAsync<Exception>(() => copy.DisposeAsync().AsTask());
        (await OperationAsync(platform, operation)).GetProperty("state").GetString().ShouldBe("Succeeded");
        (await ItemsAsync(platform, "/api/v1/invoices?period=2022-09")).Count.ShouldBe(1);
    }

    // While a lease holds nobody ends who writes under it; once it is over whoever takes the chunk does. What the server does by itself after a
    // minute, where it does, comes later than the patience of this.
    private async Task TakenOverAsync(string month)
    {
        var run = await app.RunOfAsync(month);
        (await ClaimAsync(run)).ShouldBeNull();
        (await WritersAsync()).ShouldBe("1");
        app.Clock.Advance(TimeSpan.FromSeconds(61));
        ClaimedChunk? taken = null;
        (await Eventually.IsAsync(async () => (taken = await ClaimAsync(run)) is not null)).ShouldBeTrue("It is still waited for.");
        (await WritersAsync()).ShouldBe("0");
        await app.InAsync<RunChunks, Done>(async chunks =>
        {
            await chunks.ReleaseAsync(taken!, atOnce: true, Ct);
            return new Done();
        });
        await app.WorkElsewhereAsync(month);
    }

    private Task<ClaimedChunk?> ClaimAsync(BillingRun run) =>
        app.InAsync<RunChunks, ClaimedChunk?>(chunks => chunks.ClaimAsync(run, ChunkState.Waiting, Ct));

    // Sessions with the name that the fence of a chunk gave them.
    private Task<string> WritersAsync() => app.TextAsync(
        "select count(*)::text from pg_stat_activity where datname = current_database() and application_name ~ '^billing-[0-9a-f]{32}$'");
}
