using System.Text;
using System.Text.Json;
using Licensing.Kernel.Ops;
using Licensing.Usage.Contracts;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Focus;

/// <summary>
/// <c>ops usage import</c>: usage of a FOCUS file, some rows at a time, by the rules of any record. A row's id is made of the row: what was
/// broken off goes on by being started again, and a second run stores nothing.
/// </summary>
internal static class ImportFocus
{
    private const int RowsAtOnce = 1_000;
    private const int MostErrors = 100;

    public static OpsCommand Ops { get; } = new(
        "usage import", "Imports the usage of a CSV file in the columns of FOCUS 1.x; docs/guides/focus.md says which becomes what.",
        [
            new("file", "The file.", OpsArgumentKind.Required),
            new("--dry-run", "Says what would be refused and stores nothing.", OpsArgumentKind.Flag),
        ],
        RunAsync);

    /// <param name="Row">As a spreadsheet numbers rows; null in the last line, which has the counts.</param>
    private sealed record Line(long? Row, string? Id, string Code, string Message);

    private sealed record Imported(bool DryRun, long Rows, long NotUsage, long Accepted, long Duplicates, long Rejected);

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        if (!File.Exists(call["file"]))
            return OpsCall.Wrong($"There is no file '{call["file"]}'.");
        await using var file = File.OpenRead(call["file"]!);
        using var text = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var import = new Import(call.Services, call.Has("--dry-run"));
        try
        {
            foreach (var some in FocusRow.Read(text).Chunk(RowsAtOnce))
            {
                if (import.Done.Rows == 0 && some[0].Missing().ToList() is { Count: > 0 } missing)
                    return OpsCall.Wrong($"The file lacks the column {string.Join(", ", missing)}.");
                if (await import.TakeAsync(some, ct) is { } refusal)
                    return refusal;
                call.Progress?.Invoke(file.Position, file.Length);
            }
        }
        catch (DecoderFallbackException)
        {
            return OpsCall.Wrong($"The file must be encoded in UTF-8; it is not after row {import.Done.Rows + 1}.");
        }

        var done = import.Done;
        return import.Errors.Count == 0 ? new OpsAnswer(done) : new OpsAnswer(import.Errors.Append(new Line(null, null, "total",
            $"{(done.DryRun ? "dry run, " : "")}{done.Rows} rows: {done.Accepted} accepted, {done.Duplicates} duplicates, {done.Rejected} rejected, "
            + $"{done.NotUsage} not usage"))) { Failed = true };
    }

    private sealed class Import(IServiceProvider services, bool dryRun)
    {
        private readonly BatchReading _reading = services.GetRequiredService<BatchReading>();
        private readonly Rooms _rooms = services.GetRequiredService<Rooms>();
        private readonly IngestQueue _queue = services.GetRequiredService<IngestQueue>();

        public Imported Done { get; private set; } = new(dryRun, 0, 0, 0, 0, 0);

        public List<Line> Errors { get; } = [];

        public async Task<Refusal?> TakeAsync(FocusRow[] rows, CancellationToken ct)
        {
            var usage = rows.Where(r => r.IsUsage).ToList();
            if (usage.Count == 0)
            {
                Done = Done with { Rows = Done.Rows + rows.Length, NotUsage = Done.NotUsage + rows.Length };
                return null;
            }

            using var content = new MemoryStream();
            foreach (var row in usage)
                Write(content, row);
            content.Position = 0;
            using var room = _rooms.Of(Access.System);
            if ((await _reading.ReadAsync(RecordSources.For("application/x-ndjson")!, content, Scope.Everything, room, null, ct))
                .Refused(out var refusal, out var batch))
                return refusal;
            using (batch)
            {
                var view = Done.DryRun ? Checked(batch) : null;
                if (view is null && await _queue.StoreAsync(batch, Access.System) is { } notStored)
                    return notStored;
                view ??= batch.View!;
                foreach (var rejected in view.Rejected.Take(MostErrors - Errors.Count))
                    Errors.Add(new(usage[rejected.Index].Number, rejected.Id, rejected.Code, rejected.Message));
                Done = Done with
                {
                    Rows = Done.Rows + rows.Length,
                    NotUsage = Done.NotUsage + rows.Length - usage.Count,
                    Accepted = Done.Accepted + view.Accepted,
                    Duplicates = Done.Duplicates + view.Duplicates,
                    Rejected = Done.Rejected + view.Rejected.Count,
                };
            }

            return null;
        }

        // What is known before the ids are looked at: duplicates are among the accepted.
        private static UsageBatchView Checked(RecordBatch batch)
        {
            batch.Settle();
            return new(batch.Records - batch.Rejected.Count, 0, [.. batch.Rejected.Select(r => r.Record)]);
        }

        private static void Write(MemoryStream content, FocusRow row)
        {
            using (var json = new Utf8JsonWriter(content))
            {
                json.WriteStartObject();
                json.WriteString("id", row.RecordId);
                json.WriteString("tenantExternalId", row.Tenant);
                json.WriteString("sku", row.Sku);
                json.WriteString("meter", row.Meter);
                json.WriteString("quantity", row.Quantity);
                json.WriteString("start", row.Start);
                json.WriteString("end", row.End);
                if (row["RegionId"] is { Length: > 0 } region)
                    json.WriteString("region", region);
                if (row["ResourceId"] is { Length: > 0 } resource)
                    json.WriteString("resourceId", resource);
                json.WriteEndObject();
            }

            content.WriteByte((byte)'\n');
        }
    }
}
