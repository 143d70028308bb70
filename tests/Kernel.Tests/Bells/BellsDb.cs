using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Kernel.Tests.Bells;

[Message("bells.rang.v1")]
public sealed record Rang(string Bell);

/// <summary>The publisher.</summary>
public sealed class BellsDb(DbContextOptions<BellsDb> options) : ModuleDb(options)
{
    public override string Schema => "bells";

    public DbSet<Bell> Bells => Set<Bell>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Bell>().ToTable("bells");
        modelBuilder.Entity<Chime>(chime =>
        {
            chime.ToTable("chimes").HasKey(x => x.Id);
            chime.HasOne<Bell>().WithMany().HasForeignKey(x => x.BellId);
            chime.Property(x => x.Notes).IsJson();
        });
        base.OnModelCreating(modelBuilder);
    }
}

public sealed class Bell
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
}

public enum Pitch { Low, High }

/// <summary>Something with columns of every kind; <c>ManyRowsTests</c> makes its table.</summary>
public sealed class Chime : IVersioned
{
    public Guid Id { get; init; }
    public required string Name { get; set; }
    public Guid? BellId { get; init; }
    public Pitch Pitch { get; set; }
    public decimal? Weight { get; set; }
    public int? On { get; set; }
    public DateOnly? Cast { get; set; }
    public DateTimeOffset? RangAt { get; set; }
    public IReadOnlyList<string> Notes { get; set; } = [];
    public int Version { get; init; } = 1;
}
