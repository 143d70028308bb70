using System.Globalization;
using Licensing.Billing.Activity;
using Licensing.Billing.Documents;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Exports;

/// <summary>
/// What is on invoices, drafts among them, and what would be of months that are not billed yet, by day: per tenant, subscription and charge or SKU.
/// </summary>
internal static class ListDailyRows
{
    // A line is a row per day: of a page some lines are enough; a file is read in larger pieces.
    private const int LinesOfPage = 20, LinesOfFile = 500;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(Period Range, Guid? TenantId, int? Limit, string? After) : IQuery<Page<DailyRow>>;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record FileQuery(Period Range, Guid? TenantId) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<DailyRow> Rows, Period Range);

    internal sealed class Handler(ChargedParts parts, Estimates estimates, Principal principal)
        : IQueryHandler<Query, Page<DailyRow>>, IQueryHandler<FileQuery, Export>
    {
        public async Task<Result<Page<DailyRow>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (LinePlace.ReadPage(query.Limit, query.After).Refused(out var refusal, out var page)
                || (await AskAsync(query.Range, query.TenantId, cancellationToken)).Refused(out refusal, out var asked))
                return refusal;
            var rows = await parts.ReadAsync(asked, LineSplit.EachDay, page.After, LinesOfPage, cancellationToken)
                .Take(page.Start.Limit + 1).ToListAsync(cancellationToken);
            return Page.Of(rows, page.Start, x => x.Place.ToString()).Select(DailyRow.Of);
        }

        public async Task<Result<Export>> Handle(FileQuery query, CancellationToken cancellationToken) =>
            (await AskAsync(query.Range, query.TenantId, cancellationToken)).Refused(out var refusal, out var asked)
                ? refusal
                : new Export(parts.ReadAsync(asked, LineSplit.EachDay, null, LinesOfFile, cancellationToken).Select(DailyRow.Of), query.Range);

        private Task<Result<PartsAsked>> AskAsync(Period range, Guid? tenant, CancellationToken ct) =>
            parts.AskAsync(range, estimates.Within(principal.Scope) with { TenantId = tenant }, ct);
    }

    private static async Task<IResult> SendAsync(
        Result<Period> asked, Guid? tenantId, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct)
    {
        if (asked.Refused(out var refusal, out var range))
            return new RefusedResult(refusal);
        if (!request.WantsCsv)
            return await sender.Ok(new Query(range, tenantId, limit, after), ct);
        return (await sender.Send(new FileQuery(range, tenantId), ct)).Refused(out refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<DailyRow>(export.Rows, $"daily-{range.Start:yyyy-MM-dd}-{range.End:yyyy-MM-dd}.csv", Columns);
    }

    private static Result<Period> Between(DateOnly from, DateOnly until) =>
        !Period.TryCreate(from, until, out var range) ? QueryWord.NotAfter("from", "until")
        : range.Days <= 366 ? range
        : QueryWord.Unreadable("until", "until must be at most 366 days after from.");

    private static IReadOnlyList<(string Name, Func<DailyRow, string?> Cell)> Columns { get; } =
    [
        ("day", x => DocumentCsv.Day(x.Day)),
        ("tenantId", x => x.TenantId.Value.ToString()),
        ("subscriptionId", x => x.SubscriptionId.Value.ToString()),
        ("charge", x => x.ChargeKey),
        ("sku", x => x.Sku),
        ("meter", x => x.Meter),
        ("region", x => x.Region),
        ("description", x => x.Description),
        ("quantity", x => x.Quantity),
        ("amount", x => x.Amount.ToAmountString()),
        ("currency", x => x.Amount.Currency.Code),
        ("invoiceId", x => x.InvoiceId?.Value.ToString()),
        ("position", x => x.Position.ToString(CultureInfo.InvariantCulture)),
        ("invoiceStatus", x => x.InvoiceStatus),
        ("estimated", x => x.Estimated ? "true" : "false"),
    ];

    public static void Map(RouteGroupBuilder billing)
    {
        billing.MapGet("/yearmonth/{month}",
            (string month, Guid? tenantId, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) => SendAsync(
                Period.TryParseMonth(month, out var whole) ? whole : PeriodRefusals.NotAMonth, tenantId, limit, after, request, sender, ct))
            .Slice<Query, Page<DailyRow>>("ListDailyRowsOfMonth", "What is on invoices of a month, or would be, by day; CSV with Accept: text/csv");
        billing.MapGet("/range",
            (DateOnly from, DateOnly until, Guid? tenantId, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) =>
                SendAsync(Between(from, until), tenantId, limit, after, request, sender, ct))
            .Slice<Query, Page<DailyRow>>("ListDailyRowsOfRange", "What is on invoices of some days, or would be, by day; CSV with Accept: text/csv");
    }
}
