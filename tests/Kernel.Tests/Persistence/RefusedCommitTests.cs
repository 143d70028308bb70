using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Tests.Persistence;

public sealed class RefusedCommitTests : TowerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_that_the_server_refuses_tells_why_and_leaves_the_session_usable(bool withLast)
    {
        var tower = Open();
        await tower.ScalarAsync<object?>("create table once (n int unique deferrable initially deferred)");
        await using var scope = tower.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();

        await session.BeginAsync(CancellationToken.None);
        await session.ExecuteAsync([new("insert into once values (1), (1)")], CancellationToken.None);
        var refused = await Should.ThrowAsync<PostgresException>(
            () => session.CommitAsync(CancellationToken.None, withLast ? new NpgsqlBatchCommand("select 1") : null));
        await session.RollbackAsync();

        refused.SqlState.ShouldBe(PostgresErrorCodes.UniqueViolation);
        await session.BeginAsync(CancellationToken.None);
        await session.ExecuteAsync([new("insert into once values (2)")], CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
        (await tower.ScalarAsync<long>("select count(*) from once")).ShouldBe(1);
    }
}
