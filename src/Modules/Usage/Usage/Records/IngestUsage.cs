using System.Buffers;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
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

    /// <param name="Body">The JSON as it came, so that nobody without the permission causes the work of reading it.</param>
    /// <param name="Atomic">All records or none.</param>
    [Needs(UsagePermissions.Ingest)]
    public sealed record Command(ReadOnlyMemory<byte> Body, bool Atomic) : ICommand<UsageBatchView>;

    internal sealed class Handler(
        RecordTargets targets, RecordStore store, ICatalog catalog, Principal principal, AuditTrail audit, UsageSettings settings,
        TimeProvider clock) : ICommandHandler<Command, UsageBatchView>
    {
        public async Task<Result<UsageBatchView>> Handle(Command command, CancellationToken ct)
        {
            if (BatchReader.Read(command.Body.Span).Refused(out var malformed, out var records))
                return malformed;

            var now = clock.GetUtcNow();
            var meters = await catalog.MetersAsync(ct);
            foreach (var record in records)
                record.Check(meters, now, settings.RetentionMonths);
            await targets.ResolveAsync([.. records.Where(r => r.Refusal is null)], principal.Scope, ct);

            var (first, again) = OncePerId(records);
            // Ordered by time, so that what is rolled up by batch and what is listed newest first lies together.
            var batch = Id.NewGuid(now);
            var (stored, conflicting) = await store.AddAsync(first, batch, now, ct);
            foreach (var record in conflicting.Keys)
                record.Refuse(RecordRefusals.IdConflict);
            foreach (var (record, before) in again)
                if (record.ContentHash != conflicting.GetValueOrDefault(before, before.ContentHash))
                    record.Refuse(RecordRefusals.IdConflict);

            var refused = records.Where(r => r.Refusal is not null).ToList();
            if (command.Atomic && refused.Count > 0)
                return Refusal.AllFields([.. refused.Select(r => new FieldError(
                    $"/records/{r.Index}{(r.Refusal!.Field.Length == 0 ? "" : "/" + PointerToken.Escape(r.Refusal.Field))}",
                    r.Refusal.Code, r.Refusal.Message))]);

            var view = new UsageBatchView(
                stored, records.Count - stored - refused.Count,
                [.. refused.Select(r => new RejectedRecord(r.Index, r.Id, r.Refusal!.Code, r.Refusal.Message))]);
            audit.Note("usage_batch", batch.ToString(), null, new JsonObject
            {
                ["accepted"] = view.Accepted,
                ["duplicates"] = view.Duplicates,
                ["rejected"] = view.Rejected.Count,
                ["conflicts"] = refused.Count(r => r.Refusal == RecordRefusals.IdConflict),
            });
            return view;
        }

        // Of several records with one id the first in the batch is the one to store, as it would be in batches of one.
        private static (List<RecordDraft> First, List<(RecordDraft Record, RecordDraft Before)> Again) OncePerId(IReadOnlyList<RecordDraft> records)
        {
            var first = new Dictionary<(Guid Tenant, string Id), RecordDraft>(records.Count);
            var again = new List<(RecordDraft, RecordDraft)>();
            var buffer = new ArrayBufferWriter<byte>(512);
            foreach (var record in records.Where(r => r.Refusal is null))
            {
                (record.Key, record.ContentHash) = (RecordKey.Of(record.Id!), RecordContent.HashOf(record, buffer));
                var key = (record.Target!.TenantId.Value, record.Id!);
                if (!first.TryAdd(key, record))
                    again.Add((record, first[key]));
            }

            return ([.. first.Values], again);
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapPost("/", async (HttpRequest request, ISender sender, CancellationToken ct, bool atomic = false) =>
            await ReadAsync(request, ct) is { } body ? await sender.Ok(new Command(body, atomic), ct) : new RefusedResult(BatchRefusals.TooLarge))
        .Accepts<UsageBatch>("application/json")
        .MaxBody(MostBytes)
        .Slice<Command, UsageBatchView>(nameof(IngestUsage), "Takes a batch of usage records; each is accepted, a duplicate or rejected");

    // The server limits what is on the wire and the decompression what comes out of it; a server without limits of its own has this.
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        using var body = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 4096, MostBytes));
        var chunk = new byte[64 * 1024];
        while (await request.Body.ReadAsync(chunk, ct) is var read and > 0)
        {
            if (body.Length + read > MostBytes)
                return null;
            body.Write(chunk, 0, read);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
