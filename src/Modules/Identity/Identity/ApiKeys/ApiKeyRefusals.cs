namespace Licensing.Identity.ApiKeys;

internal static class ApiKeyRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "api_key_not_found", $"There is no API key {id}.");

    public static Refusal ExpiresInThePast { get; } = Refusal.Field("/expiresAt", "in_the_past", "expiresAt must be in the future.");

    public static Refusal AlreadyRevoked { get; } = new(RefusalKind.Conflict, "already_revoked", "The API key is revoked already.");

    public static Refusal Expired { get; } = new(RefusalKind.Conflict, "expired", "The API key has expired; make another.");

    public static Refusal AlreadyRotated { get; } =
        new(RefusalKind.Conflict, "already_rotated", "The API key has a successor already; rotate that one.");

    public static Refusal ExceedsOwn(string permission) =>
        new(RefusalKind.Forbidden, "exceeds_own", $"The API key includes {permission}, which you do not hold there yourself.");

    public static Refusal NotInRole(string pointer, string scope, string role) =>
        Refusal.Field(pointer, "not_in_role", $"{pointer[1..]}: {role} does not include {scope}.");
}
