using System.Runtime.CompilerServices;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <inheritdoc cref="IPinnedPrices"/>
internal sealed class PinnedPrices(CatalogDb db) : IPinnedPrices
{
    public IAsyncEnumerable<PinnedPrice> InForceAsync(Period period, CancellationToken ct) => ReadAsync(period, db.PriceLists, ct);

    public async Task<IReadOnlyList<PinnedPrice>> OfSubscriptionsAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<Guid> subscriptions, CancellationToken ct)
    {
        var (owners, asked) = (tenants.Select(id => (OrganizationId?)id).ToList(), subscriptions.Select(id => (Guid?)id).ToList());
        var own = db.PriceLists.Where(list => owners.Contains(list.TenantId) && asked.Contains(list.SubscriptionId));
        return await ReadAsync(period, own, ct).ToListAsync(ct);
    }

    public async Task<IReadOnlyList<PinnedPrice>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var owners = tenants.Select(id => (OrganizationId?)id).ToList();
        var theirs = db.PriceLists.Where(list => owners.Contains(list.TenantId) && list.SubscriptionId == null);
        return await ReadAsync(period, theirs, ct).ToListAsync(ct);
    }

    private async IAsyncEnumerable<PinnedPrice> ReadAsync(
        Period period, IQueryable<PriceList> lists, [EnumeratorCancellation] CancellationToken ct)
    {
        var day = period.Start;
        var rows = (
            from list in lists.AsNoTracking()
            where list.ValidFrom <= day && (list.ValidUntil == null || list.ValidUntil > day)
            join item in db.ItemsOn(day) on list.Id equals item.PriceListId
            orderby list.TenantId != null, list.TenantId, list.Id, item.Sku, item.Meter
            select new { List = list, Item = item }).AsAsyncEnumerable();
        await foreach (var row in rows.WithCancellation(ct))
            yield return new PinnedPrice(
                row.List.Region, row.List.TenantId, row.List.SubscriptionId, row.List.Currency, row.List.ValidFrom,
                new SkuPrice(row.List.Id, row.Item.Sku, row.Item.Meter, row.Item.Name, row.Item.Price));
    }

    public IPriceBook Open(IEnumerable<PinnedPrice> prices) => new PriceBook(prices.Select(price => new PriceRow(
        new PriceTarget(Scope(price), price.Region, price.TenantId, price.SubscriptionId), price.Currency, price.ValidFrom, price.Price)));

    private static PriceScope Scope(PinnedPrice price) =>
        price.SubscriptionId is not null ? PriceScope.Subscription
        : price.TenantId is not null ? PriceScope.Tenant
        : price.Region is not null ? PriceScope.Region
        : PriceScope.Global;
}
