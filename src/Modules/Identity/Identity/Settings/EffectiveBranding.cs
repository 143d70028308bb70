using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

internal sealed record EffectiveBranding(
    Effective<string?> Name, Effective<string?> LogoUrl, Effective<string?> PrimaryColor, Effective<string?> SecondaryColor,
    Effective<string?> SupportEmail, Effective<string?> SupportUrl)
{
    public static EffectiveBranding Of(Chain<OwnBranding> chain) => new(
        chain.Nearest<string?>(x => x.Name, null), chain.Nearest<string?>(x => x.LogoUrl, null), chain.Nearest<string?>(x => x.PrimaryColor, null),
        chain.Nearest<string?>(x => x.SecondaryColor, null), chain.Nearest<string?>(x => x.SupportEmail, null),
        chain.Nearest<string?>(x => x.SupportUrl, null));

    public BrandingSettings Values => new(
        Name.Value, LogoUrl.Value, PrimaryColor.Value, SecondaryColor.Value, SupportEmail.Value, SupportUrl.Value);
}
