using System.Runtime.CompilerServices;
using Licensing.Billing.Activity;
using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Reseller;

/// <summary>How the report adds up.</summary>
internal enum ActivityGroup { Day, Month, Meter, Account }

/// <summary>
/// What the reseller's accounts used and what it comes to, added up month by month while it is read, so that no more is held than one account's
/// month, or one month's meters.
/// </summary>
internal static class GetChargeableActivityReport
{
    private const int LinesOfChunk = 500, MostDays = 366;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(int? AccountId, Period Range, ActivityGroup By) : IQuery<Report>;

    public sealed record Report(IAsyncEnumerable<ActivityReportRow> Rows);

    /// <summary>One sum.</summary>
    /// <param name="AccountId">Whose; absent where all are added up.</param>
    /// <param name="AccountName">What it is called.</param>
    /// <param name="StartDate">The first day, or that of the invoice's month.</param>
    /// <param name="EndDate">The day after the last.</param>
    /// <param name="Meter">What was used; absent where all meters are added up.</param>
    /// <param name="Unit">What a quantity of 1 is.</param>
    /// <param name="Quantity">Exact, never rounded.</param>
    /// <param name="UnitPrice">Absent where not every unit has the same.</param>
    /// <param name="Amount">What it was rated at.</param>
    /// <param name="NetAmount">What is charged of it after cap, coupons and credits.</param>
    /// <param name="CurrencyCode">ISO 4217.</param>
    public sealed record ActivityReportRow(
        int? AccountId, string? AccountName, DateOnly StartDate, DateOnly EndDate, string? Meter, string? Unit, string? Quantity, string? UnitPrice,
        string Amount, string NetAmount, string CurrencyCode);

    /// <summary>The rows, by month and account.</summary>
    public sealed record ChargeableActivityReport(IReadOnlyList<ActivityReportRow> Rows);

    /// <summary>Which activity.</summary>
    /// <param name="StartDate">The first day.</param>
    /// <param name="EndDate">The day after the last one; at most 366 days after the first.</param>
    /// <param name="AccountId">Whose; all of the reseller's where it is left out.</param>
    /// <param name="GroupBy">Each account's meters by day or by month, all accounts' meters by month, or accounts by month.</param>
    public sealed record GetChargeableActivityReportRequest(
        DateOnly StartDate, DateOnly EndDate, int? AccountId = null, ActivityGroup GroupBy = ActivityGroup.Month);

    internal sealed class Handler(
        ChargedParts parts, ActivityNames names, Estimates estimates, IAccounts accounts, Principal principal) : IQueryHandler<Query, Report>
    {
        public async Task<Result<Report>> Handle(Query query, CancellationToken cancellationToken)
        {
            var filter = estimates.Within(principal.Scope) with { UsageOnly = true };
            if (query.AccountId is { } id)
            {
                if ((await accounts.FindAsync(id, cancellationToken)).Refused(out var unknown, out var account))
                    return unknown;
                filter = filter with { TenantId = account.Id.Value };
            }

            return (await parts.AskAsync(query.Range, filter, cancellationToken)).Refused(out var refusal, out var asked)
                ? refusal
                : new Report(RowsAsync(asked, query.By, principal.Scope, cancellationToken));
        }

        private async IAsyncEnumerable<ActivityReportRow> RowsAsync(
            PartsAsked asked, ActivityGroup by, Scope reader, [EnumeratorCancellation] CancellationToken ct)
        {
            // Of a month that is not whole only its days tell what belongs to the range.
            var whole = asked.Range.Start.Day == 1 && asked.Range.End.Day == 1;
            var sums = new ActivitySums(by, asked.Range);
            await foreach (var some in parts.ReadAsync(asked, whole && by is not ActivityGroup.Day ? LineSplit.None : LineSplit.Additive, null,
                LinesOfChunk, ct).Chunk(LinesOfChunk).WithCancellation(ct))
                foreach (var part in await names.OfAsync(some, reader, ct))
                {
                    if (sums.IsDoneBefore(part))
                        foreach (var row in sums.Take())
                            yield return row;
                    sums.Add(part);
                }

            foreach (var row in sums.Take())
                yield return row;
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapResellerRows<GetChargeableActivityReportRequest, Query, ChargeableActivityReport, ActivityReportRow>(
            nameof(GetChargeableActivityReport), "What was used and what it comes to; as CSV with Accept: text/csv", async (asked, call) =>
            {
                if (!Period.TryCreate(asked.StartDate, asked.EndDate, out var range))
                    return ResellerRefusals.Field("EndDate", "out_of_range", "must be after StartDate.");
                if (range.Days > MostDays)
                    return ResellerRefusals.Field("EndDate", "out_of_range", $"must be at most {MostDays} days after StartDate.");
                return (await call.SendAsync(new Query(asked.AccountId, range, asked.GroupBy))).Refused(out var refusal, out var report)
                    ? refusal
                    : new ResellerStream<ActivityReportRow>(report.Rows);
            }, "chargeable-activity.csv");
}
