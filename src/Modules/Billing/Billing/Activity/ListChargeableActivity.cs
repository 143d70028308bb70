using System.Runtime.CompilerServices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Activity;

/// <summary>What was used and what it comes to: of billed months from the invoices, of others rated now by the functions of the run.</summary>
internal static class ListChargeableActivity
{
    private const int LinesOfPage = 50, LinesOfFile = 500, MostDays = 366;

    /// <param name="Range">Whole months where <paramref name="By"/> is the month.</param>
    public sealed record Asked(Period Range, Granularity By, ActivityFilter Filter)
    {
        public LineSplit Split => By is Granularity.Day ? LineSplit.Additive : LineSplit.None;
    }

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(Asked Asked, int? Limit, string? After) : IQuery<Page<ActivityRow>>;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record FileQuery(Asked Asked) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<ActivityRow> Rows);

    internal sealed class Handler(
        ChargedParts parts, ActivityNames names, Estimates estimates, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<ActivityRow>>, IQueryHandler<FileQuery, Export>
    {
        public async Task<Result<Page<ActivityRow>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (LinePlace.ReadPage(query.Limit, query.After).Refused(out var refusal, out var page)
                || (await AskAsync(query.Asked, cancellationToken)).Refused(out refusal, out var asked))
                return refusal;
            var rows = await parts.ReadAsync(asked, query.Asked.Split, page.After, LinesOfPage, cancellationToken)
                .Take(page.Start.Limit + 1).ToListAsync(cancellationToken);
            var shown = Page.Of(rows, page.Start, x => x.Place.ToString());
            return new Page<ActivityRow>(await names.RowsAsync(shown.Items, principal.Scope, cancellationToken), shown.Next);
        }

        public async Task<Result<Export>> Handle(FileQuery query, CancellationToken cancellationToken) =>
            (await AskAsync(query.Asked, cancellationToken)).Refused(out var refusal, out var asked)
                ? refusal
                : new Export(RowsAsync(asked, query.Asked.Split, principal.Scope, cancellationToken));

        private async IAsyncEnumerable<ActivityRow> RowsAsync(
            PartsAsked asked, LineSplit split, Scope reader, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var some in parts.ReadAsync(asked, split, null, LinesOfFile, ct).Chunk(LinesOfFile))
                foreach (var row in await names.RowsAsync(some, reader, ct))
                    yield return row;
        }

        private async Task<Result<PartsAsked>> AskAsync(Asked asked, CancellationToken ct) =>
            (await asked.Filter.LinesAsync(estimates.Within(principal.Scope) with { UsageOnly = true }, organizations, ct))
                .Refused(out var refusal, out var filter)
                ? refusal
                : await parts.AskAsync(asked.Range, filter, ct);
    }

    /// <summary>The days that are asked for, and by what: whole months by month, unless said otherwise.</summary>
    public static Result<(Period Range, Granularity By)> Days(string? period, DateOnly? from, DateOnly? until, string? granularity)
    {
        if (QueryWord.Refuses<Granularity>("granularity", granularity, out var said, out var refusal))
            return refusal;
        Period range;
        if (period is not null && (from ?? until) is not null)
            return QueryWord.Unreadable("period", "period does not go with from and until.");
        if (from is { } first && until is { } end)
        {
            if (!Period.TryCreate(first, end, out range))
                return QueryWord.NotAfter("from", "until");
        }
        else if (!Period.TryParse(period, out range))
            return PeriodRefusals.NotAPeriodIn("period");
        if (range.Days > MostDays)
            return QueryWord.Unreadable(period is null ? "until" : "period", $"A list has at most {MostDays} days.");
        var whole = range.Start.Day == 1 && range.End.Day == 1;
        return said is Granularity.Month && !whole
            ? QueryWord.Unreadable("granularity", "By month only whole months are listed: from one first of a month to another.")
            : (range, said ?? (whole ? Granularity.Month : Granularity.Day));
    }

    private static async Task<IResult> SendAsync(
        Result<(Period Range, Granularity By)> days, ActivityFilter filter, int? limit, string? after, HttpRequest request, ISender sender,
        CancellationToken ct)
    {
        if (days.Refused(out var refusal, out var read))
            return new RefusedResult(refusal);
        var asked = new Asked(read.Range, read.By, filter);
        if (!request.WantsCsv)
            return await sender.Ok(new Query(asked, limit, after), ct);
        return (await sender.Send(new FileQuery(asked), ct)).Refused(out refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<ActivityRow>(
                export.Rows, $"activity-{read.Range.Start:yyyy-MM-dd}-{read.Range.End:yyyy-MM-dd}.csv", ActivityRow.Columns);
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/chargeable-activity", (
            string? period, DateOnly? from, DateOnly? until, string? granularity, Guid? tenantId, Guid? partnerId, Guid? subscriptionId,
            string? meter, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) => SendAsync(
                Days(period, from, until, granularity), new ActivityFilter(tenantId, partnerId, subscriptionId, meter), limit, after, request,
                sender, ct))
        .Slice<Query, Page<ActivityRow>>(
            nameof(ListChargeableActivity), "What was used and what it comes to, by month or by day; as CSV with Accept: text/csv");
}
