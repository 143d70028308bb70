using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Meters;

/// <summary>The meters that usage and charges can name.</summary>
internal static class ListMeters
{
    [Needs(CatalogPermissions.MetersRead)]
    public sealed record Query(string? Key, int? Limit, string? After) : IQuery<Page<MeterView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<MeterView>>
    {
        public async Task<Result<Page<MeterView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var meters = db.Meters.AsNoTracking().Where(x => query.Key == null || x.Key == query.Key);
            return await meters.ToPageAsync(start, x => x.Id, MeterView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapGet("/", (string? key, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(key, limit, after), ct))
        .Slice<Query, Page<MeterView>>(nameof(ListMeters), "Lists meters, newest first");
}
