using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Licensing.Kernel.Persistence;

/// <summary>What a tracked entity's change looks like in the audit trail.</summary>
internal static class AuditedEntity
{
    private static readonly JsonNode Masked = JsonValue.Create("***");

    public static AuditedChange? Of(EntityEntry entry)
    {
        if (entry.Entity is OutboxMessage)
            return null;

        var changes = new JsonObject();
        foreach (var property in entry.Properties)
        {
            if (property.Metadata.Name == nameof(IVersioned.Version) || (entry.State is EntityState.Modified && !property.IsModified))
                continue;

            var old = entry.State is EntityState.Added ? null : property.OriginalValue;
            var @new = entry.State is EntityState.Deleted ? null : property.CurrentValue;
            if (old is null && @new is null)
                continue;

            var secret = property.Metadata.PropertyInfo?.GetCustomAttribute<SecretAttribute>() is not null;
            changes[JsonNamingPolicy.CamelCase.ConvertName(property.Metadata.Name)] = new JsonObject
            {
                ["old"] = Shown(old, secret),
                ["new"] = Shown(@new, secret),
            };
        }

        var key = string.Join('/', entry.Metadata.FindPrimaryKey()!.Properties.Select(p => KeyText(entry.Property(p.Name).CurrentValue)));
        return new AuditedChange(SnakeCase.Of(entry.Metadata.ClrType.Name), key, (entry.Entity as IOwned)?.OwnerPath, changes);
    }

    private static JsonNode? Shown(object? value, bool secret) => value is null ? null
        : secret ? Masked.DeepClone()
        : JsonSerializer.SerializeToNode(value, value.GetType(), StoredJson.Options);

    private static string KeyText(object? value) =>
        value is null ? "" : JsonSerializer.Serialize(value, value.GetType(), StoredJson.Options).Trim('"');
}
