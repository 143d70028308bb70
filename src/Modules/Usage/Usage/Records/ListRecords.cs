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
        public string? Id { get; init; }
        public string? Sku { get; init; }
        public string? Region { get; init; }

        /// <summary>Only of tenants below it.</summary>
        public Guid? PartnerId { get; init; }

        /// <summary>Where one caller asks for one page after the other: whom he reaches, looked up once for all of them.</summary>
        public ReachedOnce? Reached { get; init; }
    }

    /// <summary>Whose records they are, in the order of their ids; null until the first page was read.</summary>
    public sealed class ReachedOnce
    {
        public IReadOnlyList<Guid>? Tenants { get; set; }
    }

    internal sealed class Handler(
        ListedRecords records, RecordsOfId ofId, ReachedTenants reached, ICatalog catalog, Principal principal)
        : IQueryHandler<Query, Page<UsageRecordView>>
    {
        public async Task<Result<Page<UsageRecordView>>> Handle(Query query, CancellationToken ct)
        {
            if (!RecordCursor.TryRead(query.Page.After, out var cursor))
                return PageStart.InvalidCursor;
            // No stored text has this character, and the database refuses to compare with one that does.
            if (((string?[])[query.Meter, query.Id, query.Sku, query.Region]).Any(text => text?.Contains('\0') is true))
                return new Page<UsageRecordView>([], null);
            // A meter that there is not has no records, whosever days would be looked through for them.
            if (query.Meter is { } meter && !(await catalog.MetersAsync(ct)).ContainsKey(meter))
                return new Page<UsageRecordView>([], null);

            var once = query.Reached ?? new ReachedOnce();
            var scope = await reached.BelowAsync(principal.Scope, query.PartnerId, ct);
            once.Tenants ??= [.. (await reached.OfAsync(scope, query.TenantId, query.SubscriptionId, ct)).Order()];
            var rows = query.Id is null
                ? await records.PageAsync(query, once.Tenants, scope, cursor, ct)
                : await ofId.PageAsync(query, once.Tenants, scope, cursor, ct);
            return Page.Of(rows, query.Page, r => r.At.ToKey()).Select(r => r.View);
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/", async (HttpRequest request, ISender sender, Guid? tenantId, Guid? subscriptionId, string? meter, DateOnly? from, DateOnly? until,
            string? id, string? sku, string? region, Guid? partnerId, int? limit, string? after, CancellationToken ct) =>
        {
            if (from >= until)
                return new RefusedResult(QueryWord.NotAfter("from", "until"));
            // Of everyone each tenant's cells of a month would be looked through for it.
            if ((sku ?? region) is not null && id is null && tenantId is null && partnerId is null && subscriptionId is null && meter is null)
                return new RefusedResult(QueryWord.Unreadable(
                    sku is null ? "region" : "sku", "sku and region go with tenantId, partnerId, subscriptionId, meter or id."));
            if (PageStart.Read(limit, after).Refused(out var refusal, out var page))
                return new RefusedResult(refusal);
            var query = new Query(tenantId, subscriptionId, meter, from, until, page) { Id = id, Sku = sku, Region = region, PartnerId = partnerId };
            return request.WantsCsv ? await ExportRecords.SendAsync(query, sender, ct) : await sender.Ok(query, ct);
        })
        .Slice<Query, Page<UsageRecordView>>(
            nameof(ListRecords),
            "Lists usage records by tenant, the newest of each first; from and until are billing days; all of them as CSV with Accept: text/csv");
}
