using System.Runtime.CompilerServices;
using Licensing.Kernel.Http;

namespace Licensing.Usage.Records;

/// <summary>Raw records as CSV, all of them, page by page: each goes on where the one before ended, so none costs more than the first.</summary>
internal static class ExportRecords
{
    private const int RecordsAtOnce = 1_000;

    private static readonly IReadOnlyList<(string, Func<UsageRecordView, string?>)> Columns =
    [
        ("id", x => x.Id), ("tenantId", x => x.TenantId.ToString()), ("subscriptionId", x => x.SubscriptionId.ToString()), ("meter", x => x.Meter),
        ("quantity", x => x.Quantity.ToString()), ("start", x => Rfc3339.Text(x.Start)), ("end", x => x.End is { } end ? Rfc3339.Text(end) : null),
        ("sku", x => x.Sku), ("region", x => x.Region), ("resourceId", x => x.ResourceId), ("dimensions", x => x.Dimensions?.GetRawText()),
        ("receivedAt", x => Rfc3339.Text(x.ReceivedAt)), ("correctionId", x => x.CorrectionId?.ToString()),
    ];

    public static async Task<IResult> SendAsync(ListRecords.Query query, ISender sender, CancellationToken ct)
    {
        query = query with { Page = query.Page with { Limit = RecordsAtOnce }, Reached = new ListRecords.ReachedOnce() };
        return (await sender.Send(query, ct)).Refused(out var refusal, out var first)
            ? new RefusedResult(refusal)
            : new CsvResult<UsageRecordView>(AllAsync(first, query, sender, ct), "usage.csv", Columns);
    }

    private static async IAsyncEnumerable<UsageRecordView> AllAsync(
        Page<UsageRecordView> page, ListRecords.Query query, ISender sender, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            foreach (var record in page.Items)
                yield return record;
            if (page.Next is null)
                yield break;
            if (PageStart.Read(null, page.Next).Refused(out var refusal, out var start)
                || (await sender.Send(query with { Page = start with { Limit = RecordsAtOnce } }, ct)).Refused(out refusal, out var next))
                throw new InvalidOperationException(refusal.Message);
            page = next;
        }
    }
}
