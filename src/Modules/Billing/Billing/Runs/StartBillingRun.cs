using System.Text.Json.Nodes;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>Where a started run can be watched.</summary>
internal sealed record BillingRunView(Guid RunId, OperationId OperationId, Period Period, bool Issue);

/// <summary>Begins runs, or goes on with them. The unique key on seller and period makes everyone who asks meet in one run.</summary>
internal sealed class RunStarter(
    BillingDb db, OperationLog operations, IOrganizationDirectory organizations, BillingCalendar calendar, RunChunks chunks, Principal principal,
    AuditTrail audit, TimeProvider clock)
{
    /// <summary>Everyone who may be behind an access: himself, who knows his secrets, who opened his log-in.</summary>
    public static Guid[] PersonsOf(Access access) =>
        [.. access.MayAlsoBe.Append(access.Id).Concat(access.OpenedBy is { } by ? [by] : Array.Empty<Guid>()).Distinct()];

    /// <summary>The platform, if all these months can be billed by this caller.</summary>
    public async Task<Result<OrganizationRef>> CheckAsync(IReadOnlyList<Period> periods, CancellationToken ct)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        foreach (var period in periods)
            if (period.Start > today)
                return RunRefusals.PeriodInFuture(period);
            else if (period.End > today)
                return RunRefusals.PeriodNotOver(period);
        var seller = await organizations.PlatformAsync(ct);
        return principal.Scope.Contains(seller.Path) ? seller : RunRefusals.NotTheSeller;
    }

    public async Task<BillingRunView> StartAsync(OrganizationRef seller, Period period, bool wanted, CancellationToken ct)
    {
        var run = await LockAsync(seller.Id, period, ct);
        var over = run.State is RunState.Finished;
        var issue = wanted || (run.Issue && !over);
        var operation = over ? await operations.StartAsync("billing.run", seller.Path, 0, ct) : run.OperationId!.Value;
        // Who starts a held run has mended what was wrong: everything is drawn and compared again.
        var (anew, now) = (over || run.State is RunState.Held, clock.GetUtcNow());
        var persons = PersonsOf(principal.Access);
        await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(x => x.Issue, issue).SetProperty(x => x.OperationId, operation).SetProperty(x => x.Step, x => x.Step + 1);
            if (anew)
                set.SetProperty(x => x.State, RunState.Planning).SetProperty(x => x.Round, x => x.Round + 1).SetProperty(x => x.RoundAt, now)
                    .SetProperty(x => x.StartedBy, persons).SetProperty(x => x.StartedByName, principal.Access.Name)
                    .SetProperty(x => x.NotBilled, 0).SetProperty(x => x.FinishedAt, (DateTimeOffset?)null)
                    .SetProperty(x => x.Deviations, (IReadOnlyList<RunDeviation>?)null).SetProperty(x => x.ConfirmedBy, (Guid?)null)
                    .SetProperty(x => x.ConfirmedByName, (string?)null).SetProperty(x => x.ConfirmedAt, (DateTimeOffset?)null);
        }, ct);
        await chunks.RetryAsync(run.Id, ct);
        db.Publish(new BillingRunContinued(run.Id, run.Step + 1));
        audit.Note("billing_run", run.Id.ToString(), seller.Path, new JsonObject { ["period"] = period.ToString(), ["issue"] = issue });
        return new BillingRunView(run.Id, operation, period, issue);
    }

    private async Task<BillingRun> LockAsync(OrganizationId seller, Period period, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Database.ExecuteSqlAsync($"""
            insert into billing.runs (id, seller_id, period_start, period_end, state, issue, step, not_billed, created_at, round_at)
            values ({Id.NewGuid(now)}, {seller.Value}, {period.Start}, {period.End}, 'Finished', false, 0, 0, {now}, {now})
            on conflict on constraint runs_one_per_period do nothing
            """, ct);
        return await db.Runs.FromSql($"""
            select * from billing.runs where seller_id = {seller.Value} and period_start = {period.Start} and period_end = {period.End} for update
            """).AsNoTracking().SingleAsync(ct);
    }
}

/// <summary>Starts the billing of a month, or goes on with it.</summary>
internal static class StartBillingRun
{
    [Needs(BillingPermissions.RunsStart)]
    public sealed record Command(string Period, bool Issue) : ICommand<BillingRunView>;

    public sealed record Body(bool Issue = false);

    internal sealed class Handler(RunStarter starter) : ICommandHandler<Command, BillingRunView>
    {
        public async Task<Result<BillingRunView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(command.Period, out var period))
                return PeriodRefusals.NotAMonth;
            if ((await starter.CheckAsync([period], cancellationToken)).Refused(out var refusal, out var seller))
                return refusal;
            return await starter.StartAsync(seller, period, command.Issue, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapPost("/generate/{period}", (string period, Body? body, ISender sender, CancellationToken ct) =>
            sender.Accepted(new Command(period, body?.Issue ?? false), x => $"/api/v1/operations/{x.OperationId.Value}", ct))
        .Slice<Command, BillingRunView>(nameof(StartBillingRun), "Starts or continues the billing of a month", StatusCodes.Status202Accepted);
}
