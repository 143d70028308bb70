using Licensing.Billing.Contracts;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <param name="Items">Closed months, the newest first.</param>
/// <param name="Next">Where the next page begins.</param>
/// <param name="Open">Months, yyyy-MM, that have invoices, are over and not closed, in order; what they earn is in no statement yet.</param>
/// <param name="Skipped">Those of them that are before a closed one.</param>
internal sealed record ClosingsView(IReadOnlyList<ClosingView> Items, string? Next, IReadOnlyList<string> Open, IReadOnlyList<string> Skipped);

/// <summary>Which months are closed, and which were passed over.</summary>
internal static class ListClosings
{
    [Needs(CommissionsPermissions.PeriodsClose)]
    public sealed record Query(int? Limit, string? After) : IQuery<ClosingsView>;

    internal sealed class Handler(
        CommissionsDb db, IInvoicedAmounts invoiced, IOrganizationDirectory organizations, BillingCalendar calendar, Principal principal,
        TimeProvider clock) : IQueryHandler<Query, ClosingsView>
    {
        public async Task<Result<ClosingsView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var platform = await organizations.PlatformAsync(cancellationToken);
            if (!principal.Scope.Contains(platform.Path))
                return CommissionsRefusals.NotThePlatform;

            var closings = await db.Closings.AsNoTracking().OrderByDescending(x => x.PeriodStart).ToListAsync(cancellationToken);
            var closed = closings.Select(x => x.PeriodStart).ToHashSet();
            var today = calendar.DayOf(clock.GetUtcNow());
            var open = await invoiced.MonthsAsync(
                new DateOnly(today.Year, today.Month, 1), closed, Scope.Of([platform.Path]), cancellationToken);
            // A closing a month: there are never so many that reading them all matters, but a page is what every list answers.
            var page = Page.Of(
                [.. closings.Where(x => start.After is null || string.CompareOrdinal(MonthOf(x), start.After) < 0).Take(start.Limit + 1)],
                start, MonthOf);
            return new ClosingsView(
                [.. page.Items.Select(x => new ClosingView(new Period(x.PeriodStart, x.PeriodEnd), x.Statements, x.ClosedAt))], page.Next,
                [.. open.Select(x => $"{x.Start:yyyy-MM}")],
                [.. open.Where(x => closings.Count > 0 && x.Start < closings[0].PeriodStart).Select(x => $"{x.Start:yyyy-MM}")]);
        }
    }

    private static string MonthOf(Closing x) => $"{x.PeriodStart:yyyy-MM}";

    public static void Map(IEndpointRouteBuilder commissions) => commissions
        .MapGet("/closings", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, ClosingsView>(nameof(ListClosings), "Lists closed months, and those that were passed over");
}
