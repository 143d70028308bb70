using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Identity.Audit;

/// <summary>
/// Chains new entries of the trail, each organisation's on its own. Several processes may try; one works, because a chain has one end.
/// </summary>
internal sealed class AuditSealer(NpgsqlDataSource database, MessagingSettings settings, TimeProvider clock, ILogger<AuditSealer> log)
    : BackgroundService
{
    private const long LockKey = 0x6175_6469_7473_6561;
    private const int Batch = 1_000;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Seals what waits, in batches of their own transactions.</summary>
    /// <returns>How many entries.</returns>
    public async Task<int> SealAsync(CancellationToken ct)
    {
        for (var total = 0; ;)
        {
            var done = await SealBatchAsync(ct);
            total += done;
            if (done < Batch)
                return total;
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        settings.InBackground ? Rounds.RepeatAsync(Every, clock, SealAsync, log, stoppingToken) : Task.CompletedTask;

    private async Task<int> SealBatchAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var locking = new NpgsqlCommand($"select pg_try_advisory_xact_lock({LockKey})", connection, transaction))
            if (await locking.ExecuteScalarAsync(ct) is not true)
                return 0;

        var seals = await ChainAsync(connection, ct);
        if (seals.Count == 0)
            return 0;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            var ids = seals.Select(s => s.EntryId).ToArray();
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into identity.audit_seals (owner_path, number, entry_id, hash, sealed_at)
                select *, $5 from unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[])
                """)
            {
                Parameters =
                {
                    new() { Value = seals.Select(s => s.Path).ToArray() }, new() { Value = seals.Select(s => s.Number).ToArray() },
                    new() { Value = ids }, new() { Value = seals.Select(s => s.Hash).ToArray() }, new() { Value = clock.GetUtcNow() },
                },
            });
            batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from identity.audit_unsealed where entry_id = any ($1)")
            { Parameters = { new() { Value = ids } } });
            await batch.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return seals.Count;
    }

    private static async Task<List<Seal>> ChainAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select e.id, e.owner_path, last.number, last.hash, {AuditChain.Columns}
            from (select entry_id from identity.audit_unsealed order by entry_id limit {Batch}) u
            join identity.audit_entries e on e.id = u.entry_id
            left join lateral (
                select s.number, s.hash from identity.audit_seals s where s.owner_path = e.owner_path order by s.number desc limit 1) last on true
            order by e.id
            """, connection);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var ends = new Dictionary<string, Seal>(StringComparer.Ordinal);
        var seals = new List<Seal>();
        while (await rows.ReadAsync(ct))
        {
            var path = rows.GetString(1);
            var (number, hash) = ends.TryGetValue(path, out var end) ? (end.Number, end.Hash)
                : rows.IsDBNull(2) ? (0, AuditChain.Beginning)
                : (rows.GetInt64(2), rows.GetFieldValue<byte[]>(3));
            var seal = new Seal(path, number + 1, rows.GetGuid(0), AuditChain.Next(hash, number + 1, rows, 4));
            ends[path] = seal;
            seals.Add(seal);
        }

        return seals;
    }

    private sealed record Seal(string Path, long Number, Guid EntryId, byte[] Hash);
}
