using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>Absent leaves a value, null clears it so that the one above counts.</summary>
internal sealed record SignInPatch : ISettingsPatch<OwnSignIn>
{
    public Optional<MfaRequirement?> MfaRequired { get; init; }
    public Optional<int?> SessionHours { get; init; }
    public Optional<bool?> PasswordLogin { get; init; }

    /// <summary>An empty list allows none, null says nothing.</summary>
    public Optional<IReadOnlyList<string>?> FederationProviders { get; init; }

    public OwnSignIn On(OwnSignIn own) => new(
        MfaRequired.Or(own.MfaRequired), SessionHours.Or(own.SessionHours), PasswordLogin.Or(own.PasswordLogin),
        FederationProviders.IsPresent ? FederationProviders.Value?.Distinct(StringComparer.Ordinal).ToList() : own.FederationProviders);

    /// <summary>Each of them binds those below: they may be stricter, not laxer.</summary>
    public Refusal? Against(Chain<OwnSignIn> above, OwnSignIn own, string path, Scope reach, string at)
    {
        var bound = EffectiveSignIn.Of(above).Values;
        return MfaRequired.Value < bound.MfaRequired
                ? SettingsRefusals.LaxerThanAbove($"{at}/mfaRequired", $"mfaRequired is at least {bound.MfaRequired}")
            : SessionHours.Value > bound.SessionHours
                ? SettingsRefusals.LaxerThanAbove($"{at}/sessionHours", $"sessionHours is at most {bound.SessionHours}")
            : PasswordLogin.Value == true && !bound.PasswordLogin ? SettingsRefusals.ForbiddenAbove($"{at}/passwordLogin")
            : FederationProviders.Value?.FirstOrDefault(x => bound.FederationProviders?.Contains(x) == false) is { } provider
                ? SettingsRefusals.LaxerThanAbove($"{at}/federationProviders", $"{provider} is not among the providers allowed there")
            : null;
    }
}
