using System.Data;
using Licensing.Kernel.Persistence;
using Licensing.Kernel.Tests.Bells;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Kernel.Tests.Persistence;

/// <summary>A context goes from one scope to the next (ADR 0029), and nothing goes with it.</summary>
public sealed class ContextsUsedAgainTests : TowerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_next_scope_has_its_own_connection_and_finds_nothing_of_the_one_before(bool commit)
    {
        var tower = Open();
        BellsDb before;
        await using (var first = tower.Services.CreateAsyncScope())
        {
            var session = first.ServiceProvider.GetRequiredService<DbSession>();
            before = first.ServiceProvider.GetRequiredService<BellsDb>();
            await session.BeginAsync(CancellationToken.None);
            before.Bells.Add(new Bell { Id = Id.NewGuid(Tower.Start), Name = "tenor" });
            await session.SaveAsync(CancellationToken.None);
            before.Bells.Add(new Bell { Id = Id.NewGuid(Tower.Start), Name = "never saved" });
            if (commit)
                await session.CommitAsync(CancellationToken.None);
        }

        await using var second = tower.Services.CreateAsyncScope();
        var (after, its) = (second.ServiceProvider.GetRequiredService<BellsDb>(), second.ServiceProvider.GetRequiredService<DbSession>());
        after.ShouldBeSameAs(before);
        after.ChangeTracker.Entries().ShouldBeEmpty();
        after.ChangeTracker.AutoDetectChangesEnabled.ShouldBeTrue();
        after.Database.CurrentTransaction.ShouldBeNull();
        after.Database.GetDbConnection().ShouldBeSameAs(its.Connection);

        (await after.Bells.Select(b => b.Name).ToListAsync(TestContext.Current.CancellationToken)).ShouldBe(commit ? ["tenor"] : []);

        // Without a transaction a connection goes back after each statement.
        its.Connection.State.ShouldBe(ConnectionState.Closed);
    }

    [Fact]
    public async Task A_scope_whose_context_has_its_connection_takes_no_other()
    {
        await using var scope = Open().Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        _ = scope.ServiceProvider.GetRequiredService<BellsDb>();

        Should.Throw<InvalidOperationException>(() => session.On(scope.ServiceProvider.GetRequiredService<GatheredDatabase>().Database));
    }
}
