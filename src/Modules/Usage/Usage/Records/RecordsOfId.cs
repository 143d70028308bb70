using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>Reads the records that have an id, at most one of each tenant: its key says where it lies, however many there are besides.</summary>
internal sealed class RecordsOfId(DbSession session)
{
    private const string Sql = $"""
        select {ListedRecords.Columns}
        from usage.record_keys k
        join usage.records r on r.tenant_id = k.tenant_id and r.day = k.day and r.batch_id = k.batch_id and r.record_id = $1
        where k.record_key = usage.record_key($1) and k.tenant_id = any ($2) and ($3::uuid is null or k.tenant_id > $3)
            and r.day >= $4 and r.day < $5 and ($6::uuid is null or r.subscription_id = $6) and ($7::text is null or r.meter = $7)
            and ($8::text is null or r.sku = $8) and ($9::text is null or r.region = $9)
            and exists (select 1 from unnest($10, $11) as s(f, u) where r.owner_path >= s.f and r.owner_path < s.u)
        order by k.tenant_id limit $12
        """;

    /// <param name="query">What is asked.</param>
    /// <param name="tenants">Of whom.</param>
    /// <param name="scope">What the caller reaches.</param>
    /// <param name="cursor">Where the page before ended, or null.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>A page and one more.</returns>
    public async Task<IReadOnlyList<(UsageRecordView View, RecordCursor At)>> PageAsync(
        ListRecords.Query query, IReadOnlyList<Guid> tenants, Scope scope, RecordCursor? cursor, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        await using var command = new NpgsqlCommand(Sql, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = query.Id! }, new() { Value = tenants.ToArray() }, new NpgsqlParameter<Guid?> { TypedValue = cursor?.Tenant },
                new() { Value = query.From ?? DateOnly.MinValue }, new() { Value = query.Until ?? DateOnly.MaxValue },
                new NpgsqlParameter<Guid?> { TypedValue = query.SubscriptionId }, new NpgsqlParameter<string?> { TypedValue = query.Meter },
                new NpgsqlParameter<string?> { TypedValue = query.Sku }, new NpgsqlParameter<string?> { TypedValue = query.Region },
                new() { Value = from }, new() { Value = until }, new() { Value = query.Page.Limit + 1 },
            },
        };
        var page = new List<(UsageRecordView, RecordCursor)>();
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            page.Add(ListedRecords.Of(row));
        return page;
    }
}
