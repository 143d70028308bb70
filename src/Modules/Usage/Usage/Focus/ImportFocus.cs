using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

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
            new("--organization", "The distributor or partner whose tenants these are, by its id: external ids are unique below a partner only."),
            new("--dry-run", "Says what would be refused and stores nothing.", OpsArgumentKind.Flag),
        ],
        RunAsync);

    /// <param name="Row">As a spreadsheet numbers rows; null in the last line, which has the counts.</param>
    private sealed record Line(long? Row, string? Id, string Code, string Message);

    private sealed record Imported(bool DryRun, long Rows, long NotUsage, long Accepted, long Duplicates, long Rejected);

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Id("--organization", "an organization's id").Refused(out var refusal, out var organization))
            return refusal;
        if (!File.Exists(call["file"]))
            return OpsCall.Wrong($"There is no file '{call["file"]}'.");
        var organizations = call.Services.GetRequiredService<IOrganizationDirectory>();
        var asked = organization.As<OrganizationId>();
        var within = asked is { } id ? await organizations.FindAsync(id, ct) : null;
        if (asked is not null && within is null)
            return OpsCall.Wrong($"There is no organization {asked.Value.Value}.");
        await using var file = File.OpenRead(call["file"]!);
        var import = new Import(call.Services, within is null ? Scope.Everything : Scope.Of([within.Path]), call.Has("--dry-run"));
        var read = 1L;
        IEnumerable<FocusRow> Rows(int pass)
        {
            file.Position = 0;
            using var text = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true), leaveOpen: true);
            foreach (var row in FocusRow.Read(text))
            {
                read = row.Number;
                if (row.Number % RowsAtOnce == 0)
                    call.Progress?.Invoke(pass * file.Length + file.Position, 2 * file.Length);
                yield return row;
            }

            call.Progress?.Invoke((pass + 1) * file.Length, 2 * file.Length);
        }

        try
        {
            if (Rows(0).FirstOrDefault()?.Missing().ToList() is { Count: > 0 } missing)
                return OpsCall.Wrong($"The file lacks the column {string.Join(", ", missing)}.");
            // Read twice: what repeats a row is known when all are read, and nothing is stored of a file that cannot be read to its end.
            await using var repeated = await RepeatedRows.OfAsync(
                call.Services.GetRequiredService<NpgsqlDataSource>(), Rows(0).Where(row => row.IsUsage), ct);
            foreach (var some in Rows(1).Chunk(RowsAtOnce))
                if (await import.TakeAsync(some, await repeated.BetweenAsync(some[0].Number, some[^1].Number, ct), ct) is { } refused)
                    return refused;
        }
        catch (DecoderFallbackException)
        {
            return OpsCall.Wrong($"The file must be encoded in UTF-8; it is not after row {read}.");
        }

        var done = import.Done;
        return import.Errors.Count == 0 ? new OpsAnswer(done) : new OpsAnswer(import.Errors.Append(new Line(null, null, "total",
            $"{(done.DryRun ? "dry run, " : "")}{done.Rows} rows: {done.Accepted} accepted, {done.Duplicates} duplicates, {done.Rejected} rejected, "
            + $"{done.NotUsage} not usage"))) { Failed = true };
    }

    private sealed class Import(IServiceProvider services, Scope reach, bool dryRun)
    {
        private readonly BatchReading _reading = services.GetRequiredService<BatchReading>();
        private readonly Rooms _rooms = services.GetRequiredService<Rooms>();
        private readonly IngestQueue _queue = services.GetRequiredService<IngestQueue>();

        public Imported Done { get; private set; } = new(dryRun, 0, 0, 0, 0, 0);

        public List<Line> Errors { get; } = [];

        public async Task<Refusal?> TakeAsync(FocusRow[] rows, IReadOnlyDictionary<long, long> places, CancellationToken ct)
        {
            var usage = rows.Where(r => r.IsUsage).ToList();
            if (usage.Count == 0)
            {
                Done = Done with { Rows = Done.Rows + rows.Length, NotUsage = Done.NotUsage + rows.Length };
                return null;
            }

            using var content = new MemoryStream();
            var subscriptions = await NamedAsync(usage, ct);
            foreach (var row in usage)
                Write(content, row, places.GetValueOrDefault(row.Number), subscriptions.GetValueOrDefault(row.Subscription ?? Guid.Empty));
            content.Position = 0;
            using var room = _rooms.Of(Access.System);
            if ((await _reading.ReadAsync(RecordSources.For("application/x-ndjson")!, content, reach, room, null, ct))
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

        // Whose those are that the rows name: external ids, by subscription.
        private async Task<IReadOnlyDictionary<Guid, string>> NamedAsync(List<FocusRow> rows, CancellationToken ct)
        {
            var ids = rows.Select(row => row.Subscription).OfType<Guid>().Distinct().Select(id => new SubscriptionId(id)).ToList();
            if (ids.Count == 0)
                return new Dictionary<Guid, string>();
            var found = await services.GetRequiredService<ISubscriptionDirectory>().FindAsync(ids, ct);
            var tenants = await services.GetRequiredService<IOrganizationDirectory>()
                .FindAsync([.. found.Values.Select(target => target.TenantId).Distinct()], ct);
            return found.Where(target => tenants.ContainsKey(target.Value.TenantId))
                .ToDictionary(target => target.Key.Value, target => tenants[target.Value.TenantId].ExternalId);
        }

        // What is known before the ids are looked at: duplicates are among the accepted.
        private static UsageBatchView Checked(RecordBatch batch)
        {
            batch.Settle();
            return new(batch.Records - batch.Rejected.Count, 0, [.. batch.Rejected.Select(r => r.Record)]);
        }

        private static void Write(MemoryStream content, FocusRow row, long place, string? owner)
        {
            using (var json = new Utf8JsonWriter(content))
            {
                json.WriteStartObject();
                json.WriteString("id", place > 1 ? $"{row.RecordId}-{place}" : row.RecordId);
                // A file of another installation, or one that was made another tenant's, names subscriptions that are not this tenant's.
                if (row.Subscription is { } subscription && owner == row.Tenant)
                    json.WriteString("subscriptionId", subscription);
                else
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
