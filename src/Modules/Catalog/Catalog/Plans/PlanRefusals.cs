using Licensing.Catalog.Products;

namespace Licensing.Catalog.Plans;

internal static class PlanRefusals
{
    public static Refusal KeyTaken { get; } = new(RefusalKind.Conflict, "plan_key_taken", "Another plan has this key.");

    public static Refusal Retired { get; } = new(RefusalKind.Conflict, "plan_retired", "The plan is retired and cannot change.");

    public static Refusal NothingToPublish { get; } =
        new(RefusalKind.Conflict, "plan_without_draft", "The plan has no draft to publish; PATCH it to open one.");

    public static Refusal UnknownProduct(string product) => Refusal.AllFields([ProductRefusals.Unknown("/product", product)]);

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "plan_not_found", $"There is no plan {id}.");
}
