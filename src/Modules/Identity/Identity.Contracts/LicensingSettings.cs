using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>Who may sell by himself, and what signed licensing requests must claim.</summary>
/// <param name="DistributorsCreateTenants">Whether distributors open tenants.</param>
/// <param name="PartnersCreateTenants">Whether partners open tenants.</param>
/// <param name="DistributorsCreateSubscriptions">Whether distributors open subscriptions.</param>
/// <param name="PartnersCreateSubscriptions">Whether partners open subscriptions.</param>
/// <param name="TenantsCreateSubscriptions">Whether tenants open their own subscriptions.</param>
/// <param name="SignedIssuer">The claim <c>iss</c>.</param>
/// <param name="SignedAudience">The claim <c>aud</c>.</param>
public sealed record LicensingSettings(
    bool DistributorsCreateTenants, bool PartnersCreateTenants, bool DistributorsCreateSubscriptions, bool PartnersCreateSubscriptions,
    bool TenantsCreateSubscriptions, string SignedIssuer, string SignedAudience)
{
    /// <summary>The 403 of those to whom it is not delegated.</summary>
    public static Refusal NotDelegated { get; } =
        new(RefusalKind.Forbidden, "not_delegated", "The settings of your organization, or of one above it, do not let you create this by yourself.");

    /// <summary>Whether someone whose right is held at an organisation of <paramref name="level"/>, with these settings, opens tenants.</summary>
    public bool LetsOpenTenants(OrganizationKind level) => level switch
    {
        OrganizationKind.Platform => true,
        OrganizationKind.Distributor => DistributorsCreateTenants,
        _ => PartnersCreateTenants,
    };

    /// <summary>
    /// Whether someone whose right is held at an organisation of <paramref name="level"/>, with these settings, opens subscriptions.
    /// </summary>
    public bool LetsOpenSubscriptions(OrganizationKind level) => level switch
    {
        OrganizationKind.Platform => true,
        OrganizationKind.Distributor => DistributorsCreateSubscriptions,
        OrganizationKind.Partner => PartnersCreateSubscriptions,
        _ => TenantsCreateSubscriptions,
    };
}
