using System.Collections.Frozen;

namespace Licensing.Identity.Rights;

/// <summary>A role that can be held at the organisation it was asked for.</summary>
internal sealed record UsableRole(string Name, CustomRoleId? CustomId, FrozenSet<string> Permissions)
{
    /// <summary>What of it a key with <paramref name="scopes"/> has.</summary>
    public IEnumerable<string> Within(IReadOnlyCollection<string> scopes) => scopes.Count == 0 ? Permissions : Permissions.Intersect(scopes);
}
