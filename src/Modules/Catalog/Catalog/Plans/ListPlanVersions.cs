using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>What a plan was and is, whole.</summary>
internal static class ListPlanVersions
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(PlanId Id, int? Limit, string? After) : IQuery<Page<PlanVersionView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<PlanVersionView>>
    {
        public async Task<Result<Page<PlanVersionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Plans.AnyAsync(x => x.Id == query.Id, cancellationToken))
                return PlanRefusals.NotFound(query.Id.Value);
            return await db.PlanVersions.AsNoTracking().Where(x => x.PlanId == query.Id).ToPageAsync(
                start, x => x.Id,
                x => new PlanVersionView(
                    x.Id, x.Number, x.Name, x.Product, x.Currency, x.Charges, x.UsesPriceLists, x.TrialDays, x.Terms, x.PublishedAt),
                x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/{id:guid}/versions", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new PlanId(id), limit, after), ct))
        .Slice<Query, Page<PlanVersionView>>(nameof(ListPlanVersions), "Lists a plan's published versions, newest first");
}
