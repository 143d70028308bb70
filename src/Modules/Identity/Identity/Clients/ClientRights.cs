using System.Collections.Frozen;
using Licensing.Identity.Credentials;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Clients;

/// <summary>
/// What a client may do, and that nobody makes or takes over one that may do more than himself. The scope alone does not say so: a
/// caller may hold a part of a role.
/// </summary>
internal sealed class ClientRights(RolePermissions roles, Principal principal)
{
    public Result<Done> Check(string role, IReadOnlyCollection<string>? scopes, string path)
    {
        var ofRole = roles.Of(role);
        if (scopes?.FirstOrDefault(s => !ofRole.Contains(s)) is { } unknown)
            return ClientRefusals.UnknownScope(unknown, role);
        return (scopes ?? ofRole).Order(StringComparer.Ordinal).FirstOrDefault(p => !principal.May(p, path)) is { } stronger
            ? ClientRefusals.Stronger(stronger)
            : default(Done);
    }

    public Result<Done> Check(Client client) => Check(client.Role, StillInRole(client), client.OwnerPath);

    // A scope that its role has lost since gives nothing.
    private string[]? StillInRole(Client client) => client.Scopes is { } scopes ? [.. scopes.Where(roles.Of(client.Role).Contains)] : null;

    public static FrozenSet<string> Effective(FrozenSet<string> ofRole, IReadOnlyCollection<string>? scopes) =>
        scopes is null ? ofRole : scopes.Where(ofRole.Contains).ToFrozenSet(StringComparer.Ordinal);
}
