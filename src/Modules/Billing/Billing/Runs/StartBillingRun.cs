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

/// <summary>
/// Starts the billing of a month, or goes on with it. The unique key on seller and period makes everyone who asks meet in one run.
/// </summary>
internal static class StartBillingRun
{
    [Needs(BillingPermissions.RunsStart)]
    public sealed record Command(string Period, bool Issue) : ICommand<BillingRunView>;

    public sealed record Body(bool Issue = false);

    internal sealed class Handler(
        BillingDb db, OperationLog operations, IOrganizationDirectory organizations, BillingCalendar calendar, Principal principal, AuditTrail audit,
        TimeProvider clock) : ICommandHandler<Command, BillingRunView>
    {
        public async Task<Result<BillingRunView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(command.Period, out var period))
                return PeriodRefusals.NotAMonth;
            if (period.End > calendar.DayOf(clock.GetUtcNow()))
                return RunRefusals.PeriodNotOver(period);

            var seller = await organizations.PlatformAsync(cancellationToken);
            if (!principal.Scope.Contains(seller.Path))
                return RunRefusals.NotTheSeller;

            var run = await LockAsync(seller.Id, period, cancellationToken);
            var issue = command.Issue || (run.Issue && run.State is not RunState.Finished);
            var (operation, step) = (run.OperationId, run.Step);
            if (run.State is RunState.Finished)
            {
                step++;
                operation = await operations.StartAsync("billing.run", seller.Path, 0, cancellationToken);
                await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
                    .SetProperty(x => x.State, RunState.Drafting).SetProperty(x => x.Issue, issue).SetProperty(x => x.OperationId, operation)
                    .SetProperty(x => x.Step, step).SetProperty(x => x.LastTenant, (OrganizationId?)null).SetProperty(x => x.NotBilled, 0)
                    .SetProperty(x => x.FinishedAt, (DateTimeOffset?)null), cancellationToken);
            }
            else if (issue != run.Issue)
            {
                await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set.SetProperty(x => x.Issue, issue), cancellationToken);
            }

            // Also for one that runs: should its message wait somewhere for a person, this one goes on in its place.
            db.Publish(new BillingRunContinued(run.Id, step));
            audit.Note("billing_run", run.Id.ToString(), seller.Path, new JsonObject { ["period"] = period.ToString(), ["issue"] = issue });
            return new BillingRunView(run.Id, operation!.Value, period, issue);
        }

        private async Task<BillingRun> LockAsync(OrganizationId seller, Period period, CancellationToken ct)
        {
            await db.Database.ExecuteSqlAsync($"""
                insert into billing.runs (id, seller_id, period_start, period_end, state, issue, step, not_billed, created_at)
                values ({Id.NewGuid(clock.GetUtcNow())}, {seller.Value}, {period.Start}, {period.End}, 'Finished', false, 0, 0, {clock.GetUtcNow()})
                on conflict on constraint runs_one_per_period do nothing
                """, ct);
            return await db.Runs.FromSql($"""
                select * from billing.runs where seller_id = {seller.Value} and period_start = {period.Start} and period_end = {period.End} for update
                """).AsNoTracking().SingleAsync(ct);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapPost("/generate/{period}", (string period, Body? body, ISender sender, CancellationToken ct) =>
            sender.Accepted(new Command(period, body?.Issue ?? false), x => $"/api/v1/operations/{x.OperationId.Value}", ct))
        .Slice<Command, BillingRunView>(nameof(StartBillingRun), "Starts or continues the billing of a month", StatusCodes.Status202Accepted);
}
