namespace Licensing.Identity.Clients;

internal static class ClientRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "client_not_found", $"There is no client {id}.");

    public static Refusal SecretNotFound(Guid id) => new(RefusalKind.NotFound, "client_secret_not_found", $"The client has no secret {id}.");

    public static Refusal AlreadyRevoked { get; } = new(RefusalKind.Conflict, "already_revoked", "The client is revoked already.");

    public static Refusal HasNoSecrets { get; } =
        new(RefusalKind.Conflict, "client_has_no_secrets", "The client signs with its own key and has no secrets.");

    public static Refusal TooManySecrets { get; } = new(
        RefusalKind.Conflict, "too_many_secrets", $"The client has {Client.MostSecrets} secrets that are still good; remove one first.");

    public static Refusal ExpiresInThePast { get; } = Refusal.Field("/expiresAt", "in_the_past", "expiresAt must be in the future.");

    public static Refusal KeysMissing { get; } =
        Refusal.Field("/jwks", "keys_missing", "jwks or publicKeyPem: a client that signs with its own key needs its public half.");

    public static Refusal KeysNotTaken { get; } =
        Refusal.Field("/jwks", "keys_not_taken", "jwks and publicKeyPem are only for clients whose authMethod is PrivateKeyJwt.");

    public static Refusal OneKindOfKeys { get; } =
        Refusal.Field("/publicKeyPem", "one_kind_of_keys", "Name the keys as jwks or as publicKeyPem, not as both.");

    public static Refusal BadKey(string field, string reason) => Refusal.Field(field, "bad_key", $"{field.TrimStart('/')}: {reason}");

    public static Refusal UnknownScope(string scope, string role) =>
        Refusal.Field("/scopes", "unknown_scope", $"scopes: the role {role} does not include a permission {scope}.");

    // Whoever could make or take over such a client would have by it what nobody gave him.
    public static Refusal Stronger(string permission) => new(
        RefusalKind.Forbidden, "stronger_than_yourself", $"The client may do what you may not there: {permission}.");
}
