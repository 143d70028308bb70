using Licensing.Host.Database;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests;

/// <summary>For races: what one caller does while another's transaction is still open.</summary>
internal static class Waiting
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    extension(App app)
    {
        /// <summary>Sends a request while what <paramref name="first"/> did, as the system, has not committed: it must wait for that.</summary>
        public Task<HttpResponseMessage> DuringAsync(Func<ISender, Task<Refusal?>> first, Func<Task<HttpResponseMessage>> send) =>
            app.DuringAsync(Access.System, first, send);

        /// <summary>The same of someone else.</summary>
        public async Task<HttpResponseMessage> DuringAsync(Access by, Func<ISender, Task<Refusal?>> first, Func<Task<HttpResponseMessage>> send)
        {
            await using var open = await app.OpenAsync(by, provider => first(provider.GetRequiredService<ISender>()));
            var asked = send();
            await app.WaitsForALockAsync(asked);
            await open.CommitAsync();
            return await asked;
        }

        /// <summary>Does something, and leaves its transaction open.</summary>
        public async Task<OpenTransaction> OpenAsync(Access by, Func<IServiceProvider, Task<Refusal?>> work)
        {
            var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(by);
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            await session.BeginAsync(Ct);
            (await work(scope.ServiceProvider)).ShouldBeNull();
            return new OpenTransaction(scope, session);
        }

        /// <summary>Whether whoever holds both holds <paramref name="one"/> first.</summary>
        public Task<bool> IsHeldBeforeAsync(Guid one, Guid other) => app.InAsync<NpgsqlDataSource, bool>(async database =>
        {
            await using var asking = database.CreateCommand(
                "select hashtextextended('identity.caller ' || $1::uuid, 0) < hashtextextended('identity.caller ' || $2::uuid, 0)");
            asking.Parameters.Add(new() { Value = one });
            asking.Parameters.Add(new() { Value = other });
            return (bool)(await asking.ExecuteScalarAsync(Ct))!;
        });

        public Task<int> ExecuteAsync(string sql, params object[] values) => app.InAsync<SchemaOwner, int>(async owner =>
        {
            await using var command = owner.Database.CreateCommand(sql);
            foreach (var value in values)
                command.Parameters.Add(new() { Value = value });
            return await command.ExecuteNonQueryAsync(Ct);
        });
    }
}

internal sealed class OpenTransaction(AsyncServiceScope scope, DbSession session) : IAsyncDisposable
{
    public Task CommitAsync() => session.CommitAsync(Ct);

    public ValueTask DisposeAsync() => scope.DisposeAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
