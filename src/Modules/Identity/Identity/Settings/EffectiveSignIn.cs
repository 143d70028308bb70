using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

internal sealed record EffectiveSignIn(
    Effective<MfaRequirement> MfaRequired, Effective<int> SessionHours, Effective<bool> PasswordLogin,
    Effective<IReadOnlyList<string>?> FederationProviders)
{
    /// <summary>90 days, as long as any session lives.</summary>
    public const int MostHours = 2160;

    public static EffectiveSignIn Of(Chain<OwnSignIn> chain) => new(
        chain.Strictest(x => x.MfaRequired, MfaRequirement.None, (a, b) => a.CompareTo(b)),
        chain.Strictest(x => x.SessionHours, MostHours, (a, b) => b.CompareTo(a)), chain.UnlessForbidden(x => x.PasswordLogin, true),
        chain.Common(x => x.FederationProviders));

    public SignInSettings Values => new(MfaRequired.Value, SessionHours.Value, PasswordLogin.Value, FederationProviders.Value);
}
