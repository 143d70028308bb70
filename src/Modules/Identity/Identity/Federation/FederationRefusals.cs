namespace Licensing.Identity.Federation;

internal static class FederationRefusals
{
    // One answer for a bad token and for someone whom nobody here knows: the reason is in the log.
    public static Refusal NotAccepted { get; } = new(
        RefusalKind.Unauthenticated, "federated_login_refused", "The ID token is not accepted, or belongs to nobody who may enter.");

    public static Refusal UnknownProvider(string provider) => Refusal.Field(
        "/provider", "unknown_provider",
        $"provider: there is no provider {provider}, or it is switched off; GET /api/v1/auth/providers lists them.");

    public static Refusal ProviderUnavailable { get; } = new(
        RefusalKind.Unavailable, "provider_unavailable", "The provider's keys cannot be read at the moment.")
    { RetryAfter = TimeSpan.FromMinutes(1) };

    public static Refusal IdentityNotFound(Guid id) => new(RefusalKind.NotFound, "identity_not_found", $"There is no federated identity {id}.");

    public static Refusal AlreadyLinked { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else linked this identity at the same moment.");
}
