namespace Licensing.Identity.Settings;

/// <summary>What an organisation says of how it looks; null is nothing.</summary>
internal sealed record OwnBranding(
    string? Name = null, string? LogoUrl = null, string? PrimaryColor = null, string? SecondaryColor = null, string? SupportEmail = null,
    string? SupportUrl = null) : IOwnSettings
{
    public static SettingArea Area => SettingArea.Branding;
}
