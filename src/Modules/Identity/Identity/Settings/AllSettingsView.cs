using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Settings;

/// <summary>All areas. Its version counts the changes of all of them.</summary>
internal sealed record AllSettingsView(
    OrganizationId OrganizationId, AreaView<OwnBranding, EffectiveBranding> Branding, AreaView<OwnLicensing, EffectiveLicensing> Licensing,
    AreaView<OwnSignIn, EffectiveSignIn> Identity, [property: JsonIgnore] int Version) : IDated
{
    public static AllSettingsView Of(GetSettings.Found x) => new(
        x.OrganizationId, new(x.Said.Own<OwnBranding>(x.Path), EffectiveBranding.Of(x.Said.Chain<OwnBranding>(x.Path))),
        new(x.Said.Own<OwnLicensing>(x.Path), EffectiveLicensing.Of(x.Said.Chain<OwnLicensing>(x.Path))),
        new(x.Said.Own<OwnSignIn>(x.Path), EffectiveSignIn.Of(x.Said.Chain<OwnSignIn>(x.Path))),
        x.Said.Version<OwnBranding>(x.Path) + x.Said.Version<OwnLicensing>(x.Path) + x.Said.Version<OwnSignIn>(x.Path));
}
