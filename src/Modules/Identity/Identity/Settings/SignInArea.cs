using System.Text.RegularExpressions;
using FluentValidation;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>What an organisation says of how its people log in; null is nothing.</summary>
internal sealed record OwnSignIn(
    MfaRequirement? MfaRequired = null, int? SessionHours = null, bool? PasswordLogin = null, IReadOnlyList<string>? FederationProviders = null)
    : IOwnSettings
{
    public static SettingArea Area => SettingArea.Identity;
}

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

internal sealed partial class SignInValidator : AbstractValidator<SignInPatch>
{
    private const int MostProviders = 20;

    public SignInValidator()
    {
        RuleFor(x => x.SessionHours.Value).InclusiveBetween(1, EffectiveSignIn.MostHours).OverridePropertyName("SessionHours");
        RuleFor(x => x.FederationProviders.Value).Must(x => x is null || x.Count <= MostProviders).WithErrorCode("too_many")
            .WithMessage($"federationProviders has at most {MostProviders} entries.").OverridePropertyName("FederationProviders");
        RuleForEach(x => x.FederationProviders.Value).Must(x => Name().IsMatch(x)).WithErrorCode("malformed")
            .WithMessage("A provider's name has 1 to 50 letters, digits, dots, underscores and hyphens.").OverridePropertyName("FederationProviders");
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,50}\z")]
    private static partial Regex Name();
}
