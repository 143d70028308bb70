using System.Buffers;

namespace Licensing.Usage.Records;

/// <summary>Reads a request into a batch that is ready to be stored, while it comes in.</summary>
internal sealed class BatchReading(
    TargetMemory memory, StoredRecordLookup stored, BillingCalendar calendar, UsageSettings settings, TimeProvider clock)
{
    /// <param name="source">The form that the body has.</param>
    /// <param name="content">The body.</param>
    /// <param name="reach">Whose records the sender may send.</param>
    /// <param name="room">Grows with what is held.</param>
    /// <param name="own">The services of a request that has a transaction.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The batch, for the caller to dispose of, or why there is none.</returns>
    public async Task<Result<RecordBatch>> ReadAsync(
        IRecordSource source, Stream content, Scope reach, Room room, IServiceProvider? own, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var batch = new RecordBatch(now);
        try
        {
            if (await FillAsync(batch, source, content, new RecordTargets(memory, calendar, reach, own), room, own, ct) is not { } refusal)
                return batch;
            batch.Dispose();
            return refusal;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private async Task<Refusal?> FillAsync(
        RecordBatch batch, IRecordSource source, Stream content, RecordTargets targets, Room room, IServiceProvider? own, CancellationToken ct)
    {
        using var body = new BatchBody(content, IngestUsage.MostBytes);
        using var drafts = new Drafts();
        var scratch = new ArrayBufferWriter<byte>(512);
        var oldest = batch.ReceivedAt.AddMonths(-settings.RetentionMonths);
        while (true)
        {
            var read = source.Read(body.Unread, body.IsWhole, drafts);
            if (source.Refusal is { } refused)
                return refused;
            var full = drafts.IsFull;
            if (drafts.Count > 0)
                await TakeAsync(batch, drafts, targets, oldest, scratch, own, ct);
            body.Advance(read);
            if (room.Refuses(body.Held + batch.Held) is { } noRoom)
                return noRoom;
            if (source.IsDone)
                return null;
            if (!full && await MoreAsync(body, batch, room, ct) is { } noMore)
                return noMore;
        }
    }

    // What could not be read yet is read again from its beginning: only when it is twice as long, or a long record that comes in small pieces
    // would be read as often as there are pieces.
    private static async ValueTask<Refusal?> MoreAsync(BatchBody body, RecordBatch batch, Room room, CancellationToken ct)
    {
        var enough = 2 * body.Unread.Length;
        do
        {
            if (!await body.MoreAsync(ct))
                return BatchRefusals.TooLarge;
            if (room.Refuses(body.Held + batch.Held) is { } noRoom)
                return noRoom;
        }
        while (!body.IsWhole && body.Unread.Length < enough);

        return null;
    }

    private async ValueTask TakeAsync(
        RecordBatch batch, Drafts drafts, RecordTargets targets, DateTimeOffset oldest, ArrayBufferWriter<byte> scratch, IServiceProvider? own,
        CancellationToken ct)
    {
        var meters = await targets.MetersAsync(null, ct);
        Check(drafts, meters!, batch.ReceivedAt, oldest);
        if (HasUnknownMeter(drafts) && await targets.MetersAsync(meters, ct) is { } younger)
            Recheck(drafts, younger, batch.ReceivedAt, oldest);
        await targets.ResolveAsync(drafts.Memory, ct);
        await stored.FindAsync(drafts.Memory, own, scratch, ct);
        foreach (var record in drafts.All)
            if (record.Refusal is null)
                batch.Add(record, scratch);
            else if (!record.IsRepeated)
                batch.Reject(record);
        drafts.Clear();
        batch.Records = drafts.Before;
    }

    private void Check(Drafts drafts, Meters meters, DateTimeOffset now, DateTimeOffset oldest)
    {
        foreach (var record in drafts.All)
            record.Check(meters, now, oldest, settings.RetentionMonths);
    }

    private static bool HasUnknownMeter(Drafts drafts)
    {
        foreach (var record in drafts.All)
            if (record.Refusal == RecordRefusals.MeterNotFound)
                return true;
        return false;
    }

    private void Recheck(Drafts drafts, Meters meters, DateTimeOffset now, DateTimeOffset oldest)
    {
        foreach (var record in drafts.All)
            if (record.Refusal == RecordRefusals.MeterNotFound)
                record.Recheck(meters, now, oldest, settings.RetentionMonths);
    }
}
