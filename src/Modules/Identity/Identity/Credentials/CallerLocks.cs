using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Advisory locks on whoever asks for what outlives his credential: shared by him, alone for whatever takes something from him. Not row locks:
/// of those that are shared each next one passes who waits, so requests close enough together would keep their sender from ever being shut
/// out. Here nobody passes who waits already. All of a command are taken in the order of their keys and before any row, but for two: a role
/// that a key, a client or a user is given by its name is found, and held, when its place is; and the customer area holds the tenant's row
/// before the user whose password it sets.
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

    /// <summary>SQL that holds <paramref name="whom"/>, a parameter or a column.</summary>
    public static string Sql(bool alone, string whom = "$1::uuid") => $"pg_advisory_xact_lock{(alone ? "" : "_shared")}({KeyOf(whom)})";

    // Of a user (his log-ins with him), an API key, a client, a custom role, or an organisation (the roles that its users hold by it).
    private static string KeyOf(string id) => $"hashtextextended('identity.caller ' || {id}, 0)";

    extension(DbSession session)
    {
        /// <summary>Before something is taken from a user, key or client: waits for what he is doing, and what he does next waits for this.</summary>
        public Task LockAloneAsync(Guid id, CancellationToken ct) => session.ExecuteAsync(
            [new NpgsqlBatchCommand($"select {Sql(alone: true)}") { Parameters = { new() { Value = id } } }], ct);

        /// <summary>Beside others who look at what a custom role allows, and give it.</summary>
        public Task LockBesideRoleAsync(Guid id, CancellationToken ct) => session.ExecuteAsync(
            [new NpgsqlBatchCommand($"select {Sql(alone: false)}") { Parameters = { new() { Value = id } } }], ct);

        /// <summary>Holds all whom a command is about, its caller among them.</summary>
        /// <param name="callers">He, and who opened his log-in.</param>
        /// <param name="concern">Whom else; those outside the scope are not waited for.</param>
        /// <param name="scope">The caller's.</param>
        /// <param name="ct">Gives up.</param>
        public Task LockForCommandAsync(Guid[] callers, Concern? concern, Scope scope, CancellationToken ct)
        {
            var (from, until) = scope.Ranges();
            var locking = new NpgsqlBatchCommand(
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
            };
            if (concern is { Role.Length: > 0 })
                locking.Parameters.Add(new() { Value = concern.Role });
            return session.ExecuteAsync([locking], ct);
        }

        /// <summary>Whether this transaction holds him, alone or not.</summary>
        public async Task<bool> HoldsAsync(Guid id, CancellationToken ct)
        {
            await using var asking = new NpgsqlCommand(
                $"""
                select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted and objsubid = 1
                    and (classid::bigint << 32 | objid::bigint) = {KeyOf("$1::uuid")})
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = id } } };
            return (bool)(await asking.ExecuteScalarAsync(ct))!;
        }
    }
}
