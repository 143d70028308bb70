using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Catalog.Pricing;

internal sealed record PriceListView(
    PriceListId Id, string Key, string Name, PriceScope Scope, string? Region, OrganizationId? TenantId, Guid? SubscriptionId, Currency Currency,
    DateOnly ValidFrom, DateOnly? ValidUntil, DateTimeOffset ItemsChangedAt, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version)
    : IVersioned
{
    public static Expression<Func<PriceList, PriceListView>> Projection { get; } = x => new PriceListView(
        x.Id, x.Key, x.Name, x.Scope, x.Region, x.TenantId, x.SubscriptionId, x.Currency, x.ValidFrom, x.ValidUntil, x.ItemsChangedAt, x.CreatedAt,
        x.Version);

    public static Func<PriceList, PriceListView> Of { get; } = Projection.Compile();
}
