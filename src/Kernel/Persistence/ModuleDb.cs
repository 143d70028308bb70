using System.Reflection;
using System.Text.Json;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Licensing.Kernel.Persistence;

/// <summary>Changes under optimistic concurrency; the version is the resource's ETag.</summary>
public interface IVersioned
{
    int Version { get; }
}

/// <summary>
/// A view that also depends on more than its own row, as the day: its version says whether a change would collide, but not whether the
/// caller has its content.
/// </summary>
public interface IDated : IVersioned;

/// <summary>A module's own schema. <see cref="Publish"/> commits with the rows that made the message true, or not at all.</summary>
public abstract class ModuleDb(DbContextOptions options) : DbContext(options)
{
    internal DbSession Session { get; private set; } = null!;

    /// <summary>Begins its turn in another scope; contexts are used again and again.</summary>
    internal ModuleDb In(DbSession session)
    {
        (Session = session).Enlist(this);
        Database.SetDbConnection(session.Connection);
        return this;
    }

    public abstract string Schema { get; }

    /// <summary>Tells the other modules a fact once this transaction has committed.</summary>
    /// <param name="message">A record with a <see cref="MessageAttribute"/>.</param>
    /// <param name="deliverAt">Not before this instant; null is at once.</param>
    public void Publish<TMessage>(TMessage message, DateTimeOffset? deliverAt = null) where TMessage : notnull
    {
        var now = Session.Clock.GetUtcNow();
        var name = MessageAttribute.NameOf(message.GetType());
        var id = Id.NewGuid(now);
        string? body = null;
        foreach (var subscriber in Session.Subscribers.For(name))
        {
            Add(new OutboxMessage
            {
                Id = Id.NewGuid(now),
                MessageId = id,
                Name = name,
                Subscriber = subscriber.Name,
                Body = body ??= JsonSerializer.Serialize(message, message.GetType(), StoredJson.Options),
                OccurredAt = now,
                DeliverAt = deliverAt?.ToUniversalTime() ?? now,
                Trace = System.Diagnostics.Activity.Current?.Id,
            });
            Session.MessagePublished(Schema);
        }
    }

    internal void Leave()
    {
        if (Database.CurrentTransaction is not null)
            Database.UseTransaction(null);
    }

    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        // Changes are looked for once.
        ChangeTracker.AutoDetectChangesEnabled = false;
        ChangeTracker.DetectChanges();
        var changed = ChangeTracker.Entries().Where(e => e.State is EntityState.Added or EntityState.Modified or EntityState.Deleted).ToList();
        if (changed.Count == 0)
            return 0;
        // Queries are in the connection's transaction anyway; saving must know of it, or would begin one.
        if (Session.Transaction is { } transaction && Database.CurrentTransaction is null)
            Database.UseTransaction(transaction);
        // What fails undoes the whole transaction, so nobody goes back to a savepoint.
        Database.AutoSavepointsEnabled = false;
        foreach (var entry in changed)
        {
            if (entry.State is EntityState.Modified && entry.Entity is IVersioned versioned)
                entry.Property(nameof(IVersioned.Version)).CurrentValue = versioned.Version + 1;
            if (AuditedEntity.Of(entry) is { } change)
                Session.Audit.Note(change);
        }

        if (!Session.InTransaction || !await ManyRows.WriteAsync(changed, Session, cancellationToken))
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        if (acceptAllChangesOnSuccess)
            ChangeTracker.AcceptAllChanges();
        return changed.Count;
    }

    /// <summary>Saves already here, for a view that tells the version: saving makes the new one, and the ETag is of it.</summary>
    public async Task<TView> SavedAsync<TView>(Func<TView> view, CancellationToken ct)
    {
        await SaveChangesAsync(ct);
        return view();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.Entity<OutboxMessage>(outbox =>
        {
            outbox.ToTable("outbox").HasKey(x => x.Id);
            outbox.Property(x => x.Body).HasColumnType("jsonb");
        });
        modelBuilder.ApplyConfigurationsFromAssembly(GetType().Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase.Of(property.Name));
                // Ids are made by the code, never by the database.
                if (property.IsPrimaryKey())
                    property.ValueGenerated = Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.Never;
            }

            if (typeof(IVersioned).IsAssignableFrom(entity.ClrType))
                entity.FindProperty(nameof(IVersioned.Version))!.IsConcurrencyToken = true;
        }
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        var ids = GetType().Assembly.GetReferencedAssemblies().Append(GetType().Assembly.GetName()).Select(Assembly.Load)
            .Where(a => a.GetName().Name!.StartsWith("Licensing.", StringComparison.Ordinal))
            .SelectMany(a => a.GetTypes())
            .Where(t => t is { IsValueType: true, IsGenericType: false } && new IdJsonConverter().CanConvert(t));
        foreach (var id in ids)
            configurationBuilder.Properties(id).HaveConversion(typeof(IdColumn<>).MakeGenericType(id));
        configurationBuilder.Properties<Enum>().HaveConversion<string>();
        configurationBuilder.Properties<Currency>().HaveConversion<CurrencyColumn>();
    }

    private sealed class IdColumn<TId>() : ValueConverter<TId, Guid>(id => id.Value, value => new TId { Value = value })
        where TId : struct, IId<TId>;

    private sealed class CurrencyColumn() : ValueConverter<Currency, string>(c => c.Code, code => Currency.Parse(code));
}

public static class Columns
{
    extension<T>(PropertyBuilder<T> property)
    {
        /// <summary>A nested part of an aggregate, kept as a JSONB document inside its row. It is replaced and never changed in place.</summary>
        public PropertyBuilder<T> IsJson() => property
            .HasColumnType("jsonb")
            .HasConversion(
                value => JsonSerializer.Serialize(value, StoredJson.Options),
                text => JsonSerializer.Deserialize<T>(text, StoredJson.Options)!,
                new Microsoft.EntityFrameworkCore.ChangeTracking.ValueComparer<T>(
                    (a, b) => ReferenceEquals(a, b)
                        || JsonSerializer.Serialize(a, StoredJson.Options) == JsonSerializer.Serialize(b, StoredJson.Options),
                    value => JsonSerializer.Serialize(value, StoredJson.Options).GetHashCode(StringComparison.Ordinal),
                    value => value));
    }
}
