using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Licensing.Kernel.Persistence;

/// <summary>What a tracked entity's change looks like in the audit trail.</summary>
internal static class AuditedEntity
{
    private static readonly JsonNode Masked = JsonValue.Create("***");
    private static readonly JsonTypeInfo<object> Any = (JsonTypeInfo<object>)StoredJson.Options.GetTypeInfo(typeof(object));
    private static readonly ConditionalWeakTable<IEntityType, AuditedType> Types = [];

    public static AuditedChange? Of(EntityEntry entry)
    {
        if (entry.Entity is OutboxMessage)
            return null;

        var type = Types.GetValue(entry.Metadata, of => new AuditedType(of));
        var changes = new JsonObject();
        foreach (var (property, name, secret, isPath) in type.Shown)
        {
            var value = entry.Property(property);
            if (entry.State is EntityState.Modified ? !value.IsModified : isPath)
                continue;

            var old = entry.State is EntityState.Added ? null : value.OriginalValue;
            var @new = entry.State is EntityState.Deleted ? null : value.CurrentValue;
            if (old is not null || @new is not null)
                changes[name] = new JsonObject { ["old"] = Shown(old, secret), ["new"] = Shown(@new, secret) };
        }

        return new AuditedChange(
            type.Name, string.Join('/', type.Key.Select(p => KeyText(entry.Property(p).CurrentValue))), (entry.Entity as IOwned)?.OwnerPath, changes);
    }

    private static JsonNode? Shown(object? value, bool secret) => value switch
    {
        null => null,
        _ when secret => Masked.DeepClone(),
        JsonNode json => json.DeepClone(),
        // Values never change in place, so they are written as JSON once: with the entry.
        _ => JsonValue.Create(value, Any),
    };

    private static string KeyText(object? value) =>
        value is null ? "" : JsonSerializer.Serialize(value, value.GetType(), StoredJson.Options).Trim('"');

    // What is the same of every row.
    private sealed class AuditedType(IEntityType type)
    {
        public string Name { get; } = SnakeCase.Of(type.ClrType.Name);

        public IReadOnlyList<IProperty> Key { get; } = type.FindPrimaryKey()!.Properties;

        // A key that is one value never changes and is the change's id; where it lies is the change's path, as long as it stays there.
        public IReadOnlyList<(IProperty Property, string Name, bool Secret, bool IsPath)> Shown { get; } =
        [
            .. type.GetProperties()
                .Where(p => p.Name != nameof(IVersioned.Version) && type.FindPrimaryKey()!.Properties is var key && (key.Count > 1 || key[0] != p))
                .Select(p => (
                    p, JsonNamingPolicy.CamelCase.ConvertName(p.Name), p.PropertyInfo?.GetCustomAttribute<SecretAttribute>() is not null,
                    p.Name == nameof(IOwned.OwnerPath) && type.ClrType.IsAssignableTo(typeof(IOwned)))),
        ];
    }
}
