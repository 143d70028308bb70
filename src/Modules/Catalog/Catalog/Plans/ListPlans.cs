using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>What can be subscribed to, and what is being drafted.</summary>
internal static class ListPlans
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(string? Key, string? Product, string? Status, int? Limit, string? After) : IQuery<Page<PlanView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<PlanView>>
    {
        public async Task<Result<Page<PlanView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<PlanStatus>("status", query.Status, out var status, out refusal))
                return refusal;
            var plans = db.Plans.AsNoTracking().Where(x =>
                (query.Key == null || x.Key == query.Key) && (query.Product == null || x.Product == query.Product)
                && (status == null || x.Status == status));
            return await plans.ToPageAsync(start, x => x.Id, PlanView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/", (string? key, string? product, string? status, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(key, product, status, limit, after), ct))
        .Slice<Query, Page<PlanView>>(nameof(ListPlans), "Lists plans, newest first");
}
