using System.Runtime.CompilerServices;
using Licensing.Billing.Activity;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Exports;

/// <summary>All charges of some days, usage and purchases, with their taxes and what was credited of them, as CSV in the columns of FOCUS.</summary>
internal static class ExportFocus
{
    private const int LinesAtOnce = 500;

    /// <param name="Bounded">Whether it is refused where many tenants would be rated now; at the terminal whoever asks has the time.</param>
    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(Period Range, Granularity By, ActivityFilter Filter, bool Bounded) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<FocusCharge> Charges, FocusRows Rows, Period Range)
    {
        public CsvResult<FocusCharge> ToCsv() =>
            new(Charges, $"focus-{Range.Start:yyyy-MM-dd}-{Range.End:yyyy-MM-dd}.csv", Rows.Columns);
    }

    internal sealed class Handler(
        ChargedParts parts, FocusRows rows, Estimates estimates, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken)
        {
            var within = query.Bounded ? estimates.Within(principal.Scope) : new LineFilter(principal.Scope);
            if ((await query.Filter.LinesAsync(within, organizations, cancellationToken)).Refused(out var refusal, out var filter)
                || (await parts.AskAsync(query.Range, filter, cancellationToken)).Refused(out refusal, out var asked))
                return refusal;
            var split = query.By is Granularity.Day ? LineSplit.Additive : LineSplit.None;
            return new Export(ChargesAsync(asked, split, principal.Scope, cancellationToken), rows, query.Range);
        }

        private async IAsyncEnumerable<FocusCharge> ChargesAsync(
            PartsAsked asked, LineSplit split, Scope reader, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var some in FocusParts.OfAsync(parts.ReadAsync(asked, split, null, LinesAtOnce, ct), ct).Chunk(LinesAtOnce))
                foreach (var charge in await rows.OfAsync(some, reader, ct))
                    yield return charge;
        }
    }

    public static void Map(RouteGroupBuilder exports) => exports
        .MapGet("/focus", async (
            string? period, DateOnly? from, DateOnly? until, string? granularity, Guid? tenantId, Guid? partnerId, Guid? subscriptionId,
            string? meter, ISender sender, CancellationToken ct) =>
            Asked(period, from, until, granularity, new ActivityFilter(tenantId, partnerId, subscriptionId, meter), bounded: true)
                .Refused(out var refusal, out var query) || (await sender.Send(query, ct)).Refused(out refusal, out var export)
                ? new RefusedResult(refusal)
                : (IResult)export.ToCsv())
        .Slice<Query, string>(nameof(ExportFocus), "Exports charges, by day or by month, as CSV in the columns of FOCUS 1.2");

    // By day unless said otherwise, as those who compare costs expect it.
    private static Result<Query> Asked(string? period, DateOnly? from, DateOnly? until, string? granularity, ActivityFilter filter, bool bounded) =>
        ListChargeableActivity.Days(period, from, until, granularity ?? nameof(Granularity.Day)).Refused(out var refusal, out var days)
            ? refusal
            : new Query(days.Range, days.By, filter, bounded);

    public static OpsCommand Ops { get; } = new(
        "usage export", "Writes the charges of a month, or of days, to a CSV file in the columns of FOCUS 1.2; see docs/guides/focus.md.",
        [
            new("--period", "The month, yyyy-MM, or days, yyyy-MM-dd/yyyy-MM-dd.", OpsArgumentKind.Required),
            new("--out", "The file to write.", OpsArgumentKind.Required),
            new("--granularity", "day, which is the default, or month."),
        ],
        RunAsync);

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        if (Asked(call["--period"], null, null, call["--granularity"], new ActivityFilter(null, null, null, null), bounded: false)
                .Refused(out var refusal, out var query)
            || (await call.Services.GetRequiredService<ISender>().Send(query, ct)).Refused(out refusal, out var export))
            return refusal;
        var counted = new Counted(call, await TenantsAsync(call.Services.GetRequiredService<ISubscriptionDirectory>(), query.Range, ct));
        if (await CsvFile.WriteAsync(call["--out"]!, (export with { Charges = counted.Of(export.Charges) }).ToCsv(), ct) is { } notWritten)
            return notWritten;
        return new OpsAnswer(new { Period = call["--period"], File = call["--out"], counted.Rows, counted.Tenants });
    }

    private static async Task<long> TenantsAsync(ISubscriptionDirectory subscriptions, Period range, CancellationToken ct)
    {
        var tenants = 0L;
        for (var month = new DateOnly(range.Start.Year, range.Start.Month, 1); month < range.End; month = month.AddMonths(1))
            tenants += await subscriptions.CountBillableTenantsAsync(new Period(month, month.AddMonths(1)), Scope.Everything, ct);
        return tenants;
    }

    /// <summary>Tells how far it is by the tenants whose rows are written, of each month.</summary>
    private sealed class Counted(OpsCall call, long expected)
    {
        private (DateOnly, OrganizationId)? _last;

        public long Rows { get; private set; }

        public long Tenants { get; private set; }

        public async IAsyncEnumerable<FocusCharge> Of(IAsyncEnumerable<FocusCharge> charges)
        {
            await foreach (var charge in charges)
            {
                if (_last != (charge.Line.Month.Start, charge.Line.TenantId))
                {
                    _last = (charge.Line.Month.Start, charge.Line.TenantId);
                    Tenants++;
                    call.Progress?.Invoke(Tenants, Math.Max(expected, Tenants));
                }

                Rows++;
                yield return charge;
            }
        }
    }
}
