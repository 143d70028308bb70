using System.Text.Json.Nodes;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Usage.Records;

/// <summary>One usage record of a batch, as the reference shows it; the batch is read by hand, record by record.</summary>
internal sealed record UsageRecord(
    string Id, string Meter, string Quantity, DateTimeOffset Start, DateTimeOffset? End, Guid? SubscriptionId, string? TenantExternalId, string? Sku,
    string? Region, string? ResourceId, IReadOnlyDictionary<string, string>? Dimensions);

internal sealed record UsageBatch(IReadOnlyList<UsageRecord> Records);

internal sealed record RejectedRecord(int Index, string? Id, string Code, string Message);

internal sealed record UsageBatchView(int Accepted, int Duplicates, IReadOnlyList<RejectedRecord> Rejected);

/// <summary>Takes a batch of usage records; when it answers, the accepted ones are on disk and each id counts once for its tenant.</summary>
internal static class IngestUsage
{
    public const int MostBytes = 16 * 1024 * 1024;
    public const int MostRecords = 50_000;

    /// <summary>The transactional way, for what is all or nothing and for what has an Idempotency-Key.</summary>
    /// <param name="Batch">What was read of the body; nobody without the permission causes the work of reading it.</param>
    /// <param name="Atomic">All records or none.</param>
    [Needs(UsagePermissions.Ingest)]
    public sealed record Command(RecordBatch Batch, bool Atomic) : ICommand<UsageBatchView>;

    internal sealed class Handler(DbSession session, RecordStore store, AuditTrail audit) : ICommandHandler<Command, UsageBatchView>
    {
        public async Task<Result<UsageBatchView>> Handle(Command command, CancellationToken ct)
        {
            var batch = command.Batch;
            await store.TryAddAsync(session, [batch], KeyWay.Insert, ct);
            var view = Settle(batch, out var change);
            if (command.Atomic && batch.Rejected.Count > 0)
                return Refusal.AllFields([.. batch.Rejected.Select(r => new FieldError(
                    $"/records/{r.Record.Index}{(r.Field.Length == 0 ? "" : "/" + PointerToken.Escape(r.Field))}",
                    r.Record.Code, r.Record.Message))]);
            audit.Note(change);
            return view;
        }
    }

    /// <summary>The answer to a batch whose records have their fates, and what the trail says of it.</summary>
    internal static UsageBatchView Settle(RecordBatch batch, out AuditedChange change)
    {
        var (stored, conflicts) = batch.Settle();
        var view = new UsageBatchView(stored, batch.Records - stored - batch.Rejected.Count, [.. batch.Rejected.Select(r => r.Record)]);
        batch.View = view;
        change = new AuditedChange("usage_batch", batch.Id.ToString(), null, new JsonObject
        {
            ["accepted"] = view.Accepted,
            ["duplicates"] = view.Duplicates,
            ["rejected"] = view.Rejected.Count,
            ["conflicts"] = conflicts,
        });
        return view;
    }

    // The batch itself is what a sender of one record sends too; that of all batch routes has its name as well.
    public static void Map(RouteGroupBuilder usage)
    {
        Map(usage, "/", nameof(IngestUsage), "Takes a batch of usage records; each is accepted, a duplicate or rejected");
        Map(usage, "/batch", $"{nameof(IngestUsage)}Batch", "The same as POST /usage, by the name that batches of other things have");
    }

    // Anything, so that routing does not answer for what is none of the forms: it could not say which there are.
    private static void Map(RouteGroupBuilder usage, string path, string name, string summary) => usage
        .MapPost(path, async (HttpContext context, IngestDoor door, CancellationToken ct, bool atomic = false) =>
            await door.TakeAsync(context, atomic, ct))
        .Accepts<UsageBatch>(RecordSources.MediaTypes[0], [.. RecordSources.MediaTypes.Skip(1), "*/*"])
        .MaxBody(MostBytes)
        .WithMetadata(new KeepsBody(KeptBody.KeepAsync, KeptBody.TakeTurnAsync))
        .Slice<Command, UsageBatchView>(name, summary)
        .WithDescription(
            """
            `application/json`: `{"records":[…]}`. `application/x-ndjson`: a record per line. `text/csv`: a header of a record's fields, with
            `dimensions.<key>` for each dimension; an empty cell is a field that is not given. `application/cloudevents-batch+json`: an array of
            events whose `data` is a record without an id; the record's id is the event's `source` and `id` with a space between. What the data
            leaves out the event says: `time` the start, `type` the meter, `subject` the subscription's id or the tenant's external id.
            Any of them may be compressed with gzip or br. What is not among the rejected, by its index, is stored: now, or by an earlier batch.
            """);
}
