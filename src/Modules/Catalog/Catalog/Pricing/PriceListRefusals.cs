using Licensing.Catalog.Directories;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Pricing;

internal static class PriceListRefusals
{
    public static Refusal KeyTaken { get; } = new(RefusalKind.Conflict, "price_list_key_taken", "Another price list has this key.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "price_list_not_found", $"There is no price list {id}.");

    public static Refusal TenantNotFound(OrganizationId id) => new(RefusalKind.NotFound, "tenant_not_found", $"There is no tenant {id.Value}.");

    public static Refusal PricedTwice(string sku, string meter, string list) => new(
        RefusalKind.Conflict, "sku_priced_twice",
        $"The global list {list} prices the SKU {sku} by the meter {meter} in the same currency on some of the same days.");

    public static Refusal Race { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else changed these prices at the same moment; read them again and retry.");

    public static Refusal NotACurrency { get; } = CurrencyCode.Unreadable("currency");
}
