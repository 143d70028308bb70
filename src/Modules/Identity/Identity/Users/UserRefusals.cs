using Licensing.Identity.Contracts;

namespace Licensing.Identity.Users;

internal static class UserRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "user_not_found", $"There is no user {id}.");

    public static Refusal UnknownEmail(string email) => new(RefusalKind.NotFound, "user_not_found", $"There is no user {email}.");

    public static Refusal AssignmentNotFound(Guid id) => new(RefusalKind.NotFound, "role_assignment_not_found", $"There is no role assignment {id}.");

    public static Refusal UnknownUser(Guid id) => Refusal.Field("/userId", "user_not_found", $"userId: there is no such user {id}.");

    public static Refusal UnknownRole(string role) => Refusal.Field("/role", "unknown_role", $"role: there is no role {role}.");

    public static Refusal WrongLevel(string role, OrganizationKind kind) =>
        Refusal.Field("/role", "wrong_level", $"role: {role} cannot be held at a {kind.ToString().ToLowerInvariant()}.");

    public static Refusal UsernameTaken { get; } = new(RefusalKind.Conflict, "username_taken", "Another user has this user name.");

    public static Refusal NotInvited { get; } =
        new(RefusalKind.Conflict, "not_invited", "Only a user who is invited and has not activated his account gets an invitation.");

    public static Refusal StillInvited { get; } = new(
        RefusalKind.Conflict, "still_invited", "The user was invited and has not chosen a password yet; he is given none.");

    public static Refusal AlreadyDisabled { get; } = new(RefusalKind.Conflict, "already_disabled", "The user is disabled.");

    public static Refusal NotDisabled { get; } = new(RefusalKind.Conflict, "not_disabled", "The user is not disabled.");

    public static Refusal OwnAccount { get; } =
        new(RefusalKind.Conflict, "own_account",
            "Nobody disables, enables or unlocks himself, gives himself another address or takes his own second factor, password or identity at a "
            + "provider away like this, nor by a key, client or user whose secret or password he knows; another administrator can.");

    public static Refusal NoPasswordHere { get; } =
        new(RefusalKind.Conflict, "federated_only", "The user logs in through a provider and has no password here.");

    public static Refusal InvitedForPassword { get; } = Refusal.Field(
        "/federatedOnly", "invited", "federatedOnly: an invited user is about to choose a password; make him without an invitation.");

    // One answer for whatever is wrong with it.
    public static Refusal BadToken { get; } = Refusal.Field("/token", "bad_token", "token is unknown, used or expired; ask for another.");

    public static Refusal MfaActive { get; } =
        new(RefusalKind.Conflict, "mfa_active", "There is a second factor; remove it before another is set up.");

    public static Refusal MfaNotActive { get; } = new(RefusalKind.Conflict, "mfa_not_active", "There is no second factor.");

    public static Refusal MfaNotStarted { get; } = new(
        RefusalKind.Conflict, "mfa_not_started",
        "No second factor is being set up in this session, or too long ago; begin with POST /api/v1/auth/mfa.");

    public static Refusal WrongCode { get; } = Refusal.Field("/code", "bad_code", "code is wrong, expired or has been used.");

    public static Refusal WrongPassword { get; } =
        Refusal.Field("/password", "wrong_password", "password is wrong, or the account is locked for some minutes.");

    public static Refusal PasswordOrFreshLogin { get; } = Refusal.Field(
        "/password", "required",
        $"password is needed, unless you came through a provider within the last {StartMfa.FreshFor.TotalMinutes:0} minutes: log in there again.");

    public static Refusal EmailTaken { get; } = new(RefusalKind.Conflict, "email_taken", "Another user has this e-mail address.");

    public static Refusal OutsideHisBranch { get; } =
        Refusal.Field("/organizationId", "outside_branch", "organizationId: the organization lies outside the branch that the user belongs to.");

    public static Refusal LastAdministrator { get; } =
        new(RefusalKind.Conflict, "last_administrator", "This is the last platform administrator; nobody could give the role back.");

    public static Refusal AlreadyAssigned { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else gave this role at the same moment.");

    public static Refusal TooManyLetters { get; } = new(
        RefusalKind.TooMany, "too_many_letters", "This would send a mail, and too many were sent to that address, or by you, within the hour.");

    public static Refusal Stronger(string permission) =>
        new(RefusalKind.Forbidden, "exceeds_own", $"The user holds {permission}, which you do not hold there yourself.");
}
