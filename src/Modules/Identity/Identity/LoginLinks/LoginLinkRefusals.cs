namespace Licensing.Identity.LoginLinks;

internal static class LoginLinkRefusals
{
    // One answer for unknown, used and expired ones.
    public static Refusal Bad { get; } =
        new(RefusalKind.Unauthenticated, "bad_login_link", "The login link is unknown, used or expired; ask for another.");

    public static Refusal Withdrawn { get; } = new(
        RefusalKind.Unauthenticated, "login_link_withdrawn",
        "Whoever made the login link may not log this user in any more; ask for another, or log in.");

    public static Refusal UserOrOrganization { get; } =
        Refusal.Field("/userId", "one_of", "Give either userId, or organizationId of a tenant for its first administrator.");

    public static Refusal ToOneself { get; } =
        new(RefusalKind.Conflict, "link_to_oneself",
            "A login link cannot lead into your own account, or into that of a user who knows your secret or password.");

    public static Refusal NoAdministrator { get; } =
        new(RefusalKind.Conflict, "no_administrator", "The tenant has no administrator to log in.");
}
