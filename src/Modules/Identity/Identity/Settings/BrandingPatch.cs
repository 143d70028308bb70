namespace Licensing.Identity.Settings;

/// <summary>Absent leaves a value, null clears it so that the one above shows through.</summary>
internal sealed record BrandingPatch : ISettingsPatch<OwnBranding>
{
    public Optional<string?> Name { get; init; }
    public Optional<string?> LogoUrl { get; init; }
    public Optional<string?> PrimaryColor { get; init; }
    public Optional<string?> SecondaryColor { get; init; }
    public Optional<string?> SupportEmail { get; init; }
    public Optional<string?> SupportUrl { get; init; }

    public OwnBranding On(OwnBranding own) => new(
        Name.Or(own.Name), LogoUrl.Or(own.LogoUrl), PrimaryColor.Or(own.PrimaryColor), SecondaryColor.Or(own.SecondaryColor),
        SupportEmail.Or(own.SupportEmail), SupportUrl.Or(own.SupportUrl));

    public Refusal? Against(Chain<OwnBranding> above, OwnBranding own, string path, Scope reach, string at) => null;
}
