namespace Licensing.Provisioning.Signed;

/// <summary>What this door refuses with. Its dialect has codes of its own for five of them and sums the others up.</summary>
internal static class SignedRefusals
{
    public static Refusal InvalidToken(string why) => new(RefusalKind.Unauthenticated, "invalid_token", why);

    public static Refusal InvalidCertificate { get; } = new(
        RefusalKind.Unauthenticated, "invalid_certificate",
        "No valid certificate has this kid: it is unknown, revoked, expired, or its organization is not active.");

    public static Refusal InvalidSignature { get; } = new(
        RefusalKind.Unauthenticated, "invalid_signature",
        "payload_hash is not the SHA-256 of the request's body, in lower-case hex, of its compact JSON or its bytes as sent.");

    public static Refusal DuplicateJti { get; } = new(
        RefusalKind.Unauthenticated, "duplicate_jti", "A request with this jti was received before; every request needs a new one.");

    public static Refusal InvalidJti { get; } = new(RefusalKind.Malformed, "invalid_jti", "jti must be a UUID of version 4.");

    public static Refusal Expired { get; } = new(RefusalKind.Malformed, "expired_token", "exp is in the past.");

    public static Refusal LivesTooLong { get; } = new(
        RefusalKind.Malformed, "expired_token", $"exp is more than {SignedToken.LongestLife.TotalMinutes:0} minutes ahead.");

    public static Refusal NotJson { get; } = new(
        RefusalKind.UnsupportedMediaType, "unsupported_media_type", "The body must be application/json, in UTF-8.");

    public static Refusal CustomerNotFound { get; } = new(RefusalKind.NotFound, "customer_not_found", "There is no such customer.");

    public static Refusal ScheduledForDeletion(string deletionId) => new(
        RefusalKind.Conflict, "scheduled_for_deletion",
        $"The customer is scheduled for deletion ({deletionId}); recover it before changing its licenses.");

    public static Refusal Race { get; } = new(
        RefusalKind.Conflict, "scheduled_for_deletion", "The customer was scheduled for deletion at the same moment.");

    public static Refusal NoPlan(Currency currency) => new(
        RefusalKind.Conflict, "no_plan_on_sale", $"No plan of this product is on sale in {currency}; ask your provider.");

    /// <summary>What another slice forbids is a rule here, not a missing customer.</summary>
    public static Refusal InThisDoor(Refusal refusal) =>
        refusal.Kind is RefusalKind.Forbidden ? refusal with { Kind = RefusalKind.Invalid } : refusal;
}
