namespace Licensing.Identity.Contracts;

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
