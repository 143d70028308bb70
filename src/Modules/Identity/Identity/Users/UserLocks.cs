using Licensing.Identity.Credentials;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Users;

internal static class UserLocks
{
    extension(DbSession session)
    {
        /// <summary>
        /// Holds a user until the transaction ends; <c>share</c> against changes of password, <c>update</c> to make one. Him before his row: who
        /// logs in again and again does not keep his password from being changed.
        /// </summary>
        public Task LockUserAsync(UserId id, string strength, CancellationToken ct) => session.ExecuteAsync(
            from sql in new[] { CallerLocks.Sql(alone: strength == "update"), $"select 1 from identity.users where id = $1 for {strength}" }
            select new NpgsqlBatchCommand(sql) { Parameters = { new() { Value = id.Value } } }, ct);
    }
}
