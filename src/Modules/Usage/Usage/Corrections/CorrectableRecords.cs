using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Corrections;

/// <summary>A stored record, as far as a correction needs it.</summary>
internal sealed record CorrectableRecord(
    string Id, Guid TenantId, Guid SubscriptionId, string Meter, string Quantity, DateTimeOffset Start, DateTimeOffset? End, string? Sku,
    string? Region, string? ResourceId, string? Dimensions, DateOnly Day, string OwnerPath);

/// <summary>Finds records by their ids: the key says where a record lies.</summary>
internal sealed class CorrectableRecords(DbSession session)
{
    private const string Sql = """
        select r.record_id, r.tenant_id, r.subscription_id, r.meter, trim_scale(r.quantity)::text, r.started_at, r.ended_at, r.sku, r.region,
            r.resource_id, r.dimensions::text, r.day, r.owner_path
        from usage.record_keys k
        join usage.records r on r.tenant_id = k.tenant_id and r.day = k.day and r.batch_id = k.batch_id and r.record_id = $1
        where k.record_key = usage.record_key($1) and ($2::uuid is null or k.tenant_id = $2)
            and exists (select 1 from unnest($3, $4) as s(f, u) where r.owner_path >= s.f and r.owner_path < s.u)
        limit 2
        """;

    private const string Doubt = "insert into usage.dirty_days (tenant_id, day) values ($1, $2)";

    /// <returns>At most two: more than one tenant may use an id.</returns>
    public async Task<IReadOnlyList<CorrectableRecord>> FindAsync(string id, Guid? tenant, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        await using var command = new NpgsqlCommand(Sql, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = id }, new NpgsqlParameter<Guid?> { TypedValue = tenant },
                new() { Value = from }, new() { Value = until },
            },
        };
        var found = new List<CorrectableRecord>();
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            found.Add(new(
                row.GetString(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5),
                await row.IsDBNullAsync(6, ct) ? null : row.GetFieldValue<DateTimeOffset>(6), row.Given(7), row.Given(8), row.Given(9),
                row.Given(10), row.GetFieldValue<DateOnly>(11), row.GetString(12)));
        return found;
    }

    /// <summary>Marks a day for being computed anew. Commits with what it is marked for.</summary>
    public async Task DoubtAsync(Guid tenant, DateOnly day, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Doubt, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters = { new() { Value = tenant }, new() { Value = day } },
        };
        await command.ExecuteNonQueryAsync(ct);
    }
}
