using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// A command after which someone may do less, or that hangs on what someone may do. Its locks are taken together with the caller's own: two
/// administrators who shut each other out would wait for each other if each took his own first.
/// </summary>
internal interface IConcerns
{
    Concern? Concern { get; }
}

/// <summary>Whom a command is about.</summary>
/// <param name="Sql">For ids, and whether each is held alone; $1 is what the command names, $2 and $3 are the caller's scope.</param>
/// <param name="Id">What the command names.</param>
internal sealed record Concern(string Sql, Guid Id)
{
    /// <summary>A user is changed by who may do all that he may: alone with him, and beside the roles of his account.</summary>
    public static Concern OfUser(UserId id) => new(
        $"""
        select held.id, held.alone from identity.users u cross join lateral (values (u.id, true), (u.organization_id, false)) held (id, alone)
        where u.id = $1 and {ScopeSql.Holds(2, "u.owner_path")}
        """, id.Value);

    /// <summary>Something is given to him, or leads into his account.</summary>
    public static Concern BesideUser(UserId id) => new(
        $"select u.id, false from identity.users u where u.id = $1 and {ScopeSql.Holds(2, "u.owner_path")}", id.Value);

    /// <summary>The same of who administers a tenant, the first of them.</summary>
    public static Concern BesideAdministratorOf(OrganizationId tenant) => new(
        $"""
        (select u.id, false from identity.users u
        where u.organization_id = $1 and u.status = 'Active' and {ScopeSql.Holds(2, "u.owner_path")} and exists (
            select from identity.role_assignments a where a.user_id = u.id and a.organization_id = $1 and a.role = '{Roles.TenantAdministrator}')
        order by u.id limit 1)
        """, tenant.Value);

    public static Concern OfHolder(Guid assignment) => Alone("role_assignments", "x.user_id", assignment);

    public static Concern OfApiKey(ApiKeyId id) => Alone("api_keys", "x.id", id.Value);

    public static Concern OfClient(ClientId id) => Alone("clients", "x.id", id.Value);

    public static Concern OfCustomRole(CustomRoleId id) => Alone("custom_roles", "x.id", id.Value);

    /// <summary>The roles of an organisation, which all its users hold.</summary>
    public static Concern OfAccount(OrganizationId id) => Alone("organizations", "x.id", id.Value);

    public static Concern OfAccountRole(Guid id) => Alone("account_roles", "x.organization_id", id);

    private static Concern Alone(string table, string whom, Guid id) => new(
        $"select {whom}, true from identity.{table} x where x.id = $1 and {ScopeSql.Holds(2, "x.owner_path")}", id);
}

/// <summary>
/// Advisory locks on whoever asks for what outlives his credential: shared by him, alone for whatever takes something from him. Not row locks:
/// of those that are shared each next one passes who waits, so requests close enough together would keep their sender from ever being shut
/// out. Here nobody passes who waits already. They are taken before any row, and all of a command in the order of their keys.
/// </summary>
internal static class CallerLocks
{
    // The caller, who opened his log-in for him, and what gives the two their rights.
    private const string Own =
        """
        select unnest($4::uuid[]), false
        union all select organization_id, false from identity.users where id = any($4)
        union all select custom_role_id, false from identity.role_assignments where user_id = any($4)
        union all
        select r.custom_role_id, false from identity.users u join identity.account_roles r on r.organization_id = u.organization_id
        where u.id = any($4)
        union all select custom_role_id, false from identity.api_keys where id = any($4)
        union all select custom_role_id, false from identity.clients where id = any($4)
        """;

    private const string NobodyElse = "select $1::uuid, false where false and $2::text[] is null and $3::text[] is null";

    /// <summary>SQL that holds whom $1 says.</summary>
    public static string Sql(bool alone) => $"select pg_advisory_xact_lock{(alone ? "" : "_shared")}({KeyOf("$1::uuid")})";

    // Of a user (his log-ins with him), an API key, a client, a custom role, or an organisation (the roles that its users hold by it).
    private static string KeyOf(string id) => $"hashtextextended('identity.caller ' || {id}, 0)";

    extension(DbSession session)
    {
        /// <summary>Before something is taken from a user, key or client: waits for what he is doing, and what he does next waits for this.</summary>
        public Task LockCallerAsync(Guid id, CancellationToken ct) => session.ExecuteAsync(
            [new NpgsqlBatchCommand(Sql(alone: true)) { Parameters = { new() { Value = id } } }], ct);

        /// <summary>The same for all whom a command is about, its caller among them.</summary>
        /// <param name="callers">He, and who opened his log-in.</param>
        /// <param name="concern">Whom else; those outside the scope are not waited for.</param>
        /// <param name="scope">The caller's.</param>
        /// <param name="ct">Gives up.</param>
        public Task LockCallersAsync(Guid[] callers, Concern? concern, Scope scope, CancellationToken ct)
        {
            var (from, until) = scope.Ranges();
            return session.ExecuteAsync(
            [
                new NpgsqlBatchCommand(
                    $"""
                    select case when alone then pg_advisory_xact_lock(key) else pg_advisory_xact_lock_shared(key) end from (
                        select {KeyOf("id")} as key, bool_or(alone) as alone from ({Own} union all {concern?.Sql ?? NobodyElse}) held (id, alone)
                        where id is not null group by 1 order by 1) ordered
                    """)
                {
                    Parameters =
                    {
                        new() { Value = concern?.Id ?? Guid.Empty }, new() { Value = from }, new() { Value = until }, new() { Value = callers },
                    },
                },
            ], ct);
        }
    }
}
