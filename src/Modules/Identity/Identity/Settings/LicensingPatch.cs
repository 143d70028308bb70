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
    /// Nobody delegates to himself: a switch is loosened only by someone above the level it is about. And what is forbidden above cannot
    /// be allowed again. What signed requests must claim is the platform's to say.
    /// </summary>
    public Refusal? Against(Chain<OwnLicensing> above, OwnLicensing own, string path, Scope reach, string at)
    {
        foreach (var (name, level, asked, said) in Switches())
        {
            if (!asked.IsPresent || asked.Value == said(own) || asked.Value == false)
                continue;
            // An organisation that stands above that level itself answers to nobody of it.
            if (!reach.Contains(OrganizationPath.At(path, level - 1) ?? path))
                return SettingsRefusals.OnlyFromAbove($"{at}/{name}");
            if (asked.Value == true && above.UnlessForbidden(said, true) is { Value: false })
                return SettingsRefusals.ForbiddenAbove($"{at}/{name}");
        }

        return Signed.IsPresent && !reach.Contains(OrganizationPath.At(path, OrganizationKind.Platform)!)
            ? SettingsRefusals.OnlyFromAbove($"{at}/signed")
            : null;
    }

    private IEnumerable<(string Name, OrganizationKind Level, Optional<bool?> Asked, Func<OwnLicensing, bool?> Said)> Switches() =>
    [
        ("distributorsCreateTenants", OrganizationKind.Distributor, DistributorsCreateTenants, x => x.DistributorsCreateTenants),
        ("partnersCreateTenants", OrganizationKind.Partner, PartnersCreateTenants, x => x.PartnersCreateTenants),
        ("distributorsCreateSubscriptions", OrganizationKind.Distributor, DistributorsCreateSubscriptions, x => x.DistributorsCreateSubscriptions),
        ("partnersCreateSubscriptions", OrganizationKind.Partner, PartnersCreateSubscriptions, x => x.PartnersCreateSubscriptions),
        ("tenantsCreateSubscriptions", OrganizationKind.Tenant, TenantsCreateSubscriptions, x => x.TenantsCreateSubscriptions),
    ];
}
