using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Pricing;

internal sealed record PriceListItemView(string Sku, string Meter, string Name, Price Price);
