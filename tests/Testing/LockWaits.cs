using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Licensing.Testing;

/// <summary>For races: what is asked while another's transaction is still open.</summary>
public static class LockWaits
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    extension(App app)
    {
        /// <summary>Returns when <paramref name="asked"/> waits for somebody's lock, and fails when it is answered without.</summary>
        public Task WaitsForALockAsync(Task asked) => app.WaitForLocksAsync(asked);

        /// <summary>The same of several.</summary>
        public Task WaitForLocksAsync(params Task[] asked) =>
            app.Services.GetRequiredService<SchemaOwner>().Database.WaitForLocksAsync(asked);
    }

    extension(NpgsqlDataSource owner)
    {
        /// <summary>The same of whatever works on this database; by its owner, since others do not see who waits.</summary>
        public async Task WaitForLocksAsync(params Task[] asked)
        {
            await Eventually.TrueAsync(async () => asked.Any(x => x.IsCompleted) || await WaitAsync(owner, asked.Length));
            asked.ShouldAllBe(x => !x.IsCompleted, "It was answered without waiting.");
        }
    }

    private static async Task<bool> WaitAsync(NpgsqlDataSource owner, int count)
    {
        await using var command = owner.CreateCommand(
            "select count(*) >= $1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        command.Parameters.Add(new() { Value = count });
        return (bool)(await command.ExecuteScalarAsync(Ct))!;
    }
}
