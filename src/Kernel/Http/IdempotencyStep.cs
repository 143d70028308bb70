using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Http;

/// <summary>
/// Idempotency-Key on every write: the answer is stored in the same transaction as the effect, so a retry gets the first answer
/// byte for byte or, when nothing was committed, does the work. Keys are per principal; anonymous calls have none.
/// </summary>
internal sealed class IdempotencyStep(RequestDelegate next, SecretBox secrets, GatheredDatabase gathered, TimeProvider clock)
{
    public const string Header = "Idempotency-Key";
    private const int LongestKey = 255;
    private const int MostFound = 64;
    private static readonly string[] KeptHeaders = ["Location", "ETag", "Content-Type"];
    private readonly Gathered<(Guid Principal, string Key), StoredAnswer?> _stored = new(MostFound, asked => FindAsync(gathered.Database, asked));

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var key = request.Headers[Header].ToString();
        var principal = context.RequestServices.GetRequiredService<Principal>();
        if (key.Length == 0 || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || principal.Id == Guid.Empty
            || context.GetEndpoint()?.Metadata is not { } metadata
            || metadata.GetMetadata<SliceMetadata>() is null || metadata.GetMetadata<RetriesItself>() is not null)
        {
            await next(context);
            return;
        }

        var refused = key.Length > LongestKey
            ? new Refusal(RefusalKind.Malformed, "idempotency_key_too_long", $"{Header} has at most {LongestKey} characters.")
            : await (metadata.GetMetadata<KeepsBody>()?.KeepAsync(context) ?? Task.FromResult<Refusal?>(null));
        if (refused is not null)
        {
            await context.Dialect.RefuseAsync(context, refused);
            return;
        }

        var hash = await HashAsync(request, context.RequestAborted);
        // Who asks again takes neither a lock nor a transaction, and is looked up together with others.
        if (await _stored.DoAsync((principal.Id, key), context.RequestAborted) is { } known)
        {
            await AnswerAgainAsync(context, known, hash);
            return;
        }

        await (metadata.GetMetadata<KeepsBody>()?.TakeTurnAsync(context) ?? Task.CompletedTask);
        for (var attempt = 1; ; attempt++)
            try
            {
                await AnswerAsync(context, principal, key, hash);
                return;
            }
            catch (Exception failure) when (attempt < Undone.Attempts && Undone.Is(failure) && !context.Response.HasStarted)
            {
                // The key went with the effect: both are had again, or by then another's answer is there.
                request.Body.Position = 0;
            }
    }

    private async Task AnswerAsync(HttpContext context, Principal principal, string key, byte[] hash)
    {
        var session = context.RequestServices.GetRequiredService<DbSession>();
        await session.BeginAsync(context.RequestAborted);
        var (free, stored) = await ClaimAsync(session, principal.Id, key, context.RequestAborted);
        if (stored is not null || !free)
        {
            await session.RollbackAsync();
            await (stored is null ? context.Dialect.RefuseAsync(context, StillRunning) : AnswerAgainAsync(context, stored, hash));
            return;
        }

        await RunAsync(context, session, new StoredAnswer(principal.Id, key, hash, 0, [], []));
    }

    private async Task RunAsync(HttpContext context, DbSession session, StoredAnswer answer)
    {
        var wire = context.Response.Body;
        using var buffer = new MemoryStream();
        context.Response.Body = buffer;
        try
        {
            await next(context);
            var status = context.Response.StatusCode;
            if (Keeps(status) && context.Refusal is not { Transient: true })
            {
                if (status >= 400)
                    await session.RollbackToAsync(Effect, context.RequestAborted);
                var headers = KeptHeaders.Where(context.Response.Headers.ContainsKey)
                    .ToDictionary(h => h, h => context.Response.Headers[h].ToString());
                var secret = context.GetEndpoint()!.Metadata.GetMetadata<CarriesSecret>() is not null;
                var whole = answer with { Status = status, Headers = headers, Body = buffer.ToArray() };
                await session.CommitAsync(CancellationToken.None, Store(whole, secret));
            }
            else
            {
                await session.RollbackAsync();
            }
        }
        catch (PostgresException lost) when (lost.ConstraintName == "idempotency_records_pkey")
        {
            // Someone with the same key committed between our look and now; nothing of ours stays.
            await session.RollbackAsync();
            buffer.SetLength(0);
            context.Response.Clear();
            await context.Dialect.RefuseAsync(context, StillRunning);
        }
        finally
        {
            context.Response.Body = wire;
            if (session.InTransaction)
                await session.RollbackAsync();
        }

        // Of nothing it copies nothing: to a 204 not even that may be written.
        await new MemoryStream(buffer.GetBuffer(), 0, (int)buffer.Length).CopyToAsync(wire, context.RequestAborted);
    }

    // Deterministic answers only: what depends on load, on an outage, on a lost race or on the caller's rights may be different next time.
    private static bool Keeps(int status) => status is < 400 or (< 500 and not (401 or 403 or 408 or 429));

    private async Task<byte[]> HashAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.Body is not MemoryStream body)
            await request.Body.CopyToAsync(body = new MemoryStream(), ct);
        (request.Body = body).Position = 0;
        // Keyed, because bodies hold passwords.
        return secrets.Digest([
            .. Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"),
            .. SHA256.HashData(body.GetBuffer().AsSpan(0, (int)body.Length))]);
    }

    private Task AnswerAgainAsync(HttpContext context, StoredAnswer stored, byte[] hash) =>
        CryptographicOperations.FixedTimeEquals(stored.RequestHash, hash)
            ? ReplayAsync(context, stored)
            : context.Dialect.RefuseAsync(context, OtherRequest);

    private static async Task<IReadOnlyList<StoredAnswer?>> FindAsync(NpgsqlDataSource database, IReadOnlyList<(Guid Principal, string Key)> asked)
    {
        await using var command = database.CreateCommand(FindEach);
        command.Parameters.Add(new() { Value = asked.Select(a => a.Principal).ToArray() });
        command.Parameters.Add(new() { Value = asked.Select(a => a.Key).ToArray() });
        var found = new StoredAnswer?[asked.Count];
        await using var rows = await command.ExecuteReaderAsync();
        while (await ReadAsync(rows, default, "", CancellationToken.None) is { } answer)
            found[rows.GetInt64(4) - 1] = answer;
        return found;
    }

    private static async Task<StoredAnswer?> ReadAsync(NpgsqlDataReader reader, Guid principal, string key, CancellationToken ct) =>
        !await reader.ReadAsync(ct) ? null
        : new StoredAnswer(principal, key, reader.GetFieldValue<byte[]>(0), reader.GetInt32(1),
            JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(2))!, reader.GetFieldValue<byte[]>(3));

    // Two statements, so that the second sees what was committed before the lock was had.
    private static async Task<(bool Free, StoredAnswer? Stored)> ClaimAsync(DbSession session, Guid principal, string key, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        var bytes = SHA256.HashData([.. principal.ToByteArray(), .. Encoding.UTF8.GetBytes(key)]);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_try_advisory_xact_lock($1)")
        { Parameters = { new() { Value = BinaryPrimitives.ReadInt64LittleEndian(bytes) } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Find) { Parameters = { new() { Value = principal }, new() { Value = key } } });
        // A refusal that is kept goes back to here: the key stays had.
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"savepoint {Effect}"));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var free = reader.GetBoolean(0);
        await reader.NextResultAsync(ct);
        return (free, await ReadAsync(reader, principal, key, ct));
    }

    private NpgsqlBatchCommand Store(StoredAnswer answer, bool secret)
    {
        if (secret)
            answer.Headers[SecretMark] = "1";
        return new NpgsqlBatchCommand(
            """
            insert into kernel.idempotency_records (principal_id, key, request_hash, status, headers, body, created_at)
            values ($1, $2, $3, $4, $5::jsonb, $6, $7)
            """)
        {
            Parameters =
            {
                new() { Value = answer.Principal }, new() { Value = answer.Key }, new() { Value = answer.RequestHash },
                new() { Value = answer.Status }, new() { Value = JsonSerializer.Serialize(answer.Headers) },
                new() { Value = secret ? secrets.Seal(answer.Body) : answer.Body }, new() { Value = clock.GetUtcNow() },
            },
        };
    }

    private async Task ReplayAsync(HttpContext context, StoredAnswer stored)
    {
        var body = stored.Headers.Remove(SecretMark) ? secrets.Open(stored.Body) : stored.Body;
        context.Response.StatusCode = stored.Status;
        foreach (var (name, value) in stored.Headers)
            context.Response.Headers[name] = value;
        context.Response.Headers["Idempotency-Replayed"] = "true";
        if (body.Length == 0)
            return;
        // Told beforehand it goes out in one piece.
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private const string Find =
        "select request_hash, status, headers, body from kernel.idempotency_records where principal_id = $1 and key = $2";

    private const string FindEach =
        """
        select r.request_hash, r.status, r.headers, r.body, w.place from unnest($1, $2) with ordinality as w (principal_id, key, place)
        cross join lateral (
            select request_hash, status, headers, body from kernel.idempotency_records x where x.principal_id = w.principal_id and x.key = w.key
            limit 1) r
        """;

    private const string Effect = "effect";
    private const string SecretMark = "x-sealed";

    private static Refusal StillRunning { get; } =
        new(RefusalKind.Conflict, "idempotency_in_progress", $"A request with this {Header} is still running.")
        { RetryAfter = TimeSpan.FromSeconds(1) };

    private static Refusal OtherRequest { get; } =
        new(RefusalKind.Invalid, "idempotency_key_reused", $"This {Header} was used for another request.");

    private sealed record StoredAnswer(Guid Principal, string Key, byte[] RequestHash, int Status, Dictionary<string, string> Headers, byte[] Body);
}
