using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>Absent leaves a value, null clears it so that the one above counts.</summary>
internal sealed record LicensingPatch : ISettingsPatch<OwnLicensing>
{
    public Optional<bool?> DistributorsCreateTenants { get; init; }
    public Optional<bool?> PartnersCreateTenants { get; init; }
    public Optional<bool?> DistributorsCreateSubscriptions { get; init; }
    public Optional<bool?> PartnersCreateSubscriptions { get; init; }
    public Optional<bool?> TenantsCreateSubscriptions { get; init; }
    public Optional<SignedPatch?> Signed { get; init; }

    public OwnLicensing On(OwnLicensing own) => new(
        DistributorsCreateTenants.Or(own.DistributorsCreateTenants), PartnersCreateTenants.Or(own.PartnersCreateTenants),
        DistributorsCreateSubscriptions.Or(own.DistributorsCreateSubscriptions), PartnersCreateSubscriptions.Or(own.PartnersCreateSubscriptions),
        TenantsCreateSubscriptions.Or(own.TenantsCreateSubscriptions),
        !Signed.IsPresent ? own.Signed
        : Signed.Value is not { } signed ? null
        : new OwnSigned(signed.Issuer.Or(own.Signed?.Issuer), signed.Audience.Or(own.Signed?.Audience)));

    /// <summary>
    /// Nobody delegates to himself: a switch is loosened only by someone above the level it is about. And a yes that would not count is not
    /// taken: what is forbidden above, to that level or to one on the way to it, cannot be allowed again. What signed requests must claim is
    /// the platform's to say.
    /// </summary>
    public Refusal? Against(Chain<OwnLicensing> above, OwnLicensing own, string path, Scope reach, string at)
    {
        var holds = EffectiveLicensing.Of(above.And(OrganizationPath.LevelOf(path), On(own)));
        foreach (var (name, level, asked, said, held) in Switches(own, holds))
        {
            if (!asked.IsPresent || asked.Value == said || asked.Value == false)
                continue;
            // An organisation that stands above that level itself answers to nobody of it.
            if (!reach.Contains(OrganizationPath.At(path, level - 1) ?? path))
                return SettingsRefusals.OnlyFromAbove($"{at}/{name}");
            if (asked.Value == true && !held.Value)
                return SettingsRefusals.ForbiddenAbove($"{at}/{name}");
        }

        return Signed.IsPresent && !reach.Contains(OrganizationPath.At(path, OrganizationKind.Platform)!)
            ? SettingsRefusals.OnlyFromAbove($"{at}/signed")
            : null;
    }

    private IEnumerable<(string Name, OrganizationKind Level, Optional<bool?> Asked, bool? Said, Effective<bool> Held)> Switches(
        OwnLicensing own, EffectiveLicensing holds) =>
    [
        ("distributorsCreateTenants", OrganizationKind.Distributor, DistributorsCreateTenants,
            own.DistributorsCreateTenants, holds.DistributorsCreateTenants),
        ("partnersCreateTenants", OrganizationKind.Partner, PartnersCreateTenants, own.PartnersCreateTenants, holds.PartnersCreateTenants),
        ("distributorsCreateSubscriptions", OrganizationKind.Distributor, DistributorsCreateSubscriptions,
            own.DistributorsCreateSubscriptions, holds.DistributorsCreateSubscriptions),
        ("partnersCreateSubscriptions", OrganizationKind.Partner, PartnersCreateSubscriptions,
            own.PartnersCreateSubscriptions, holds.PartnersCreateSubscriptions),
        ("tenantsCreateSubscriptions", OrganizationKind.Tenant, TenantsCreateSubscriptions,
            own.TenantsCreateSubscriptions, holds.TenantsCreateSubscriptions),
    ];
}
