using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Kernel.Tests.Bells;

[Message("bells.rang.v1")]
public sealed record Rang(string Bell);

/// <summary>The publisher.</summary>
public sealed class BellsDb(DbContextOptions<BellsDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "bells";

    public DbSet<Bell> Bells => Set<Bell>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Bell>().ToTable("bells");
        base.OnModelCreating(modelBuilder);
    }
}

public sealed class Bell
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
}
