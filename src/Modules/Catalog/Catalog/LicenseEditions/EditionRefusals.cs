namespace Licensing.Catalog.LicenseEditions;

internal static class EditionRefusals
{
    public static Refusal CodeTaken { get; } = new(RefusalKind.Conflict, "edition_code_taken", "Another licence edition has this code.");

    public static Refusal AnotherDemo { get; } = new(
        RefusalKind.Conflict, "edition_demo_taken", "Another licence edition is the demo; take it off sale first.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "edition_not_found", $"There is no licence edition {id}.");
}
