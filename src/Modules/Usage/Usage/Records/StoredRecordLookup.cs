using System.Buffers;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>
/// Finds out whether a record that is refused now, because its subscription ended or its name became ambiguous, was stored before that: a retry is
/// then told "duplicate". One read for some hundreds of records, and none where nothing is refused for that.
/// </summary>
internal sealed class StoredRecordLookup(IServiceScopeFactory scopes)
{
    /// <param name="records">Those that are refused so, and others.</param>
    /// <param name="own">The services of a request that has a transaction.</param>
    /// <param name="scratch">To compute in.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask FindAsync(
        ReadOnlyMemory<RecordDraft> records, IServiceProvider? own, ArrayBufferWriter<byte> scratch, CancellationToken ct)
    {
        var asked = Asked(records.Span);
        if (asked.Count == 0)
            return;
        if (own is not null)
        {
            await FindAsync(asked, own.GetRequiredService<DbSession>(), scratch, ct);
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        await FindAsync(asked, scope.ServiceProvider.GetRequiredService<DbSession>(), scratch, ct);
    }

    private static List<RecordDraft> Asked(ReadOnlySpan<RecordDraft> records)
    {
        var asked = new List<RecordDraft>();
        foreach (var record in records)
            if (record.FormerTargets.Count > 0)
                asked.Add(record);
        return asked;
    }

    private static async Task FindAsync(List<RecordDraft> asked, DbSession session, ArrayBufferWriter<byte> scratch, CancellationToken ct)
    {
        // An id is each tenant's own; mostly all that a record may have been are one tenant's.
        var keys = asked.SelectMany(
            x => x.FormerTargets.Select(target => target.Tenant).Distinct(), (x, tenant) => (Record: x, Tenant: tenant)).ToList();
        await using var command = new NpgsqlCommand(RecordStore.TakenKeys, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = keys.Select(key => Uuids.Of(RecordKey.Of(key.Record.Id.Span))).ToArray() },
                new() { Value = keys.Select(key => Uuids.Of(key.Tenant)).ToArray() },
            },
        };
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            keys[(int)rows.GetInt64(0) - 1].Record.CompareWithStored(Uuids.NumberOf(rows.GetGuid(1)), scratch);
    }
}
