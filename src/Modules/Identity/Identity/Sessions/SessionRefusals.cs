namespace Licensing.Identity.Sessions;

internal static class SessionRefusals
{
    // One answer for an unknown user, a wrong password and a locked account: none of them may be told from outside.
    public static Refusal BadCredentials { get; } = new(
        RefusalKind.Unauthenticated, "bad_credentials",
        "The e-mail address or the password is wrong, or the account is locked for some minutes.");

    // Told only to who knows the password.
    public static Refusal MfaRequired { get; } =
        new(RefusalKind.Unauthenticated, "mfa_required", "This account has a second factor; log in again with its code in otp.");

    public static Refusal BadCode { get; } =
        new(RefusalKind.Unauthenticated, "bad_code", "The code is wrong, expired or has been used.");

    public static Refusal TooManyTries { get; } =
        new(RefusalKind.TooMany, "too_many_tries", "Too many log-ins failed from this address; wait before the next one.");

    public static Refusal BadRefreshToken { get; } =
        new(RefusalKind.Unauthenticated, "bad_refresh_token", "The refresh token is unknown, used, revoked or expired; log in again.");

    public static Refusal RotationUnderWay { get; } =
        new(RefusalKind.Conflict, "rotation_under_way", "There is a next key already, which has not begun to sign.");

    public static Refusal PasswordChangeRequired { get; } =
        new(RefusalKind.Forbidden, "password_change_required", "Change the password first, with POST /api/v1/auth/password.");

    public static Refusal MfaEnrolmentRequired { get; } = new(
        RefusalKind.Forbidden, "mfa_enrolment_required",
        "Your organization asks for a second factor: "
        + "set one up with POST /api/v1/auth/mfa and confirm it, then refresh; or log in with its code.");

    // Both are told only to who has proved who he is.
    public static Refusal PasswordLoginOff { get; } =
        new(RefusalKind.Unauthenticated, "password_login_off", "Your organization does not take passwords; log in through one of its providers.");

    public static Refusal ProviderOff(string provider) =>
        new(RefusalKind.Unauthenticated, "provider_not_allowed", $"Your organization does not take log-ins through {provider}.");

    public static Refusal NotAUser { get; } =
        new(RefusalKind.Forbidden, "not_a_user", "Only a user has a password and sessions.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "session_not_found", $"There is no open session {id}.");

    public static Refusal WrongCurrentPassword { get; } =
        Refusal.Field("/currentPassword", "wrong_password", "currentPassword is wrong, or the account is locked for some minutes.");
}
