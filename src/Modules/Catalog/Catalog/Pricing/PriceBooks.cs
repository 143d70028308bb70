using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>One price and whom it is for, as read.</summary>
internal sealed record PriceRow(PriceTarget Target, Currency Currency, DateOnly ValidFrom, SkuPrice Price);

/// <inheritdoc cref="IPriceBooks"/>
internal sealed class PriceBooks(CatalogDb db) : IPriceBooks
{
    public async Task<IPriceBook> OpenAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var day = period.Start;
        var asked = tenants.Select(id => (OrganizationId?)id).ToList();
        var rows = await (
            from list in db.PriceLists.AsNoTracking()
            where list.ValidFrom <= day && (list.ValidUntil == null || list.ValidUntil > day)
                && (list.TenantId == null || asked.Contains(list.TenantId))
            join item in db.ItemsOn(day) on list.Id equals item.PriceListId
            select new
            {
                list.Scope,
                list.Region,
                list.TenantId,
                list.SubscriptionId,
                list.Currency,
                list.ValidFrom,
                list.Id,
                item.Sku,
                item.Meter,
                item.Name,
                item.Price
            })
            .ToListAsync(ct);
        return new PriceBook(rows.Select(r => new PriceRow(
            new PriceTarget(r.Scope, r.Region, r.TenantId, r.SubscriptionId), r.Currency, r.ValidFrom,
            new SkuPrice(r.Id, r.Sku, r.Meter, r.Name, r.Price))));
    }
}

/// <summary>
/// Prices by whom they are for. Where two lists of the same target price the same, the one that came into force last wins, and
/// then the newer one: that is how the price of a tenant changes without touching the old list.
/// </summary>
internal sealed class PriceBook : IPriceBook
{
    private readonly Dictionary<Entry, SkuPrice> _prices = [];

    public PriceBook(IEnumerable<PriceRow> rows)
    {
        foreach (var row in rows.OrderBy(r => r.ValidFrom).ThenBy(r => r.Price.PriceListId.Value))
            _prices[new Entry(
                row.Price.Sku, row.Price.Meter, row.Currency, row.Target.Region, row.Target.TenantId, row.Target.SubscriptionId)] = row.Price;
    }

    public FoundPrice? Find(
        string sku, string meter, Currency currency, Currency other, string? region, OrganizationId tenant, Guid subscription)
    {
        var global = new Entry(sku, meter, currency, null, null, null);
        return In(global with { Tenant = tenant, Subscription = subscription }, other)
            ?? In(global with { Tenant = tenant }, other)
            ?? (region is null ? null : In(global with { Region = region }, other))
            ?? In(global, other);
    }

    private FoundPrice? In(Entry entry, Currency other) =>
        _prices.TryGetValue(entry, out var price) ? new FoundPrice(price, entry.Currency)
        : entry.Currency != other && _prices.TryGetValue(entry with { Currency = other }, out price) ? new FoundPrice(price, other)
        : null;

    private readonly record struct Entry(string Sku, string Meter, Currency Currency, string? Region, OrganizationId? Tenant, Guid? Subscription);
}
