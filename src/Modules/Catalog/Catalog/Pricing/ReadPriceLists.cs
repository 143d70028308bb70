using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

internal sealed record PriceListView(
    PriceListId Id, string Key, string Name, PriceScope Scope, string? Region, OrganizationId? TenantId, Guid? SubscriptionId, Currency Currency,
    DateOnly ValidFrom, DateOnly? ValidUntil, DateTimeOffset ItemsChangedAt, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<PriceList, PriceListView>> Projection { get; } = x => new PriceListView(
        x.Id, x.Key, x.Name, x.Scope, x.Region, x.TenantId, x.SubscriptionId, x.Currency, x.ValidFrom, x.ValidUntil, x.ItemsChangedAt, x.CreatedAt, x.Version);

    public static Func<PriceList, PriceListView> Of { get; } = Projection.Compile();
}

internal sealed record PriceListItemView(string Sku, string Meter, string Name, Price Price);

internal static class VisiblePriceLists
{
    /// <summary>What everyone may see, and the lists of the caller's own tenants.</summary>
    public static IQueryable<PriceList> VisibleTo(this CatalogDb db, Scope scope)
    {
        var own = db.PriceLists.Within(scope).Select(x => x.Id);
        return db.PriceLists.AsNoTracking().Where(x => x.Scope == PriceScope.Global || x.Scope == PriceScope.Region || own.Contains(x.Id));
    }
}

/// <summary>The price lists that the caller may see.</summary>
internal static class ListPriceLists
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(string? Key, string? Scope, string? Currency, Guid? TenantId, int? Limit, string? After) : IQuery<Page<PriceListView>>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, Page<PriceListView>>
    {
        public async Task<Result<Page<PriceListView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start)
                || Filter.Refuses<PriceScope>("scope", request.Scope, out var scope, out refusal))
                return refusal;
            var lists = db.VisibleTo(principal.Scope).Where(x => (request.Key == null || x.Key == request.Key) && (scope == null || x.Scope == scope));
            if (request.TenantId is { } id)
            {
                var tenant = new OrganizationId(id);
                lists = lists.Where(x => x.TenantId == tenant);
            }

            if (request.Currency is not null)
            {
                if (!Licensing.Kernel.Currency.TryParse(request.Currency, out var currency))
                    return new Refusal(RefusalKind.Malformed, "invalid_filter", "currency must be an ISO 4217 code.");
                lists = lists.Where(x => x.Currency == currency);
            }

            return await lists.ToPageAsync(start, x => x.Id, PriceListView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/", (string? key, string? scope, string? currency, Guid? tenantId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(key, scope, currency, tenantId, limit, after), ct))
        .Slice<Query, Page<PriceListView>>(nameof(ListPriceLists), "Lists price lists, newest first");
}

/// <summary>One price list without its items.</summary>
internal static class GetPriceList
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(PriceListId Id) : IQuery<PriceListView>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Query request, CancellationToken cancellationToken) =>
            await db.VisibleTo(principal.Scope).Where(x => x.Id == request.Id).Select(PriceListView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : PriceListRefusals.NotFound(request.Id.Value);
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new PriceListId(id)), ct))
        .Slice<Query, PriceListView>(nameof(GetPriceList), "Reads a price list");
}

/// <summary>The items of a list, by SKU and meter.</summary>
internal static class ListPriceListItems
{
    [Needs(CatalogPermissions.PricesRead)]
    public sealed record Query(PriceListId Id, string? Sku, int? Limit, string? After) : IQuery<Page<PriceListItemView>>;

    internal sealed class Handler(CatalogDb db, Principal principal) : IQueryHandler<Query, Page<PriceListItemView>>
    {
        public async Task<Result<Page<PriceListItemView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.VisibleTo(principal.Scope).AnyAsync(x => x.Id == request.Id, cancellationToken))
                return PriceListRefusals.NotFound(request.Id.Value);

            var items = db.PriceListItems.AsNoTracking().Where(x => x.PriceListId == request.Id && (request.Sku == null || x.Sku == request.Sku));
            if (start.After is { } after)
            {
                // No SKU holds a control character, so the line end parts the two.
                if (after.Split('\n') is not [var sku, var meter])
                    return PageStart.InvalidCursor;
                items = items.Where(x => string.Compare(x.Sku, sku) > 0 || (x.Sku == sku && string.Compare(x.Meter, meter) > 0));
            }

            var page = await items.OrderBy(x => x.Sku).ThenBy(x => x.Meter)
                .Select(x => new PriceListItemView(x.Sku, x.Meter, x.Name, x.Price)).Take(start.Limit + 1).ToListAsync(cancellationToken);
            if (page.Count <= start.Limit)
                return new Page<PriceListItemView>(page, null);

            page.RemoveAt(start.Limit);
            return new Page<PriceListItemView>(page, PageStart.Encode($"{page[^1].Sku}\n{page[^1].Meter}"));
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapGet("/{id:guid}/items", (Guid id, string? sku, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new PriceListId(id), sku, limit, after), ct))
        .Slice<Query, Page<PriceListItemView>>(nameof(ListPriceListItems), "Lists the items of a price list by SKU");
}
