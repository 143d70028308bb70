using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>One price list without its items.</summary>
internal static class GetPriceList
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(PriceListId Id) : IQuery<PriceListView>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.VisibleTo(principal.Scope).Where(x => x.Id == query.Id).Select(PriceListView.Projection)
                .SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : PriceListRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new PriceListId(id)), ct))
        .Slice<Query, PriceListView>(nameof(GetPriceList), "Reads a price list");
}
