using System.Text.Json.Nodes;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>Lets a held run issue what it drafted. Only a person may, and not the one who started it, nor by a credential of his.</summary>
internal static class ConfirmBillingRun
{
    [Needs(BillingPermissions.RunsConfirm)]
    public sealed record Command(Guid Id) : ICommand<RunView>;

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal, AuditTrail audit, TimeProvider clock)
        : ICommandHandler<Command, RunView>
    {
        public async Task<Result<RunView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var seller = await organizations.PlatformAsync(cancellationToken);
            // Confirmed twice at once, it goes on once.
            var found = await db.Runs.FromSql($"select * from billing.runs where id = {command.Id} for update").AsNoTracking()
                .Where(x => x.OperationId != null).ToListAsync(cancellationToken);
            if (found is not [var run] || !principal.Scope.Contains(seller.Path))
                return RunRefusals.NotFound(command.Id);
            if (run.State is not RunState.Held)
                return RunRefusals.NotHeld;
            var access = principal.Access;
            if (access.Kind is not PrincipalKind.User || run.StartedBy.Intersect(RunStarter.PersonsOf(access)).Any())
                return RunRefusals.SecondPersonNeeded;

            await db.Runs.Where(x => x.Id == run.Id).ExecuteUpdateAsync(set => set
                .SetProperty(x => x.State, RunState.Issuing).SetProperty(x => x.Step, x => x.Step + 1).SetProperty(x => x.ConfirmedBy, access.Id)
                .SetProperty(x => x.ConfirmedByName, access.Name).SetProperty(x => x.ConfirmedAt, clock.GetUtcNow()), cancellationToken);
            db.Publish(new BillingRunContinued(run.Id, run.Step + 1));
            audit.Note("billing_run", run.Id.ToString(), seller.Path, new JsonObject
            {
                ["period"] = run.Period.ToString(),
                ["state"] = new JsonObject { ["old"] = nameof(RunState.Held), ["new"] = nameof(RunState.Issuing) },
            });
            return RunView.Of(await db.Runs.AsNoTracking().SingleAsync(x => x.Id == run.Id, cancellationToken));
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapPost("/runs/{id:guid}/confirm", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(id), ct))
        .Slice<Command, RunView>(nameof(ConfirmBillingRun), "Lets a held billing run go on, as a second person");
}
