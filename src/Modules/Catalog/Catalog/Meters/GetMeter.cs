using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Meters;

/// <summary>One meter.</summary>
internal static class GetMeter
{
    [Needs(CatalogPermissions.MetersRead)]
    public sealed record Query(MeterId Id) : IQuery<MeterView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, MeterView>
    {
        public async Task<Result<MeterView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Meters.Where(x => x.Id == query.Id).Select(MeterView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : MeterRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new MeterId(id)), ct))
        .Slice<Query, MeterView>(nameof(GetMeter), "Reads a meter");
}
