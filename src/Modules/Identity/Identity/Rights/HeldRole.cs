using System.Data.Common;

namespace Licensing.Identity.Rights;

/// <summary>A role that counts for a user, as it is read: one statement for what he was given and what his organisation holds.</summary>
/// <param name="Role">Its name.</param>
/// <param name="OrganizationId">Where it is held.</param>
/// <param name="Path">That node's path.</param>
/// <param name="Branch">Active, Suspended or Closed, as the node and those above it are.</param>
/// <param name="Custom">What a custom role lists; null for a predefined one.</param>
/// <param name="Source">Who was given it.</param>
/// <param name="AssignmentId">By which assignment.</param>
/// <param name="FormerPaths">Where a transferred organisation stood before; its own people still read what stayed there.</param>
internal sealed record HeldRole(
    string Role, Guid OrganizationId, string Path, string Branch, string[]? Custom, RoleSource Source, Guid AssignmentId,
    IReadOnlyList<string> FormerPaths)
{
    /// <summary>For the user $1. A custom role that was defined in another branch than the one it is held in now allows nothing.</summary>
    public const string OfUser =
        """
        select a.role, a.organization_id, a.owner_path, b.state,
               case when a.custom_role_id is not null then coalesce(c.permissions, '{}') end, 'User', a.id,
               array(select f.path from identity.former_paths f join identity.users u on u.organization_id = f.organization_id
                   where f.organization_id = a.organization_id and u.id = $1)
        from identity.role_assignments a join identity.branches b on b.id = a.organization_id
        left join identity.custom_roles c on c.id = a.custom_role_id and starts_with(a.owner_path, c.owner_path)
        where a.user_id = $1
        union all
        select r.role, r.organization_id, r.owner_path, b.state,
               case when r.custom_role_id is not null then coalesce(c.permissions, '{}') end, 'Account', r.id,
               array(select f.path from identity.former_paths f where f.organization_id = r.organization_id)
        from identity.users u join identity.account_roles r on r.organization_id = u.organization_id
        join identity.branches b on b.id = r.organization_id
        left join identity.custom_roles c on c.id = r.custom_role_id and starts_with(r.owner_path, c.owner_path)
        where u.id = $1
        """;

    public static HeldRole Read(DbDataReader reader) => new(
        reader.GetString(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3),
        reader.IsDBNull(4) ? null : reader.GetFieldValue<string[]>(4), Enum.Parse<RoleSource>(reader.GetString(5)), reader.GetGuid(6),
        reader.GetFieldValue<string[]>(7));
}
