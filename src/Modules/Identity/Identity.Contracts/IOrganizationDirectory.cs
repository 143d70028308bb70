using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>Reads organisations for other modules. No call checks the caller's scope; the asking slice does, with the path.</summary>
public interface IOrganizationDirectory
{
    /// <summary>The organisation, or null.</summary>
    Task<OrganizationRef?> FindAsync(OrganizationId id, CancellationToken ct);

    /// <summary>Those of <paramref name="ids"/> that exist, in one read.</summary>
    Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> FindAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct);

    /// <summary>
    /// As <see cref="FindAsync(IReadOnlyCollection{OrganizationId}, CancellationToken)"/>, but what is answered stays so until the caller's
    /// transaction ends: none of them is closed, suspended itself or transferred meanwhile. For commands that open something there.
    /// </summary>
    Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> HoldAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct);

    /// <summary>
    /// The organisations at exactly these paths; how a tenant's partner and distributor are found. At a path that a transferred tenant has
    /// left is that tenant, as it was called then.
    /// </summary>
    Task<IReadOnlyDictionary<string, OrganizationRef>> FindByPathAsync(IReadOnlyCollection<string> paths, CancellationToken ct);

    /// <summary>
    /// Tenants within <paramref name="scope"/> by external id, in one read. An external id that several partners use yields several.
    /// </summary>
    Task<ILookup<string, OrganizationRef>> FindTenantsAsync(IReadOnlyCollection<string> externalIds, Scope scope, CancellationToken ct);

    /// <summary>All organisations of <paramref name="kind"/> within <paramref name="scope"/>, ordered by code.</summary>
    Task<IReadOnlyList<OrganizationRef>> ListAsync(OrganizationKind kind, Scope scope, CancellationToken ct);

    /// <summary>Where these stand and stood, in one read. Those that do not exist are absent.</summary>
    Task<IReadOnlyDictionary<OrganizationId, PathHistory>> PathsAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct);

    /// <summary>
    /// The tenants that were transferred into or out of <paramref name="scope"/> at any time, with the path at which they stood on
    /// <paramref name="day"/>. For all others the path they have now tells whether they were within it.
    /// </summary>
    Task<IReadOnlyDictionary<OrganizationId, string>> TransferredAsync(Scope scope, DateOnly day, CancellationToken ct);

    /// <summary>The root of the tree.</summary>
    Task<OrganizationRef> PlatformAsync(CancellationToken ct);
}
