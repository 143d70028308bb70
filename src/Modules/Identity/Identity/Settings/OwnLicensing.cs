namespace Licensing.Identity.Settings;

/// <summary>What an organisation says of who may sell by himself; null is nothing.</summary>
internal sealed record OwnLicensing(
    bool? DistributorsCreateTenants = null, bool? PartnersCreateTenants = null, bool? DistributorsCreateSubscriptions = null,
    bool? PartnersCreateSubscriptions = null, bool? TenantsCreateSubscriptions = null, OwnSigned? Signed = null) : IOwnSettings
{
    public static SettingArea Area => SettingArea.Licensing;
}
