using Licensing.Billing.Data;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Ops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Runs;

/// <summary><c>ops billing …</c>: the same commands as the API's; a run is worked on here, beside whatever hosts do for it.</summary>
internal static class RunsAtTerminal
{
    private const int MostErrors = 100;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <param name="Tenant">Its external id; null in the last line, which has the counts.</param>
    private sealed record LeftOut(string? Tenant, string Code, string Message);

    private sealed record Listed(
        string Period, string State, bool Issue, int Tenants, int NotBilled, string? StartedBy, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt);

    public static OpsCommand Run { get; } = new(
        "billing run",
        "Bills a month, or goes on with it, and waits for its end; 1 where it is held or was refused, and where tenants could not be billed.",
        [
            new("--period", "The month, yyyy-MM.", OpsArgumentKind.Required),
            new("--issue", "Issues the drafts at the end.", OpsArgumentKind.Flag),
            new("--preview", "Only tells what it would come to, and writes nothing.", OpsArgumentKind.Flag),
        ],
        RunAsync);

    public static OpsCommand Status { get; } = new(
        "billing status", "The billing runs and where they stand, the one made last first.", [new("--period", "Only that month, yyyy-MM.")],
        async (call, ct) =>
        {
            var sender = call.Services.GetRequiredService<ISender>();
            if ((await sender.Send(new ListBillingRuns.Query(call["--period"], null, null, null), ct)).Refused(out var refusal, out var page))
                return refusal;
            return new OpsAnswer(page.Items.Select(run => new Listed(
                $"{run.Period.Start:yyyy-MM}", run.State.ToString(), run.Issue, run.Tenants, run.NotBilled, run.StartedBy, run.StartedAt,
                run.FinishedAt)));
        });

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        var (sender, period) = (call.Services.GetRequiredService<ISender>(), call["--period"]!);
        if (call.Has("--preview") && call.Has("--issue"))
            return OpsCall.Wrong("--preview writes nothing, so it does not go with --issue.");
        if (call.Has("--preview"))
            return (await sender.Send(new PreviewBillingRun.Query(period) { Progress = call.Progress }, ct)).Refused(out var no, out var preview)
                ? no
                : new OpsAnswer(preview);
        if ((await sender.Send(new StartBillingRun.Command(period, call.Has("--issue")), ct)).Refused(out var refusal, out var started))
            return refusal;

        var workers = call.Services.GetRequiredService<RunWorkers>();
        var clock = call.Services.GetRequiredService<TimeProvider>();
        // What others hold, or what failed, is waited for until nothing has moved for as long as a dead host's claim holds; then the hosts go on.
        var patience = call.Services.GetRequiredService<BillingSettings>().ChunkLease * 2;
        for (var (done, moved) = (-1L, clock.GetUtcNow()); ;)
        {
            var working = workers.WorkAsync(started.RunId, ct);
            var told = await WatchAsync(call, started.OperationId, working, clock, ct);
            if (await working is not { } at)
                return await EndAsync(call, started, ct);
            var now = clock.GetUtcNow();
            if (told.Done != done)
                (done, moved) = (told.Done, now);
            else if (now - moved > patience)
                return RunRefusals.Unfinished(period, at);
            await Task.Delay(at - now < Pause && at > now ? at - now : Pause, clock, ct);
        }
    }

    private static async Task<OperationView> WatchAsync(
        OpsCall call, OperationId operation, Task working, TimeProvider clock, CancellationToken ct)
    {
        while (true)
        {
            var ended = working.IsCompleted;
            await using var scope = call.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
            var told = (await scope.ServiceProvider.GetRequiredService<OperationLog>().FindAsync(operation, Scope.Everything, ct))!;
            if (told.Total > 0)
                call.Progress?.Invoke(told.Done, told.Total);
            if (ended)
                return told;
            await Task.WhenAny(working, Task.Delay(Look, clock, ct));
        }
    }

    private static async Task<Result<OpsAnswer>> EndAsync(OpsCall call, BillingRunView started, CancellationToken ct)
    {
        await using var scope = call.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        var run = await scope.ServiceProvider.GetRequiredService<BillingDb>().Runs.AsNoTracking().SingleAsync(x => x.Id == started.RunId, ct);
        if (run.State is RunState.Held)
            return RunRefusals.Deviates(run.Id, run.Deviations ?? []);
        var told = (await scope.ServiceProvider.GetRequiredService<OperationLog>().FindAsync(started.OperationId, Scope.Everything, ct))!;
        if (run.NotBilled == 0)
            return new OpsAnswer(new
            {
                Run = run.Id,
                Period = $"{run.PeriodStart:yyyy-MM}",
                State = run.State.ToString(),
                run.Tenants,
                told.Result,
                told.Errors,
            });

        if ((await call.Services.GetRequiredService<ISender>().Send(new ListParkedTenants.Query(run.Id, MostErrors, null), ct))
            .Refused(out var refusal, out var parked))
            return refusal;
        return new OpsAnswer(parked.Items.Select(x => new LeftOut(x.ExternalId, x.Code, x.Message)).Append(new LeftOut(
            null, "total",
            $"{run.PeriodStart:yyyy-MM}, run {run.Id}, {run.State}: {run.NotBilled} of {run.Tenants} tenants could not be billed; "
            + $"{told.Result?.ToJsonString()}")))
        { Failed = true };
    }
}
