using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Users;

internal static class UserLocks
{
    extension(DbSession session)
    {
        /// <summary>Holds a user's row until the transaction ends; <c>share</c> against changes of password, <c>update</c> to make one.</summary>
        public async Task LockUserAsync(UserId id, string strength, CancellationToken ct)
        {
            await using var locking = new NpgsqlCommand($"select 1 from identity.users where id = $1 for {strength}", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = id.Value } } };
            await locking.ExecuteNonQueryAsync(ct);
        }
    }
}
