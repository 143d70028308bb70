using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>A node of the channel's tree: the platform, a distributor, a partner or a tenant.</summary>
public readonly record struct OrganizationId(Guid Value) : IId<OrganizationId>;

/// <summary>The four levels of the tree; each organisation's parent is of the level above.</summary>
public enum OrganizationKind
{
    /// <summary>The owner of the system; exactly one.</summary>
    Platform,
    /// <summary>Sells through partners.</summary>
    Distributor,
    /// <summary>Sells to tenants.</summary>
    Partner,
    /// <summary>The end customer.</summary>
    Tenant,
}

/// <summary>What other modules may know of an organisation.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Code">Its number, unique in the installation, never reused.</param>
/// <param name="Kind">Its level.</param>
/// <param name="ParentId">The organisation above; null for the platform.</param>
/// <param name="Path">Codes from the root, each ended by a dot ("1.7.42."); see <see cref="OrganizationPath"/>.</param>
/// <param name="ExternalId">What its parent calls it; unique under the parent.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Currency">What it is billed or paid in.</param>
/// <param name="Active">False while it or any organisation above it is suspended or closed.</param>
public sealed record OrganizationRef(
    OrganizationId Id, int Code, OrganizationKind Kind, OrganizationId? ParentId, string Path, string ExternalId, string DisplayName,
    string Country, Currency Currency, bool Active);

/// <summary>Reads organisations for other modules. No call checks the caller's scope; the asking slice does, with the path.</summary>
public interface IOrganizationDirectory
{
    /// <summary>The organisation, or null.</summary>
    Task<OrganizationRef?> FindAsync(OrganizationId id, CancellationToken ct);

    /// <summary>Those of <paramref name="ids"/> that exist, in one read.</summary>
    Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> FindAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct);

    /// <summary>The organisations at exactly these paths, in one read; how a tenant's partner and distributor are found.</summary>
    Task<IReadOnlyDictionary<string, OrganizationRef>> FindByPathAsync(IReadOnlyCollection<string> paths, CancellationToken ct);

    /// <summary>Tenants within <paramref name="scope"/> by external id, in one read. An external id that several partners use yields several.</summary>
    Task<ILookup<string, OrganizationRef>> FindTenantsAsync(IReadOnlyCollection<string> externalIds, Scope scope, CancellationToken ct);

    /// <summary>All organisations of <paramref name="kind"/> within <paramref name="scope"/>, ordered by code.</summary>
    Task<IReadOnlyList<OrganizationRef>> ListAsync(OrganizationKind kind, Scope scope, CancellationToken ct);

    /// <summary>The root of the tree.</summary>
    Task<OrganizationRef> PlatformAsync(CancellationToken ct);
}

/// <summary>Reads the levels out of a path.</summary>
public static class OrganizationPath
{
    /// <summary>The part of <paramref name="path"/> that ends at the level of <paramref name="kind"/>; null where the path is shorter.</summary>
    public static string? At(string path, OrganizationKind kind)
    {
        var end = -1;
        for (var level = 0; level <= (int)kind; level++)
        {
            end = path.IndexOf('.', end + 1);
            if (end < 0)
                return null;
        }

        return path[..(end + 1)];
    }
}
