namespace Licensing.Kernel;

/// <summary>One thing that a role may allow, as each module declares it.</summary>
/// <param name="Code"><c>module.area.verb</c>, stored in custom roles and API-key scopes; never renamed.</param>
/// <param name="Summary">What it allows, for people.</param>
/// <param name="Roles">The predefined roles that hold it.</param>
public sealed record Permission(string Code, string Summary, params IReadOnlyList<string> Roles);

/// <summary>Every permission of every module; a request that names another one stops the start-up.</summary>
public sealed class PermissionCatalog(IEnumerable<Permission> permissions)
{
    public IReadOnlyDictionary<string, Permission> All { get; } = permissions.ToDictionary(p => p.Code, StringComparer.Ordinal);

    public IEnumerable<string> HeldBy(string role) => All.Values.Where(p => p.Roles.Contains(role)).Select(p => p.Code);
}

/// <summary>The caller must hold this permission somewhere; the slice filters by where.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(string permission) : Attribute
{
    public string Permission { get; } = permission;
}

/// <summary>Any authenticated caller may send it: it reaches nothing but his own or what is public to all.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AnyCallerAttribute : Attribute;

/// <summary>
/// Beside one of the others: not in a log-in that someone else opened for its owner. For what outlives that log-in: credentials and other
/// ways in.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class InPersonAttribute : Attribute;

/// <summary>No authentication at all, as for logging in.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AnyoneAttribute : Attribute;
