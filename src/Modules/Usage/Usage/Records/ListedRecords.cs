using System.Text.Json;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>Where a page of records ended.</summary>
internal sealed record RecordCursor(Guid Tenant, DateOnly Day, Guid Batch, string Id)
{
    public string ToKey() => JsonSerializer.Serialize(this, ApiJson.Options);

    public static bool TryRead(string? text, out RecordCursor? cursor)
    {
        cursor = null;
        try
        {
            if (text is not null)
                cursor = JsonSerializer.Deserialize<RecordCursor>(text, ApiJson.Options);
            return text is null || (cursor is { Id: { } id } && !id.Contains('\0'));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>
/// Reads raw records tenant by tenant, each newest first: that is one range of the index that rolling up needs anyway, and a list
/// over all tenants in one time order would need another on the hottest table.
/// </summary>
internal sealed class ListedRecords(DbSession session, RecordDays days)
{
    private const int SpansPerRead = 200;
    private const int FirstSpans = 4;

    /// <summary>As <see cref="Of"/> reads them, of a record called <c>r</c>.</summary>
    public const string Columns = """
        r.record_id, r.tenant_id, r.subscription_id, r.meter, r.quantity::text, r.started_at, r.ended_at, r.sku, r.region, r.resource_id,
            r.dimensions::text, r.received_at, r.day, r.batch_id,
            (select c.id from usage.corrections c where c.record_id = r.record_id and c.tenant_id = r.tenant_id)
        """;

    // The limit within the lateral keeps a span's read to one page, however many records it has: read along the index, batch by batch, from
    // the one where the page before ended.
    private const string Sql = $"""
        select {Columns}
        from unnest($1, $2, $3, $15, $16) as t(id, from_day, until_day, last_day, last_batch)
        cross join lateral (
            select * from usage.records r
            where r.tenant_id = t.id and r.day >= t.from_day and r.day < t.until_day and (r.day, r.batch_id) <= (t.last_day, t.last_batch)
                and ($4::uuid is null or r.subscription_id = $4) and ($5::text is null or r.meter = $5)
                and ($6::uuid is null or r.tenant_id <> $6 or (r.day, r.batch_id, r.record_id) < ($7, $8, $9))
                and exists (select 1 from unnest($10, $11) as s(f, u) where r.owner_path >= s.f and r.owner_path < s.u)
                and ($13::text is null or r.sku = $13) and ($14::text is null or r.region = $14)
            order by r.day desc, r.batch_id desc, r.record_id desc limit $12) r
        order by r.tenant_id, r.day desc, r.batch_id desc, r.record_id desc limit $12
        """;

    /// <param name="query">What is asked.</param>
    /// <param name="tenants">Of whom, in the order of their ids.</param>
    /// <param name="scope">What the caller reaches.</param>
    /// <param name="cursor">Where the page before ended, or null.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>A page and one more.</returns>
    public async Task<IReadOnlyList<(UsageRecordView View, RecordCursor At)>> PageAsync(
        ListRecords.Query query, IEnumerable<Guid> tenants, Scope scope, RecordCursor? cursor, CancellationToken ct)
    {
        var page = new List<(UsageRecordView, RecordCursor)>();
        var spans = new List<RecordSpan>();
        // A few at first: mostly they fill the page, and where they are empty there are more of them than anyone wants to ask one by one.
        var most = FirstSpans;
        var from = tenants.Where(t => cursor is null || t >= cursor.Tenant);
        await foreach (var span in (query.SubscriptionId is null && query.Meter is null && query.Sku is null && query.Region is null)
            ? from.Select(t => new RecordSpan(t, query.From ?? DateOnly.MinValue, query.Until ?? DateOnly.MaxValue)).ToAsyncEnumerable()
            : days.OfAsync(query, from, cursor, ct))
        {
            spans.Add(span);
            if (spans.Count < most)
                continue;
            await ReadAsync(query, spans, scope, cursor, page, ct);
            if (page.Count > query.Page.Limit)
                return page;
            spans.Clear();
            most = Math.Min(4 * most, SpansPerRead);
        }

        if (spans.Count > 0)
            await ReadAsync(query, spans, scope, cursor, page, ct);
        return page;
    }

    private async Task ReadAsync(
        ListRecords.Query query, List<RecordSpan> spans, Scope scope, RecordCursor? cursor, List<(UsageRecordView, RecordCursor)> into,
        CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        NpgsqlParameter[] parameters =
        [
            new() { Value = spans.Select(s => s.Tenant).ToArray() }, new() { Value = spans.Select(s => s.From).ToArray() },
            new() { Value = spans.Select(s => s.Until).ToArray() },
            new NpgsqlParameter<Guid?> { TypedValue = query.SubscriptionId }, new NpgsqlParameter<string?> { TypedValue = query.Meter },
            new NpgsqlParameter<Guid?> { TypedValue = cursor?.Tenant }, new() { Value = cursor?.Day ?? DateOnly.MaxValue },
            new() { Value = cursor?.Batch ?? Guid.AllBitsSet }, new() { Value = cursor?.Id ?? "" },
            new() { Value = from }, new() { Value = until }, new() { Value = query.Page.Limit + 1 - into.Count },
            new NpgsqlParameter<string?> { TypedValue = query.Sku }, new NpgsqlParameter<string?> { TypedValue = query.Region },
            new() { Value = spans.Select(s => s.Tenant == cursor?.Tenant ? cursor.Day : DateOnly.MaxValue).ToArray() },
            new() { Value = spans.Select(s => s.Tenant == cursor?.Tenant ? cursor.Batch : Guid.AllBitsSet).ToArray() },
        ];
        await ByIndex.ReadAsync(session, Sql, parameters, row => into.Add(Of(row)), ct);
    }

    public static (UsageRecordView View, RecordCursor At) Of(NpgsqlDataReader row)
    {
        var view = new UsageRecordView(
            row.GetString(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), Exact.Parse(row.GetString(4)),
            row.GetFieldValue<DateTimeOffset>(5), row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6), row.Given(7), row.Given(8),
            row.Given(9), row.Given(10) is { } dimensions ? JsonSerializer.Deserialize<JsonElement>(dimensions) : null,
            row.GetFieldValue<DateTimeOffset>(11), row.IsDBNull(14) ? null : row.GetGuid(14));
        return (view, new(view.TenantId, row.GetFieldValue<DateOnly>(12), row.GetGuid(13), view.Id));
    }
}
