using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Finds refresh tokens by their digests and marks them used.</summary>
internal sealed class RefreshTokens(DbSession session)
{
    // The session's row first, in a statement of its own: whoever waited for it sees what the one before him did. A log-out or a
    // second use, on any host, comes before or after this turn and never between its parts.
    public async Task<HeldRefreshToken?> LockAsync(byte[] digest, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "select 1 from identity.sessions where id = (select session_id from identity.refresh_tokens where token_hash = $1) for update")
        { Parameters = { new() { Value = digest } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select t.id, t.expires_at, t.used_at, t.used_with, t.sealed_answer, s.id, s.user_id, s.created_at, s.second_factor, s.way, s.provider,
                   s.link_maker
            from identity.refresh_tokens t join identity.sessions s on s.id = t.session_id where t.token_hash = $1 and s.revoked_at is null
            """)
        { Parameters = { new() { Value = digest } } });
        await using var row = await batch.ExecuteReaderAsync(ct);
        await row.NextResultAsync(ct);
        return await row.ReadAsync(ct)
            ? new HeldRefreshToken(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2),
                row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3), row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4),
                row.GetGuid(5), new UserId(row.GetGuid(6)), row.GetFieldValue<DateTimeOffset>(7),
                new SignIn(
                    Enum.Parse<SessionWay>(row.GetString(9)), row.IsDBNull(10) ? null : row.GetString(10), row.IsDBNull(11) ? null : row.GetGuid(11),
                    row.GetBoolean(8)))
            : null;
    }

    public async Task UseAsync(Guid id, DateTimeOffset now, byte[]? key, byte[]? answer, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "update identity.refresh_tokens set used_at = $2, used_with = $3, sealed_answer = $4 where id = $1",
            await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = id }, new() { Value = now },
                new() { Value = (object?)key ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
                new() { Value = (object?)answer ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }
}
