using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>How an organisation shows itself; what it does not say is as the one above it says, and null where none does.</summary>
public sealed record BrandingSettings(
    string? Name, string? LogoUrl, string? PrimaryColor, string? SecondaryColor, string? SupportEmail, string? SupportUrl);

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

/// <summary>Who needs a second factor; each is stricter than the one before.</summary>
public enum MfaRequirement
{
    /// <summary>Nobody.</summary>
    None,
    /// <summary>Whoever holds an administrator's role.</summary>
    Administrators,
    /// <summary>Everyone.</summary>
    All,
}

/// <summary>How an organisation's people log in.</summary>
/// <param name="MfaRequired">Who needs a second factor.</param>
/// <param name="SessionHours">How long a log-in lasts at most, 1 to 2160.</param>
/// <param name="PasswordLogin">Whether a password opens a session.</param>
/// <param name="FederationProviders">Which providers' tokens open a session; null is all that are configured.</param>
public sealed record SignInSettings(MfaRequirement MfaRequired, int SessionHours, bool PasswordLogin, IReadOnlyList<string>? FederationProviders);

/// <summary>
/// What holds at an organisation, worked out along its path in one read. No call checks the caller's scope. An organisation is named by
/// its path, which may also be one that a tenant has left: then what holds above it counts.
/// </summary>
public interface IOrganizationSettings
{
    /// <summary>How it shows itself.</summary>
    Task<BrandingSettings> BrandingAsync(string path, CancellationToken ct);

    /// <summary>What may be sold there by whom, for each of these organisations in one read.</summary>
    Task<IReadOnlyDictionary<string, LicensingSettings>> LicensingAsync(IReadOnlyCollection<string> paths, CancellationToken ct);

    /// <summary>How its people log in.</summary>
    Task<SignInSettings> SignInAsync(string path, CancellationToken ct);
}
