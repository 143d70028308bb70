using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>Turns the draft into the plan's next version, which never changes; new subscriptions take it from now on.</summary>
internal static class PublishPlan
{
    [Needs(CatalogPermissions.PlansManage)]
    public sealed record Command(PlanId Id) : ICommand<PlanView>;

    internal sealed class Handler(CatalogDb db, Precondition precondition, TimeProvider clock) : ICommandHandler<Command, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var plan = await db.Plans.SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (plan is null)
                return PlanRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(plan))
                return Precondition.Failed;
            if (plan.Publish(clock.GetUtcNow()).Refused(out var refusal, out var version))
                return refusal;

            db.Add(version);
            return await db.SavedAsync(() => PlanView.Of(plan), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapPost("/{id:guid}/publish", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new PlanId(id)), ct))
        .Slice<Command, PlanView>(nameof(PublishPlan), "Publishes a plan's draft as its next version")
        .WithMetadata(new TakesIfMatch());
}
