using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>Takes a plan off sale; subscriptions that have it keep it.</summary>
internal static class RetirePlan
{
    [Needs(CatalogPermissions.PlansManage)]
    public sealed record Command(PlanId Id) : ICommand<PlanView>;

    internal sealed class Handler(CatalogDb db, Precondition precondition) : ICommandHandler<Command, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var plan = await db.Plans.SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (plan is null)
                return PlanRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(plan))
                return Precondition.Failed;
            if (plan.Retire().Refused(out var refusal, out _))
                return refusal;
            return await db.SavedAsync(() => PlanView.Of(plan), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapPost("/{id:guid}/retire", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new PlanId(id)), ct))
        .Slice<Command, PlanView>(nameof(RetirePlan), "Takes a plan off sale")
        .WithMetadata(new TakesIfMatch());
}
