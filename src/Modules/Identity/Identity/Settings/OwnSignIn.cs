using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>What an organisation says of how its people log in; null is nothing.</summary>
internal sealed record OwnSignIn(
    MfaRequirement? MfaRequired = null, int? SessionHours = null, bool? PasswordLogin = null, IReadOnlyList<string>? FederationProviders = null)
    : IOwnSettings
{
    public static SettingArea Area => SettingArea.Identity;
}
