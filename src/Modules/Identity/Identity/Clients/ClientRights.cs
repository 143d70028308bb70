using System.Collections.Frozen;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Clients;

/// <summary>
/// What a client may do, and that nobody makes or takes over one that may do more than himself. The scope alone does not say so: a
/// caller may hold a part of a role.
/// </summary>
internal sealed class ClientRights(RoleBook roles)
{
    /// <summary>
    /// Whether the caller may have a client of <paramref name="role"/>, limited to <paramref name="scopes"/>, at <paramref name="path"/>.
    /// </summary>
    public Result<Done> Check(UsableRole role, IReadOnlyCollection<string>? scopes, string path) =>
        scopes?.FirstOrDefault(s => !role.Permissions.Contains(s)) is { } unknown ? ClientRefusals.UnknownScope(unknown, role.Name)
        : roles.Exceeding(scopes ?? role.Permissions, path) is { } stronger ? ClientRefusals.Stronger(stronger)
        : default(Done);

    /// <summary>The role of a client that the caller may change, because he may do himself what it may do now.</summary>
    public async Task<Result<UsableRole>> OfAsync(Client client, CancellationToken ct)
    {
        var role = await roles.HeldAsync(client.Role, client.CustomRoleId, client.OwnerPath, ct);
        // A scope that its role has lost since gives nothing.
        var scopes = client.Scopes is null ? null : Effective(role.Permissions, client.Scopes);
        return Check(role, scopes, client.OwnerPath).Refused(out var refusal, out _) ? refusal : role;
    }

    public static FrozenSet<string> Effective(FrozenSet<string> ofRole, IReadOnlyCollection<string>? scopes) =>
        scopes is null ? ofRole : scopes.Where(ofRole.Contains).ToFrozenSet(StringComparer.Ordinal);
}
