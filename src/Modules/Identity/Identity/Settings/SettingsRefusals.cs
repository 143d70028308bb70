namespace Licensing.Identity.Settings;

internal static class SettingsRefusals
{
    public static Refusal OnlyFromAbove(string pointer) => new(
        RefusalKind.Forbidden, "not_allowed_here",
        $"{pointer[1..].Replace('/', '.')} binds your own organization: only those above it may loosen it.")
    { Fields = [new FieldError(pointer, "not_allowed_here", "Only those above may loosen it.")] };

    public static Refusal ForbiddenAbove(string pointer) =>
        Refusal.Field(pointer, "forbidden_above", $"{pointer[1..].Replace('/', '.')}: an organization above does not allow it.");

    public static Refusal LaxerThanAbove(string pointer, string bound) =>
        Refusal.Field(pointer, "laxer_than_above", $"{pointer[1..].Replace('/', '.')} may be stricter than above, not laxer: {bound}.");

    public static Refusal Race { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else set this at the same moment; read it again and retry.");
}
