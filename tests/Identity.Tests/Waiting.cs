using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests;

/// <summary>For races: what one caller does while another's transaction is still open.</summary>
internal static class Waiting
{
    extension(App app)
    {
        /// <summary>Sends a request while what <paramref name="first"/> did, as the system, has not committed: it must wait for that.</summary>
        public async Task<HttpResponseMessage> DuringAsync(Func<ISender, Task<Refusal?>> first, Func<Task<HttpResponseMessage>> send)
        {
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            await session.BeginAsync(TestContext.Current.CancellationToken);
            (await first(scope.ServiceProvider.GetRequiredService<ISender>())).ShouldBeNull();

            var asked = send();
            await app.WaitsForALockAsync(asked);
            await session.CommitAsync(TestContext.Current.CancellationToken);
            return await asked;
        }

        /// <summary>Returns when <paramref name="asked"/> waits for somebody's lock, and fails when it is answered without.</summary>
        public async Task WaitsForALockAsync(Task asked)
        {
            await Eventually.TrueAsync(async () => asked.IsCompleted || await app.InAsync<SchemaOwner, bool>(async owner =>
            {
                await using var command = owner.Database.CreateCommand(
                    "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')");
                return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            }));
            asked.IsCompleted.ShouldBeFalse("It was answered without waiting.");
        }
    }
}
