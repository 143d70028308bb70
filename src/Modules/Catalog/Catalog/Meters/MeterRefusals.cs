namespace Licensing.Catalog.Meters;

internal static class MeterRefusals
{
    public static Refusal KeyTaken { get; } = new(RefusalKind.Conflict, "meter_key_taken", "Another meter has this key.");

    public static FieldError Unknown(string pointer, string key) => new(pointer, "unknown_meter", $"There is no meter {key}.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "meter_not_found", $"There is no meter {id}.");
}
