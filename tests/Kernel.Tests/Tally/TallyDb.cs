using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Licensing.Kernel.Tests.Bells;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Kernel.Tests.Tally;

/// <summary>The subscriber.</summary>
public sealed class TallyDb(DbContextOptions<TallyDb> options) : ModuleDb(options)
{
    public override string Schema => "tally";

    public DbSet<Strike> Strikes => Set<Strike>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Strike>().ToTable("strikes");
        base.OnModelCreating(modelBuilder);
    }
}

public sealed class Strike
{
    public Guid Id { get; init; }
    public required string Bell { get; init; }
}

/// <summary>What a test wants to happen inside a handler.</summary>
public sealed class Interference
{
    public Func<Rang, IServiceProvider, CancellationToken, Task> On { get; set; } = (_, _, _) => Task.CompletedTask;
}

/// <summary>Counts once more for each run, so that a second run shows.</summary>
public sealed class CountWhenRang(TallyDb db, Interference interference, IServiceProvider services) : IHandle<Rang>
{
    public async Task HandleAsync(Rang message, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"""
            insert into tally.counters (name, count) values ({message.Bell}, 1)
            on conflict (name) do update set count = counters.count + 1
            """, ct);
        await interference.On(message, services, ct);
    }
}

/// <summary>A second subscriber of the same message, through entities.</summary>
public sealed class StrikeWhenRang(TallyDb db, TimeProvider clock) : IHandle<Rang>
{
    public Task HandleAsync(Rang message, CancellationToken ct)
    {
        db.Strikes.Add(new Strike { Id = Id.NewGuid(clock.GetUtcNow()), Bell = message.Bell });
        return Task.CompletedTask;
    }
}
