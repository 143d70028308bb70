namespace Licensing.Catalog.Products;

internal static class ProductRefusals
{
    public static Refusal KeyTaken { get; } = new(RefusalKind.Conflict, "product_key_taken", "Another product has this key.");

    public static FieldError Unknown(string pointer, string key) => new(pointer, "unknown_product", $"There is no product {key}.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "product_not_found", $"There is no product {id}.");
}
