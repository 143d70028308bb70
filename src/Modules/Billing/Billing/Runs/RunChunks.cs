using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Runs;

internal enum ChunkState { Waiting, Drafted, Done }

/// <summary>The tenants after one id up to another; null is without end.</summary>
internal sealed record TenantRange(OrganizationId? After, OrganizationId? Last, int Tenants);

/// <summary>A chunk that this worker holds, as long as its token is the chunk's.</summary>
internal sealed record ClaimedChunk(Guid RunId, int Number, TenantRange Range, Guid Token, int Attempts)
{
    /// <summary>Whether it was refused so often for what is in its rows that somebody's are looked for.</summary>
    public bool InParts { get; init; }
}

/// <summary>Another worker has taken the chunk over; what this one did for it must not be written.</summary>
internal sealed class ChunkLostException(ClaimedChunk chunk) : Exception($"Chunk {chunk.Number} of billing run {chunk.RunId} is another worker's.");

/// <summary>Who works on what: claims with a lease and a token that each transaction checks before it writes.</summary>
internal sealed class RunChunks(DbSession session, BillingSettings settings, TimeProvider clock)
{
    /// <summary>So often a chunk is read anew after its rows were refused: what stays wrong is wrong by itself.</summary>
    public const int MostRefused = 4;

    // A chunk that was changed by others so often waits like one that failed.
    private const int MostAtOnce = 5;

    // Who holds an expired claim in an open transaction would be waited for; the server knows his session by the name that the fence gave it.
    private const string EndExpired = "select billing.end_expired_writers($1, $2, $3)";

    // Drafts are made in any order. Issuing goes by number, one after the other, so that whoever is killed the invoices get the same numbers.
    private static string Claim(ChunkState state) => $"""
        update billing.run_chunks set claimed_until = $4, token = $5, attempts = attempts + 1
        where run_id = $1 and exists (select from billing.runs where id = $1 and round = $6) and number = (
            select number from billing.run_chunks c
            where run_id = $1 and state = $2 and available_at <= $3 and (claimed_until is null or claimed_until <= $3)
                {(state is ChunkState.Drafted
                    ? "and not exists (select from billing.run_chunks b where b.run_id = $1 and b.state = $2 and b.number < c.number)"
                    : "")}
            order by number limit 1 for update skip locked)
        returning number, after_tenant, last_tenant, tenants, attempts
        """;

    /// <summary>The next chunk of the round; none where the run is in another by now, whose rates this worker has not.</summary>
    public async Task<ClaimedChunk?> ClaimAsync(BillingRun run, ChunkState state, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var token = Id.NewGuid(now);
        await using (var stopped = await CommandAsync(EndExpired, ct, run.Id, state.ToString(), now))
            await stopped.ExecuteNonQueryAsync(ct);
        await using var command = await CommandAsync(
            Claim(state), ct, run.Id, state.ToString(), now, now + settings.ChunkLease, token, run.Round);
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            return null;
        return new ClaimedChunk(run.Id, row.GetInt32(0), RangeOf(row, 1), token, row.GetInt32(4));
    }

    /// <summary>Says that the worker is not silent: nobody takes the chunk over for another lease.</summary>
    /// <exception cref="ChunkLostException">Somebody has already.</exception>
    public async Task RenewAsync(ClaimedChunk chunk, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "update billing.run_chunks set claimed_until = $4 where run_id = $1 and number = $2 and token = $3", ct, chunk.RunId, chunk.Number,
            chunk.Token, clock.GetUtcNow() + settings.ChunkLease);
        if (await command.ExecuteNonQueryAsync(ct) != 1)
            throw new ChunkLostException(chunk);
    }

    /// <summary>Locks the chunk for the transaction that writes for it.</summary>
    /// <exception cref="ChunkLostException">The chunk is not this worker's any more; nothing may be written.</exception>
    public async Task FenceAsync(ClaimedChunk chunk, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            """
            select set_config('application_name', 'billing-' || replace($3::text, '-', ''), true)
            from (select from billing.run_chunks where run_id = $1 and number = $2 and token = $3 for no key update) c
            """, ct, chunk.RunId, chunk.Number, chunk.Token);
        if (await command.ExecuteScalarAsync(ct) is null)
            throw new ChunkLostException(chunk);
    }

    /// <summary>Within the fenced transaction.</summary>
    public async Task DoneAsync(ClaimedChunk chunk, ChunkState state, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            """
            update billing.run_chunks set state = $4, token = null, claimed_until = null, attempts = 0
            where run_id = $1 and number = $2 and token = $3
            """, ct, chunk.RunId, chunk.Number, chunk.Token, state.ToString());
        if (await command.ExecuteNonQueryAsync(ct) != 1)
            throw new ChunkLostException(chunk);
    }

    /// <summary>The tenants of a chunk that waits to be issued; null where it does not.</summary>
    public async Task<TenantRange?> DraftedAsync(Guid run, int number, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select after_tenant, last_tenant, tenants from billing.run_chunks where run_id = $1 and number = $2 and state = $3", ct, run, number,
            nameof(ChunkState.Drafted));
        await using var row = await command.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) ? RangeOf(row, 0) : null;
    }

    /// <summary>Gives back what failed, to be tried again later by anyone.</summary>
    /// <param name="chunk">Held by this worker.</param>
    /// <param name="atOnce">It did not fail by itself: what it was made of has changed meanwhile.</param>
    /// <param name="ct">Cancels.</param>
    public async Task ReleaseAsync(ClaimedChunk chunk, bool atOnce, CancellationToken ct)
    {
        var delay = atOnce && chunk.Attempts < MostAtOnce
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Math.Min(900, Math.Pow(2, Math.Min(chunk.Attempts, 10) - 1)));
        await using var command = await CommandAsync(
            """
            update billing.run_chunks set token = null, claimed_until = null, available_at = $4
            where run_id = $1 and number = $2 and token = $3
            """, ct, chunk.RunId, chunk.Number, chunk.Token, clock.GetUtcNow() + delay);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>How many chunks are in a state, and when the first of them can be claimed.</summary>
    public async Task<(int Chunks, DateTimeOffset? At)> LeftAsync(Guid run, ChunkState state, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            """
            select count(*)::int, min(greatest(available_at, coalesce(claimed_until, available_at)))
            from billing.run_chunks where run_id = $1 and state = $2
            """, ct, run, state.ToString());
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.GetInt32(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>How many tenants the chunks in a state are for.</summary>
    public async Task<long> TenantsAsync(Guid run, ChunkState state, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "select coalesce(sum(tenants), 0)::bigint from billing.run_chunks where run_id = $1 and state = $2", ct, run, state.ToString());
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Replaces the chunks of the round before; in the caller's transaction, which has locked the run.</summary>
    public async Task ReplaceAsync(Guid run, IReadOnlyList<TenantRange> ranges, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        foreach (var table in (string[])["run_chunks", "run_parked"])
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"delete from billing.{table} where run_id = $1")
            {
                Parameters = { new() { Value = run } },
            });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into billing.run_chunks (run_id, number, after_tenant, last_tenant, tenants, state, available_at)
            select $1, number, after_tenant, last_tenant, tenants, 'Waiting', $5
            from unnest($2, $3, $4) with ordinality as c (after_tenant, last_tenant, tenants, number)
            """)
        {
            Parameters =
            {
                new() { Value = run },
                new() { Value = ranges.Select(r => r.After?.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                new() { Value = ranges.Select(r => r.Last?.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                new() { Value = ranges.Select(r => r.Tenants).ToArray() }, new() { Value = clock.GetUtcNow() },
            },
        });
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Lets chunks that wait for their next attempt go on now.</summary>
    public async Task RetryAsync(Guid run, CancellationToken ct)
    {
        await using var command = await CommandAsync(
            "update billing.run_chunks set available_at = $2 where run_id = $1 and available_at > $2", ct, run, clock.GetUtcNow());
        await command.ExecuteNonQueryAsync(ct);
    }

    private static TenantRange RangeOf(NpgsqlDataReader row, int column) => new(
        row.IsDBNull(column) ? null : new OrganizationId(row.GetGuid(column)),
        row.IsDBNull(column + 1) ? null : new OrganizationId(row.GetGuid(column + 1)), row.GetInt32(column + 2));

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken ct, params object[] values)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
