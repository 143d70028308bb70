using FluentValidation;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

internal sealed record OwnSigned(string? Issuer = null, string? Audience = null);

/// <summary>What an organisation says of who may sell by himself; null is nothing.</summary>
internal sealed record OwnLicensing(
    bool? DistributorsCreateTenants = null, bool? PartnersCreateTenants = null, bool? DistributorsCreateSubscriptions = null,
    bool? PartnersCreateSubscriptions = null, bool? TenantsCreateSubscriptions = null, OwnSigned? Signed = null) : IOwnSettings
{
    public static SettingArea Area => SettingArea.Licensing;
}

internal sealed record EffectiveSigned(Effective<string> Issuer, Effective<string> Audience);

internal sealed record EffectiveLicensing(
    Effective<bool> DistributorsCreateTenants, Effective<bool> PartnersCreateTenants, Effective<bool> DistributorsCreateSubscriptions,
    Effective<bool> PartnersCreateSubscriptions, Effective<bool> TenantsCreateSubscriptions, EffectiveSigned Signed)
{
    private const string Signer = "xima-ccaas";

    public static EffectiveLicensing Of(Chain<OwnLicensing> chain) => new(
        chain.UnlessForbidden(x => x.DistributorsCreateTenants, true), chain.UnlessForbidden(x => x.PartnersCreateTenants, true),
        chain.UnlessForbidden(x => x.DistributorsCreateSubscriptions, true), chain.UnlessForbidden(x => x.PartnersCreateSubscriptions, true),
        chain.UnlessForbidden(x => x.TenantsCreateSubscriptions, false),
        new EffectiveSigned(chain.Nearest(x => x.Signed?.Issuer, Signer), chain.Nearest(x => x.Signed?.Audience, Signer)));

    public LicensingSettings Values => new(
        DistributorsCreateTenants.Value, PartnersCreateTenants.Value, DistributorsCreateSubscriptions.Value, PartnersCreateSubscriptions.Value,
        TenantsCreateSubscriptions.Value, Signed.Issuer.Value, Signed.Audience.Value);
}

internal sealed record SignedPatch
{
    public Optional<string?> Issuer { get; init; }
    public Optional<string?> Audience { get; init; }
}

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
            if (OrganizationPath.At(path, level - 1) is not { } higher || !reach.Contains(higher))
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

internal sealed class LicensingValidator : AbstractValidator<LicensingPatch>
{
    public LicensingValidator()
    {
        RuleFor(x => x.Signed.Value!.Issuer.Value).Must(Claim).WithErrorCode("length").WithMessage("issuer must have 1 to 200 characters.")
            .When(x => x.Signed.Value is not null).OverridePropertyName("Signed.Issuer");
        RuleFor(x => x.Signed.Value!.Audience.Value).Must(Claim).WithErrorCode("length").WithMessage("audience must have 1 to 200 characters.")
            .When(x => x.Signed.Value is not null).OverridePropertyName("Signed.Audience");
    }

    private static bool Claim(string? text) => text is null or { Length: > 0 and <= 200 };
}
