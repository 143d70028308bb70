using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

internal sealed record EffectiveLicensing(
    Effective<bool> DistributorsCreateTenants, Effective<bool> PartnersCreateTenants, Effective<bool> DistributorsCreateSubscriptions,
    Effective<bool> PartnersCreateSubscriptions, Effective<bool> TenantsCreateSubscriptions, EffectiveSigned Signed)
{
    private const string Signer = "xima-ccaas";

    public static EffectiveLicensing Of(Chain<OwnLicensing> chain) => new(
        chain.HandedDown(true, x => x.DistributorsCreateTenants),
        chain.HandedDown(true, x => x.DistributorsCreateTenants, x => x.PartnersCreateTenants),
        chain.HandedDown(true, x => x.DistributorsCreateSubscriptions),
        chain.HandedDown(true, x => x.DistributorsCreateSubscriptions, x => x.PartnersCreateSubscriptions),
        chain.HandedDown(
            false, x => x.DistributorsCreateSubscriptions, x => x.PartnersCreateSubscriptions, x => x.TenantsCreateSubscriptions),
        new EffectiveSigned(chain.Nearest(x => x.Signed?.Issuer, Signer), chain.Nearest(x => x.Signed?.Audience, Signer)));

    public LicensingSettings Values => new(
        DistributorsCreateTenants.Value, PartnersCreateTenants.Value, DistributorsCreateSubscriptions.Value, PartnersCreateSubscriptions.Value,
        TenantsCreateSubscriptions.Value, Signed.Issuer.Value, Signed.Audience.Value);
}
