namespace Licensing.Identity.Contracts;

/// <summary>How an organisation's people log in.</summary>
/// <param name="MfaRequired">Who needs a second factor.</param>
/// <param name="SessionHours">How long a log-in lasts at most, 1 to 2160.</param>
/// <param name="PasswordLogin">Whether a password opens a session.</param>
/// <param name="FederationProviders">Which providers' tokens open a session; null is all that are configured.</param>
public sealed record SignInSettings(MfaRequirement MfaRequired, int SessionHours, bool PasswordLogin, IReadOnlyList<string>? FederationProviders);
