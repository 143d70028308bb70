namespace Licensing.Identity.Credentials;

internal static class CredentialRefusals
{
    // One answer for whatever is wrong with it, so that nothing is learned by trying.
    public static Refusal Invalid { get; } =
        new(RefusalKind.Unauthenticated, "invalid_credential", "The credential is malformed, unknown, expired or revoked.");

    public static Refusal LostRights { get; } = new(
        RefusalKind.Conflict, "concurrent_change", "What you may do was changed at the same moment; try again.")
    { Transient = true };

    public static Refusal TooManyPeople { get; } = new(
        RefusalKind.Conflict, "too_many_know",
        "Too many may know what you log in with; choose a password by mail, or use a key that someone else makes.");

    public static Refusal AdministratorChanged { get; } = new(
        RefusalKind.Conflict, "concurrent_change", "Who administers the tenant was changed at the same moment; try again.")
    { Transient = true };

    public static Refusal NeedsSecondFactor { get; } = new(
        RefusalKind.Unauthenticated, "mfa_required", "This user has a second factor, which cannot be asked for here; use an API key or a client.");
}
