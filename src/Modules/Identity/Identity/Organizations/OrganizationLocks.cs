using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Organizations;

internal static class OrganizationLocks
{
    /// <summary>
    /// SQL that keeps what stands at $1, within the ranges $2 and $3, and what is above it from being closed (by the row) and from being
    /// suspended (by a lock in which who comes later waits behind who waits already: row locks that are shared would keep a suspension
    /// waiting as long as one opening overlaps the next).
    /// </summary>
    public const string OfParents =
        """
        with parents as (
            select o.id, o.parent_id from identity.organizations o
            where o.id = any($1) and exists (
                select from unnest($2::text[], $3::text[]) r(low, high) where o.owner_path >= r.low and o.owner_path < r.high))
        select pg_advisory_xact_lock_shared(hashtextextended('identity.standing ' || held.id, 0)) from (
            select id from identity.organizations
            where id in (select id from parents union all select parent_id from parents)
            order by owner_path for key share) held
        """;

    extension(DbSession session)
    {
        /// <summary>
        /// Locks one organisation within <paramref name="scope"/>. Others' rows are not even waited for: how long it takes must not tell what
        /// is being done to them, nor may a stranger keep their owners waiting.
        /// </summary>
        /// <param name="id">SQL for its id, of <paramref name="value"/> as $1.</param>
        /// <param name="value">The organisation's id, or that by which it is found.</param>
        /// <param name="strength">As SQL names it.</param>
        /// <param name="scope">Looked at again when the lock is had: a transfer may have been waited for.</param>
        /// <param name="ct">Gives up.</param>
        /// <returns>Whether it is there and locked.</returns>
        public async Task<bool> LockOrganizationAsync(string id, Guid value, string strength, Scope scope, CancellationToken ct)
        {
            var (from, until) = scope.Ranges();
            await using var locking = new NpgsqlCommand(
                $"""
                select 1 from identity.organizations o
                where o.id = {id} and {ScopeSql.Holds(2)}
                for {strength} of o
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = value }, new() { Value = from }, new() { Value = until } } };
            return await locking.ExecuteScalarAsync(ct) is not null;
        }

        /// <summary>
        /// Waits until nothing is being opened below an organisation, whose row the caller has locked; what comes later waits for him.
        /// </summary>
        public async Task LockStandingAsync(OrganizationId id, CancellationToken ct)
        {
            await using var locking = new NpgsqlCommand(
                "select pg_advisory_xact_lock(hashtextextended('identity.standing ' || $1, 0))", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = id.Value.ToString() } } };
            await locking.ExecuteNonQueryAsync(ct);
        }

        /// <summary>
        /// Keeps organisations where they are until the transaction ends. A statement of its own: what is read after it sees what was
        /// committed while it waited.
        /// </summary>
        public async Task HoldOrganizationsAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct)
        {
            await using var locking = new NpgsqlCommand(
                "select 1 from identity.organizations where id = any($1) order by id for key share", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = ids.Select(x => x.Value).ToArray() } } };
            await locking.ExecuteNonQueryAsync(ct);
        }
    }
}
