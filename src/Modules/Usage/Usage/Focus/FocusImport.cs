using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Focus;

/// <param name="Row">As a spreadsheet numbers rows; null in the last line, which has the counts.</param>
internal sealed record ImportedLine(long? Row, string? Id, string Code, string Message);

internal sealed record ImportedRows(bool DryRun, long Rows, long NotUsage, long Accepted, long Duplicates, long Rejected);

/// <summary>Stores rows of a FOCUS file as records, some at a time, and counts what became of them.</summary>
/// <param name="services">Of the command.</param>
/// <param name="reach">Whose tenants they may be.</param>
/// <param name="dryRun">Whether nothing is stored.</param>
internal sealed class FocusImport(IServiceProvider services, Scope reach, bool dryRun)
{
    private const int MostErrors = 100;

    private readonly BatchReading _reading = services.GetRequiredService<BatchReading>();
    private readonly Rooms _rooms = services.GetRequiredService<Rooms>();
    private readonly IngestQueue _queue = services.GetRequiredService<IngestQueue>();

    public ImportedRows Done { get; private set; } = new(dryRun, 0, 0, 0, 0, 0);

    public List<ImportedLine> Errors { get; } = [];

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

    // Whose those are that the rows name: external ids, by subscription. Of someone else's tenants another may have the same.
    private async Task<IReadOnlyDictionary<Guid, string>> NamedAsync(List<FocusRow> rows, CancellationToken ct)
    {
        var ids = rows.Select(row => row.Subscription).OfType<Guid>().Distinct().Select(id => new SubscriptionId(id)).ToList();
        if (ids.Count == 0)
            return new Dictionary<Guid, string>();
        var found = await services.GetRequiredService<ISubscriptionDirectory>().FindAsync(ids, ct);
        var organizations = services.GetRequiredService<IOrganizationDirectory>();
        OrganizationId[] owners = [.. found.Values.Select(target => target.TenantId).Distinct()];
        var (tenants, paths) = (await organizations.FindAsync(owners, ct), await organizations.PathsAsync(owners, ct));
        return found.Where(target => tenants.ContainsKey(target.Value.TenantId) && paths[target.Value.TenantId].IsOrWasWithin(reach))
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
