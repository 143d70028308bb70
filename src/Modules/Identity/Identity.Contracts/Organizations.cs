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

/// <summary>Where an organisation stands, and where a tenant stood before it was transferred.</summary>
/// <param name="Path">Now.</param>
/// <param name="Former">Before, the oldest first; empty for all that never moved.</param>
public sealed record PathHistory(string Path, IReadOnlyList<FormerPath> Former)
{
    /// <summary>Where it stood on a day; to whom what belongs to that day belongs.</summary>
    public string On(DateOnly day) => Former.FirstOrDefault(x => day < x.Until)?.Path ?? Path;
}

/// <summary>A place that a tenant has left.</summary>
/// <param name="Path">The place.</param>
/// <param name="Until">The first day on which it stood there no longer.</param>
public sealed record FormerPath(string Path, DateOnly Until);

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

/// <summary>Reads the levels out of a path.</summary>
public static class OrganizationPath
{
    /// <summary>The level of the organisation at <paramref name="path"/>; the empty path, the process's own reach, counts as the platform.</summary>
    public static OrganizationKind LevelOf(string path) => (OrganizationKind)Math.Max(0, path.Count(c => c == '.') - 1);

    /// <summary>The path and all those above it, the root first.</summary>
    public static IEnumerable<string> Upwards(string path)
    {
        for (var end = path.IndexOf('.'); end >= 0; end = path.IndexOf('.', end + 1))
            yield return path[..(end + 1)];
    }

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
