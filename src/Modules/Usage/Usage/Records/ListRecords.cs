using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Usage.Records;

/// <param name="CorrectionId">Why it does not count any more; null while it does.</param>
internal sealed record UsageRecordView(
    string Id, Guid TenantId, Guid SubscriptionId, string Meter, Exact Quantity, DateTimeOffset Start, DateTimeOffset? End, string? Sku,
    string? Region,
    string? ResourceId, JsonElement? Dimensions, DateTimeOffset ReceivedAt, Guid? CorrectionId);

/// <summary>Shows raw records, tenant by tenant, the newest of each first.</summary>
internal static class ListRecords
{
    [Needs(UsagePermissions.Read)]
    public sealed record Query(Guid? TenantId, Guid? SubscriptionId, string? Meter, DateOnly? From, DateOnly? Until, PageStart Page)
        : IQuery<Page<UsageRecordView>>
    {
        /// <summary>Where one caller asks for one page after the other: whom he reaches, looked up once for all of them.</summary>
        public ReachedOnce? Reached { get; init; }
    }

    /// <summary>Whose records they are, in the order of their ids; null until the first page was read.</summary>
    public sealed class ReachedOnce
    {
        public IReadOnlyList<Guid>? Tenants { get; set; }
    }

    internal sealed class Handler(ListedRecords records, ReachedTenants reached, ICatalog catalog, Principal principal)
        : IQueryHandler<Query, Page<UsageRecordView>>
    {
        public async Task<Result<Page<UsageRecordView>>> Handle(Query query, CancellationToken ct)
        {
            if (!RecordCursor.TryRead(query.Page.After, out var cursor))
                return PageStart.InvalidCursor;
            // A meter that there is not has no records, whosever days would be looked through for them.
            if (query.Meter is { } meter && !(await catalog.MetersAsync(ct)).ContainsKey(meter))
                return new Page<UsageRecordView>([], null);

            var once = query.Reached ?? new ReachedOnce();
            once.Tenants ??= [.. (await reached.OfAsync(principal.Scope, query.TenantId, query.SubscriptionId, ct)).Order()];
            var rows = await records.PageAsync(query, once.Tenants, principal.Scope, cursor, ct);
            return Page.Of(rows, query.Page, r => r.At.ToKey()).Select(r => r.View);
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/", async (HttpRequest request, ISender sender, Guid? tenantId, Guid? subscriptionId, string? meter, DateOnly? from, DateOnly? until,
            int? limit, string? after, CancellationToken ct) =>
        {
            if (PageStart.Read(limit, after).Refused(out var refusal, out var page))
                return new RefusedResult(refusal);
            var query = new Query(tenantId, subscriptionId, meter, from, until, page);
            return request.WantsCsv ? await ExportRecords.SendAsync(query, sender, ct) : await sender.Ok(query, ct);
        })
        .Slice<Query, Page<UsageRecordView>>(
            nameof(ListRecords),
            "Lists usage records by tenant, the newest of each first; from and until are billing days; all of them as CSV with Accept: text/csv");
}
