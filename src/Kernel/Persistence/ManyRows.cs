using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace Licensing.Kernel.Persistence;

/// <summary>
/// Writes many new or changed rows of one table in one statement. A statement for each would cost the server its set-up each time, the reading of the
/// table's CHECK constraints among it, and that is most of what such a row costs.
/// </summary>
internal static class ManyRows
{
    private const int Fewest = 4;

    /// <summary>Writes what comes in numbers and marks it as written; all else is left to EF.</summary>
    /// <returns>How many rows that were.</returns>
    public static async Task<int> WriteAsync(IReadOnlyList<EntityEntry> changed, DbSession session, CancellationToken ct)
    {
        // Where the order of two tables or two statements matters EF knows it.
        var added = changed.Where(e => e.State is EntityState.Added).Select(e => e.Metadata).ToHashSet();
        if (changed.Count < Fewest || changed.Any(e => e.State is EntityState.Deleted || e.Metadata.GetForeignKeys().Any(f => added.Contains(f.PrincipalEntityType))))
            return 0;

        var groups = changed.GroupBy(e => (e.Metadata, e.State)).Where(g => g.Count() >= Fewest && IsPlain(g.Key.Metadata)).Select(g => g.ToList()).ToList();
        if (groups.Count == 0)
            return 0;
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        foreach (var rows in groups)
            batch.BatchCommands.Add(rows[0].State is EntityState.Added ? Insert(rows) : Update(rows));
        await batch.ExecuteNonQueryAsync(ct);
        foreach (var (rows, written) in groups.Zip(batch.BatchCommands.Cast<NpgsqlBatchCommand>()))
            if (written.RecordsAffected != rows.Count)
                throw new DbUpdateConcurrencyException($"Of {rows.Count} rows of {rows[0].Metadata.GetTableName()} only {written.RecordsAffected} were as they had been read.");
        foreach (var entry in groups.SelectMany(g => g))
        {
            if (entry.State is EntityState.Modified)
                entry.OriginalValues.SetValues(entry.CurrentValues);
            entry.State = EntityState.Unchanged;
        }

        return groups.Sum(g => g.Count);
    }

    private static bool IsPlain(IEntityType type) => type.BaseType is null && !type.GetDirectlyDerivedTypes().Any() && !type.GetComplexProperties().Any()
        && type.GetNavigations().All(n => !n.TargetEntityType.IsOwned()) && type.GetProperties().All(p => !p.IsShadowProperty() && !TypeOf(p).EndsWith(']'));

    private static NpgsqlBatchCommand Insert(List<EntityEntry> rows)
    {
        var (type, properties) = (rows[0].Metadata, rows[0].Metadata.GetProperties().ToList());
        var columns = string.Join(", ", properties.Select(ColumnOf));
        var command = new NpgsqlBatchCommand($"insert into {TableOf(type)} ({columns}) select * from unnest({Parameters(properties.Count)})");
        foreach (var property in properties)
            command.Parameters.Add(Values(property, rows, e => property.GetGetter().GetClrValue(e.Entity)));
        return command;
    }

    // What one row changed is written of all, so that rows whose changes differ need no statements of their own.
    private static NpgsqlBatchCommand Update(List<EntityEntry> rows)
    {
        var type = rows[0].Metadata;
        var changed = type.GetProperties().Where(p => rows.Exists(e => e.Property(p).IsModified)).ToList();
        var (key, tokens) = (type.FindPrimaryKey()!.Properties, type.GetProperties().Where(p => p.IsConcurrencyToken).ToList());
        List<(IProperty Property, string Name, bool Was)> given =
            [.. changed.Select(p => (p, ColumnOf(p), false)), .. key.Concat(tokens).Select(p => (p, $"was_{p.Name}", true))];
        var command = new NpgsqlBatchCommand(
            $"""
            update {TableOf(type)} t set {string.Join(", ", changed.Select(p => $"{ColumnOf(p)} = v.{ColumnOf(p)}"))}
            from unnest({Parameters(given.Count)}) v ({string.Join(", ", given.Select(g => g.Name))})
            where {string.Join(" and ", key.Concat(tokens).Select(p => $"t.{ColumnOf(p)} = v.was_{p.Name}"))}
            """);
        foreach (var (property, _, was) in given)
            command.Parameters.Add(Values(property, rows, e => was ? e.Property(property).OriginalValue : property.GetGetter().GetClrValue(e.Entity)));
        return command;
    }

    private static string TableOf(IEntityType type) => $"{type.GetSchema()}.{type.GetTableName()}";

    private static string ColumnOf(IProperty property) => $"\"{property.GetColumnName()}\"";

    private static string TypeOf(IProperty property) => property.GetColumnType();

    private static string Parameters(int count) => string.Join(", ", Enumerable.Range(1, count).Select(n => $"${n}"));

    private static NpgsqlParameter Values(IProperty property, List<EntityEntry> rows, Func<EntityEntry, object?> valueOf)
    {
        var converter = property.GetValueConverter() ?? property.FindTypeMapping()?.Converter;
        var type = converter?.ProviderClrType ?? property.ClrType;
        var values = Array.CreateInstance(type.IsValueType && property.IsNullable && Nullable.GetUnderlyingType(type) is null ? typeof(Nullable<>).MakeGenericType(type) : type, rows.Count);
        for (var i = 0; i < rows.Count; i++)
            values.SetValue(valueOf(rows[i]) is { } value ? converter is null ? value : converter.ConvertToProvider(value) : null, i);
        return new NpgsqlParameter { Value = values, DataTypeName = $"{TypeOf(property).Split('(')[0]}[]" };
    }
}
