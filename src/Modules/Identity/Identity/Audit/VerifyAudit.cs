using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Audit;

/// <summary>
/// Computes every organisation's chain anew and compares: an entry that was changed, removed or slipped in shows at its place. What
/// someone cuts off at the end, together with its seals, shows only against a head that was noted elsewhere before (<c>--head</c>).
/// </summary>
internal sealed class VerifyAudit(NpgsqlDataSource database)
{
    /// <summary>A chain as it was found.</summary>
    /// <param name="Organization">Path of codes of the organisation whose trail it is.</param>
    /// <param name="Entries">How many hold together.</param>
    /// <param name="Head">The last hash that holds, hex: to be noted elsewhere.</param>
    /// <param name="Finding"><c>intact</c>, or what is wrong first and where.</param>
    public sealed record Chain(string Organization, long Entries, string Head, string Finding);

    /// <param name="path">Only this organisation's chain; null: all.</param>
    /// <param name="heads">Hashes noted earlier, in hex; each must still be part of a chain.</param>
    /// <param name="progress">Told of the entries done and of all.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<(bool Intact, IReadOnlyList<Chain> Chains)> RunAsync(
        string? path, IReadOnlyList<string> heads, Action<long, long>? progress, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // One snapshot: what is written meanwhile is not half seen.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var all = await CountAsync(connection, path, ct);
        var chains = new List<Chain>();
        var missing = heads.ToHashSet(StringComparer.OrdinalIgnoreCase);
        await using (var command = new NpgsqlCommand(
            $"""
            select s.owner_path, s.number, s.hash, e.id is not null and e.owner_path = s.owner_path, {AuditChain.Columns}
            from identity.audit_seals s left join identity.audit_entries e on e.id = s.entry_id
            where $1::text is null or s.owner_path = $1 order by s.owner_path, s.number
            """, connection, transaction)
        { Parameters = { new() { Value = (object?)path ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } }, CommandTimeout = 0 })
        await using (var rows = await command.ExecuteReaderAsync(ct))
        {
            var (previous, done) = (AuditChain.Beginning, 0L);
            while (await rows.ReadAsync(ct))
            {
                var owner = rows.GetString(0);
                if (chains.Count == 0 || chains[^1].Organization != owner)
                {
                    chains.Add(new Chain(owner, 0, "", Intact));
                    previous = AuditChain.Beginning;
                }

                var chain = chains[^1];
                if (chain.Finding == Intact)
                {
                    var (number, stored) = (rows.GetInt64(1), rows.GetFieldValue<byte[]>(2));
                    var finding = number != chain.Entries + 1 ? $"entry {chain.Entries + 1} is missing"
                        : !rows.GetBoolean(3) ? $"entry {number} is missing"
                        : !stored.AsSpan().SequenceEqual(previous = AuditChain.Next(previous, number, rows, 4))
                            ? $"entry {number} ({rows.GetString(4)}) has been changed"
                        : Intact;
                    chains[^1] = finding == Intact
                        ? chain with { Entries = number, Head = Convert.ToHexStringLower(stored) }
                        : chain with { Finding = finding };
                    missing.Remove(chains[^1].Head);
                }

                if (++done % 1_000 == 0 || done == all)
                    progress?.Invoke(done, all);
            }
        }

        foreach (var stray in await StraysAsync(connection, path, ct))
            chains.Add(new Chain(stray.Path, 0, "", $"entry {stray.Id} was never sealed"));
        chains.AddRange(missing.Select(head => new Chain("", 0, head, "this head is no part of any chain any more")));
        return (chains.TrueForAll(c => c.Finding == Intact), chains);
    }

    private const string Intact = "intact";

    private static async Task<long> CountAsync(NpgsqlConnection connection, string? path, CancellationToken ct)
    {
        await using var count = new NpgsqlCommand("select count(*) from identity.audit_seals where $1::text is null or owner_path = $1", connection)
        { Parameters = { new() { Value = (object?)path ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } }, CommandTimeout = 0 };
        return (long)(await count.ExecuteScalarAsync(ct))!;
    }

    // An entry has its seal, or waits for it; one that does neither came in by another way.
    private static async Task<List<(string Path, Guid Id)>> StraysAsync(NpgsqlConnection connection, string? path, CancellationToken ct)
    {
        const int Shown = 100;
        await using var command = new NpgsqlCommand(
            $"""
            select e.owner_path, e.id from identity.audit_entries e
            where ($1::text is null or e.owner_path = $1)
                and not exists (select from identity.audit_seals s where s.entry_id = e.id)
                and not exists (select from identity.audit_unsealed u where u.entry_id = e.id)
            order by e.id limit {Shown}
            """, connection)
        { Parameters = { new() { Value = (object?)path ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } }, CommandTimeout = 0 };
        await using var rows = await command.ExecuteReaderAsync(ct);
        var strays = new List<(string, Guid)>();
        while (await rows.ReadAsync(ct))
            strays.Add((rows.GetString(0), rows.GetGuid(1)));
        return strays;
    }

    private static Refusal Broken(IReadOnlyList<Chain> chains)
    {
        var found = chains.Where(c => c.Finding != Intact).Take(10).Select(c => $"{c.Organization} {c.Finding}".Trim());
        return new(RefusalKind.Conflict, "audit_trail_broken", $"The audit trail does not hold together: {string.Join("; ", found)}.");
    }

    public static OpsCommand Ops { get; } = new(
        "audit verify", "Recomputes the audit trail's chains and shows their heads; 1 when one is broken.",
        [
            new("--organization", "Only this organisation's trail: its path of codes, such as 1.7.42."),
            new("--head", "A head noted earlier, which must still be part of its chain.", OpsArgumentKind.Many),
        ],
        async (call, ct) =>
        {
            await call.Services.GetRequiredService<AuditSealer>().SealAsync(ct);
            var (intact, chains) = await call.Services.GetRequiredService<VerifyAudit>()
                .RunAsync(call["--organization"], call.All("--head"), call.Progress, ct);
            return intact ? new OpsAnswer(chains) : Broken(chains);
        });
}
