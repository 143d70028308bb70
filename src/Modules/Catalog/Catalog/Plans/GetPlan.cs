using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>One plan with its draft.</summary>
internal static class GetPlan
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(PlanId Id) : IQuery<PlanView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Plans.Where(x => x.Id == query.Id).Select(PlanView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : PlanRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new PlanId(id)), ct))
        .Slice<Query, PlanView>(nameof(GetPlan), "Reads a plan");
}
