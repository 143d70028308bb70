namespace Licensing.Identity.Sessions;

/// <param name="PasswordChangeRequired">Until then the token opens nothing else.</param>
/// <param name="MfaEnrolmentRequired">
/// The same, until a second factor has been shown: set up (<c>POST /auth/mfa</c>) in this session, or at another log-in.
/// </param>
internal sealed record SessionView(
    string AccessToken, int ExpiresIn, string RefreshToken, string TokenType, bool PasswordChangeRequired, bool MfaEnrolmentRequired);
