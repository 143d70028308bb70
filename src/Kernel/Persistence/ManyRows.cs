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

    /// <summary>Writes the rows, if some come in numbers and nothing among them needs EF, as yet unmarked.</summary>
    /// <returns>Whether it did; if not, EF is to write them all.</returns>
    public static async Task<bool> WriteAsync(IReadOnlyList<EntityEntry> changed, DbSession session, CancellationToken ct)
    {
        var groups = changed.GroupBy(e => (Type: e.Metadata, e.State)).ToList();
        if (!groups.Exists(g => g.Count() >= Fewest) || groups.Exists(g => g.Key.State is EntityState.Deleted || !IsPlain(g.Key.Type)))
            return false;
        // Where one table's rows must come before another's EF knows it. Where nothing says so it goes by the tables' names, changes first, and
        // so is it done here.
        var added = groups.Where(g => g.Key.State is EntityState.Added).Select(g => g.Key.Type).ToHashSet();
        if (groups.Exists(g => g.Key.Type.GetForeignKeys().Any(f => added.Contains(f.PrincipalEntityType) && f.PrincipalEntityType != g.Key.Type)))
            return false;
        var ordered = groups.OrderBy(g => g.Key.Type.GetTableName(), StringComparer.Ordinal).ThenBy(g => g.Key.State)
            .Select(g => g.ToList()).ToList();

        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        foreach (var rows in ordered)
            batch.BatchCommands.Add(rows[0].State is EntityState.Added ? Insert(rows) : Update(rows));
        await batch.ExecuteNonQueryAsync(ct);
        foreach (var (rows, written) in ordered.Zip(batch.BatchCommands.Cast<NpgsqlBatchCommand>()))
            if (written.RecordsAffected != rows.Count)
                throw new DbUpdateConcurrencyException(
                    $"Of {rows.Count} rows of {rows[0].Metadata.GetTableName()} only {written.RecordsAffected} were as they had been read.");
        return true;
    }

    private static bool IsPlain(IEntityType type) =>
        type.BaseType is null && !type.GetDirectlyDerivedTypes().Any() && !type.GetComplexProperties().Any()
        && type.GetNavigations().All(n => !n.TargetEntityType.IsOwned()) && !type.GetIndexes().Any(i => i.IsUnique)
        && type.GetProperties().All(p => !p.IsShadowProperty() && p.ValueGenerated is ValueGenerated.Never && !TypeOf(p).EndsWith(']'));

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
            command.Parameters.Add(Values(
                property, rows, e => was ? e.Property(property).OriginalValue : property.GetGetter().GetClrValue(e.Entity)));
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
        var element = type.IsValueType && property.IsNullable && Nullable.GetUnderlyingType(type) is null
            ? typeof(Nullable<>).MakeGenericType(type)
            : type;
        var values = Array.CreateInstance(element, rows.Count);
        for (var i = 0; i < rows.Count; i++)
            values.SetValue(valueOf(rows[i]) is { } value ? converter is null ? value : converter.ConvertToProvider(value) : null, i);
        return new NpgsqlParameter { Value = values, DataTypeName = $"{TypeOf(property).Split('(')[0]}[]" };
    }
}
