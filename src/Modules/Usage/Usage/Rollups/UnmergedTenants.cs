using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Whose usage the server refused to merge, or to read. Told is who still has a mark of those that were tried: merged by whomever, nobody has
/// to take the note away for the bills to go on (ADR 0057).
/// </summary>
internal sealed class UnmergedTenants(TimeProvider clock)
{
    private const string Note = """
        insert into usage.unmerged as u (tenant_id, last_mark, reason, found_at) values ($1, $2, $3, $4)
        on conflict (tenant_id) do update set last_mark = greatest(u.last_mark, excluded.last_mark), reason = excluded.reason
        """;

    // Of the days that are in doubt already there is a mark; where none is, and none can be computed anew, there is nothing to note.
    private const string Doubt = """
        with days as (
            select distinct d::date as day
            from unnest($4::date[], $5::date[]) as p(f, u) cross join generate_series(p.f, p.u - 1, interval '1 day') d),
        marks as (
            insert into usage.dirty_days (tenant_id, day)
            select $1, day from days
            where not exists (select from usage.dirty_days m where m.tenant_id = $1 and m.day = days.day and m.batch_id is null)
            returning id)
        insert into usage.unmerged as u (tenant_id, last_mark, reason, found_at)
        select $1, max(id), $2, $3 from (
            select id from marks
            union all select m.id from usage.dirty_days m join days using (day) where m.tenant_id = $1 and m.batch_id is null) m
        having count(*) > 0
        on conflict (tenant_id) do update set last_mark = greatest(u.last_mark, excluded.last_mark), reason = excluded.reason
        """;

    private const string Mended = """
        delete from usage.unmerged u
        where not exists (select from usage.dirty_days d where d.tenant_id = u.tenant_id and d.id <= u.last_mark)
        """;

    /// <summary>Of which tenants <c>u</c> the days $1 up to $2 lack usage.</summary>
    public const string Lacking = """
        usage.unmerged u join usage.dirty_days d on d.tenant_id = u.tenant_id and d.id <= u.last_mark and d.day >= $1 and d.day < $2
        """;

    public static async Task<HashSet<Guid>> AllAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select tenant_id from usage.unmerged", connection);
        var tenants = new HashSet<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(rows.GetGuid(0));
        return tenants;
    }

    public async Task NoteAsync(NpgsqlConnection connection, Guid tenant, long lastMark, PostgresException reason, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Note, connection)
        {
            Parameters =
            {
                new() { Value = tenant }, new() { Value = lastMark }, new() { Value = $"{reason.SqlState}: {reason.MessageText}" },
                new() { Value = clock.GetUtcNow() },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Notes whose rollups of these days cannot be trusted, and has them computed anew.</summary>
    public async Task DoubtAsync(
        NpgsqlConnection connection, Guid tenant, IReadOnlyCollection<Period> days, PostgresException reason, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Doubt, connection)
        {
            Parameters =
            {
                new() { Value = tenant }, new() { Value = $"{reason.SqlState}: {reason.MessageText}" }, new() { Value = clock.GetUtcNow() },
                new() { Value = days.Select(period => period.Start).ToArray() }, new() { Value = days.Select(period => period.End).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    public static async Task ForgetMendedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Mended, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
