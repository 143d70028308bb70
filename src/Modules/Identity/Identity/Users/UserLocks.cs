using Licensing.Identity.Credentials;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Users;

internal static class UserLocks
{
    extension(DbSession session)
    {
        /// <summary>
        /// Holds a user until the transaction ends, alone to change his ways in, else against such a change. Him before his row: who logs in
        /// again and again does not keep his password from being changed.
        /// </summary>
        public Task LockUserAsync(UserId id, bool alone, CancellationToken ct) => session.ExecuteAsync(
            from sql in new[] { $"select {CallerLocks.Sql(alone)}", $"select 1 from identity.users where id = $1 for {(alone ? "update" : "share")}" }
            select new NpgsqlBatchCommand(sql) { Parameters = { new() { Value = id.Value } } }, ct);
    }
}
