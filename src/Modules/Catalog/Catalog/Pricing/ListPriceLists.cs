using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Pricing;

/// <summary>The price lists that the caller may see.</summary>
internal static class ListPriceLists
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(string? Key, string? Scope, string? Currency, Guid? TenantId, int? Limit, string? After) : IQuery<Page<PriceListView>>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, Page<PriceListView>>
    {
        public async Task<Result<Page<PriceListView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<PriceScope>("scope", query.Scope, out var scope, out refusal))
                return refusal;
            var lists = db.VisibleTo(principal.Scope)
                .Where(x => (query.Key == null || x.Key == query.Key) && (scope == null || x.Scope == scope));
            if (query.TenantId is { } id)
            {
                var tenant = new OrganizationId(id);
                lists = lists.Where(x => x.TenantId == tenant);
            }

            if (query.Currency is not null)
            {
                if (!Licensing.Kernel.Currency.TryParse(query.Currency, out var currency))
                    return PriceListRefusals.NotACurrency;
                lists = lists.Where(x => x.Currency == currency);
            }

            return await lists.ToPageAsync(start, x => x.Id, PriceListView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/",
            (string? key, string? scope, string? currency, Guid? tenantId, int? limit, string? after, ISender sender, CancellationToken ct) =>
                sender.Ok(new Query(key, scope, currency, tenantId, limit, after), ct))
        .Slice<Query, Page<PriceListView>>(nameof(ListPriceLists), "Lists price lists, newest first");
}
