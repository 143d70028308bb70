using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Whom a command is about, and the custom roles that they hold: those are looked at while they are held, and who changes one may be one of them.
/// </summary>
/// <param name="Sql">For ids, and whether each is held alone; $1 is what the command names, $2 and $3 are the caller's scope, $5 is the role.</param>
/// <param name="Id">What the command names.</param>
/// <param name="Role">The role that it names, predefined or custom.</param>
internal sealed record Concern(string Sql, Guid Id, string Role = "")
{
    /// <summary>A user is changed by who may do all that he may: alone with him, and beside the roles of his account.</summary>
    public static Concern OfUser(UserId id) => new(User("u.id = $1", alone: true), id.Value);

    /// <summary>Something is given to him, or leads into his account.</summary>
    public static Concern BesideUser(UserId id) => new(User("u.id = $1", alone: false), id.Value);

    /// <summary>The same of who administers a tenant, the first of them.</summary>
    public static Concern BesideAdministratorOf(OrganizationId tenant) => new(
        User(
            $"""
            u.id = (select x.id from identity.users x where x.organization_id = $1 and x.status = 'Active' and exists (
                    select from identity.role_assignments a
                    where a.user_id = x.id and a.organization_id = $1 and a.role = '{Roles.TenantAdministrator}')
                order by x.id limit 1)
            """, alone: false), tenant.Value);

    /// <summary>Who holds a role by an assignment, where both are within reach.</summary>
    public static Concern OfHolder(Guid assignment) => new(
        $"""
        select held.id, held.alone from identity.role_assignments x join identity.users u on u.id = x.user_id
        cross join lateral (values (u.id, true), (x.custom_role_id, false)) held (id, alone)
        where x.id = $1 and {ScopeSql.Holds(2, "x.owner_path")} and {ScopeSql.Holds(2, "u.owner_path")}
        """, assignment);

    public static Concern OfApiKey(ApiKeyId id) => Alone("api_keys", "(x.id, true), (x.custom_role_id, false)", id.Value);

    public static Concern OfClient(ClientId id) => Alone("clients", "(x.id, true), (x.custom_role_id, false)", id.Value);

    public static Concern OfCustomRole(CustomRoleId id) => Alone("custom_roles", "(x.id, true)", id.Value);

    /// <summary>The roles of an organisation, which all its users hold, and one that it is given.</summary>
    public static Concern OfAccount(OrganizationId id, string role) => Alone(
        "organizations",
        """
        (x.id, true), ((
            select r.id from identity.custom_roles r where lower(r.name) = lower($5::text) and starts_with(x.owner_path, r.owner_path)
            order by length(r.owner_path) desc limit 1), false)
        """, id.Value) with
    { Role = role };

    public static Concern OfAccountRole(Guid id) => Alone("account_roles", "(x.organization_id, true), (x.custom_role_id, false)", id);

    private static Concern Alone(string table, string whom, Guid id) => new(
        $"""
        select held.id, held.alone from identity.{table} x cross join lateral (values {whom}) held (id, alone)
        where x.id = $1 and {ScopeSql.Holds(2, "x.owner_path")}
        """, id);

    private static string User(string which, bool alone) =>
        $"""
        select held.id, held.alone from identity.users u cross join lateral (
            values (u.id, {(alone ? "true" : "false")}), ({(alone ? "u.organization_id" : "null")}, false)
            union all select a.custom_role_id, false from identity.role_assignments a where a.user_id = u.id
            union all select r.custom_role_id, false from identity.account_roles r where r.organization_id = u.organization_id) held (id, alone)
        where {which} and {ScopeSql.Holds(2, "u.owner_path")}
        """;
}
