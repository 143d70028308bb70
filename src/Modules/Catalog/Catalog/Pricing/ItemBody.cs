using Licensing.Catalog.Plans;

namespace Licensing.Catalog.Pricing;

/// <summary>An item as it is sent.</summary>
internal sealed record ItemBody(string Sku, string Meter, string Name, PriceBody Price);
