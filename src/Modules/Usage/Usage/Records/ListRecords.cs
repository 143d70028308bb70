using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Records;

/// <param name="CorrectionId">Why it does not count any more; null while it does.</param>
internal sealed record UsageRecordView(
    string Id, Guid TenantId, Guid SubscriptionId, string Meter, Exact Quantity, DateTimeOffset Start, DateTimeOffset? End, string? Sku,
    string? Region,
    string? ResourceId, JsonElement? Dimensions, DateTimeOffset ReceivedAt, Guid? CorrectionId);

/// <summary>
/// Reads raw records tenant by tenant, each newest first: that is one range of the index that rolling up needs anyway, and a list
/// over all tenants in one time order would need another on the hottest table.
/// </summary>
internal static class ListRecords
{
    private const int TenantsPerRead = 200;

    // The limit within the lateral keeps a tenant's read to one page, however many records he has.
    private const string Sql = """
        select r.record_id, r.tenant_id, r.subscription_id, r.meter, r.quantity::text, r.started_at, r.ended_at, r.sku, r.region, r.resource_id,
            r.dimensions::text, r.received_at, r.day, r.batch_id,
            (select c.id from usage.corrections c where c.record_id = r.record_id and c.tenant_id = r.tenant_id)
        from unnest($1) as t(id)
        cross join lateral (
            select * from usage.records r
            where r.tenant_id = t.id and r.day >= $2 and r.day < $3
                and ($4::uuid is null or r.subscription_id = $4) and ($5::text is null or r.meter = $5)
                and ($6::uuid is null or r.tenant_id <> $6 or (r.day, r.batch_id, r.record_id) < ($7, $8, $9))
                and exists (select 1 from unnest($10, $11) as s(f, u) where r.owner_path >= s.f and r.owner_path < s.u)
            order by r.day desc, r.batch_id desc, r.record_id desc limit $12) r
        order by r.tenant_id, r.day desc, r.batch_id desc, r.record_id desc limit $12
        """;

    [Needs(UsagePermissions.Read)]
    public sealed record Query(Guid? TenantId, Guid? SubscriptionId, string? Meter, DateOnly? From, DateOnly? Until, PageStart Page)
        : IQuery<Page<UsageRecordView>>;

    internal sealed class Handler(DbSession session, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<UsageRecordView>>
    {
        public async Task<Result<Page<UsageRecordView>>> Handle(Query query, CancellationToken ct)
        {
            if (!Cursor.TryRead(query.Page.After, out var cursor))
                return PageStart.InvalidCursor;
            // No stored text has this character, and the database refuses to compare with one that does.
            if (query.Meter?.Contains('\0') is true)
                return new Page<UsageRecordView>([], null);

            var rows = new List<(UsageRecordView View, DateOnly Day, Guid Batch)>();
            foreach (var tenants in (await TenantsAsync(query, cursor, ct)).Chunk(TenantsPerRead))
            {
                await ReadAsync(query, tenants, cursor, query.Page.Limit + 1 - rows.Count, rows, ct);
                if (rows.Count > query.Page.Limit)
                    break;
            }

            return Page.Of(rows, query.Page, r => new Cursor(r.View.TenantId, r.Day, r.Batch, r.View.Id).ToKey()).Select(r => r.View);
        }

        private async Task<IEnumerable<Guid>> TenantsAsync(Query query, Cursor? cursor, CancellationToken ct)
        {
            if (query.TenantId is { } one)
                return new[] { one }.Where(t => cursor is null || t >= cursor.Tenant);
            var now = await organizations.ListAsync(OrganizationKind.Tenant, principal.Scope, ct);
            // Those that were transferred away have left their records here.
            var before = await organizations.TransferredAsync(principal.Scope, DateOnly.MinValue, ct);
            var tenants = now.Select(t => t.Id.Value).Concat(before.Keys.Select(t => t.Value)).Distinct();
            return tenants.Where(t => cursor is null || t >= cursor.Tenant).Order();
        }

        private async Task ReadAsync(
            Query query, Guid[] tenants, Cursor? cursor, int limit, List<(UsageRecordView View, DateOnly Day, Guid Batch)> into, CancellationToken ct)
        {
            var (from, until) = principal.Scope.Ranges();
            await using var command = new NpgsqlCommand(Sql, await session.OpenAsync(ct), session.Transaction)
            {
                Parameters =
                {
                    new() { Value = tenants }, new() { Value = query.From ?? DateOnly.MinValue }, new() { Value = query.Until ?? DateOnly.MaxValue },
                    new NpgsqlParameter<Guid?> { TypedValue = query.SubscriptionId }, new NpgsqlParameter<string?> { TypedValue = query.Meter },
                    new NpgsqlParameter<Guid?> { TypedValue = cursor?.Tenant }, new() { Value = cursor?.Day ?? DateOnly.MaxValue },
                    new() { Value = cursor?.Batch ?? Guid.AllBitsSet }, new() { Value = cursor?.Id ?? "" },
                    new() { Value = from }, new() { Value = until }, new() { Value = limit },
                },
            };
            await using var row = await command.ExecuteReaderAsync(ct);
            while (await row.ReadAsync(ct))
                into.Add((new UsageRecordView(
                    row.GetString(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), Exact.Parse(row.GetString(4)),
                    row.GetFieldValue<DateTimeOffset>(5),
                    row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6), Text(row, 7), Text(row, 8), Text(row, 9),
                    row.IsDBNull(10) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(10)), row.GetFieldValue<DateTimeOffset>(11),
                    row.IsDBNull(14) ? null : row.GetGuid(14)),
                    row.GetFieldValue<DateOnly>(12), row.GetGuid(13)));
        }

        private static string? Text(NpgsqlDataReader row, int column) =>
            row.IsDBNull(column) || row.GetString(column) is not { Length: > 0 } text ? null : text;
    }

    private sealed record Cursor(Guid Tenant, DateOnly Day, Guid Batch, string Id)
    {
        public string ToKey() => JsonSerializer.Serialize(this, ApiJson.Options);

        public static bool TryRead(string? text, out Cursor? cursor)
        {
            cursor = null;
            try
            {
                if (text is not null)
                    cursor = JsonSerializer.Deserialize<Cursor>(text, ApiJson.Options);
                return text is null || (cursor is { Id: { } id } && !id.Contains('\0'));
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/", async (HttpRequest request, ISender sender, Guid? tenantId, Guid? subscriptionId, string? meter, DateOnly? from, DateOnly? until,
            int? limit, string? after, CancellationToken ct) =>
        {
            if (PageStart.Read(limit, after).Refused(out var refusal, out var page))
                return new RefusedResult(refusal);
            var query = new Query(tenantId, subscriptionId, meter, from, until, page);
            return request.WantsCsv ? await ExportRecords.SendAsync(query, sender, ct) : await sender.Ok(query, ct);
        })
        .Slice<Query, Page<UsageRecordView>>(
            nameof(ListRecords),
            "Lists usage records by tenant, the newest of each first; from and until are billing days; all of them as CSV with Accept: text/csv");
}
