using Licensing.Billing.Advance;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>What a run of the month would come to in one currency, with what is issued already.</summary>
/// <param name="Currency">Its code.</param>
/// <param name="Invoices">How many there would be.</param>
/// <param name="Net">Without tax.</param>
/// <param name="Tax">Of it.</param>
/// <param name="Total">Both.</param>
/// <param name="Before">The net of the month before, as billed.</param>
/// <param name="Percent">By how much the net differs from that; null where there was none.</param>
internal sealed record PreviewTotal(string Currency, int Invoices, Money Net, Money Tax, Money Total, Money Before, decimal? Percent);

/// <param name="Period">The month.</param>
/// <param name="Totals">By currency.</param>
/// <param name="NotBilled">How many tenants would be left out.</param>
/// <param name="Reasons">Why, of the first hundred of them.</param>
/// <param name="HeldBy">The deviations that would hold a run that issues.</param>
internal sealed record PreviewView(
    Period Period, IReadOnlyList<PreviewTotal> Totals, int NotBilled, IReadOnlyList<OperationError> Reasons, IReadOnlyList<RunDeviation> HeldBy);

/// <summary>Rates a month as its run would, by the same functions, and writes nothing.</summary>
internal static class PreviewBillingRun
{
    private const int MostReasons = 100;

    [Needs(BillingPermissions.RunsStart)]
    public sealed record Query(string Period) : IQuery<PreviewView>
    {
        /// <summary>To be told how many tenants of how many are rated.</summary>
        public Action<long, long>? Progress { get; init; }
    }

    private sealed record Sum(int Invoices, decimal Net, decimal Tax)
    {
        public Sum Plus(int invoices, decimal net, decimal tax) => new(Invoices + invoices, Net + net, Tax + tax);
    }

    internal sealed class Handler(
        BillingDb db, BillingChunks chunks, LateMonths lateMonths, Advances advances, RunDeviations deviations, RunStarter starter,
        IUsageTotals usage, ISubscriptionDirectory subscriptions, BillingSettings settings)
        : IQueryHandler<Query, PreviewView>
    {
        public async Task<Result<PreviewView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(query.Period, out var period))
                return PeriodRefusals.NotAMonth;
            if ((await starter.CheckAsync([period], cancellationToken)).Refused(out var refusal, out var seller))
                return refusal;

            // As the run begins: what was acknowledged before is in it, also what came late to earlier months.
            await usage.CatchUpAsync(await lateMonths.DaysAsync(seller.Id, period, cancellationToken), cancellationToken);
            var sums = await db.Invoices.AsNoTracking()
                .Where(x => x.SellerId == seller.Id && x.PeriodStart == period.Start && x.PeriodEnd == period.End
                    && x.Status != InvoiceStatus.Draft && x.Status != InvoiceStatus.Void)
                .GroupBy(x => x.Currency)
                .Select(group => new { group.Key, Sum = new Sum(group.Count(), group.Sum(x => x.Net), group.Sum(x => x.Tax)) })
                .ToDictionaryAsync(x => x.Key, x => x.Sum, cancellationToken);
            var (reasons, left) = (new List<OperationError>(), 0);
            var late = (await lateMonths.PresentAsync(seller.Id, period, null, cancellationToken)).ToList();
            var gone = (await advances.TenantsAsync(period, cancellationToken)).ToHashSet();
            var (done, all) = (0, query.Progress is null ? 0 : await subscriptions.CountBillableTenantsAsync(
                period, Scope.Everything, cancellationToken));
            for (OrganizationId? after = null; ;)
            {
                query.Progress?.Invoke(Math.Min(done, all), all);
                var chunk = await chunks.NextAsync(period, Scope.Everything, after, settings.ChunkTenants, cancellationToken);
                done += chunk.Tenants.Count;
                // Who was billed in advance for what then did not come follows the last chunk, too.
                gone.ExceptWith(chunk.Tenants);
                if (chunk.Last is null)
                    chunk = chunk with { Tenants = [.. chunk.Tenants.Concat(gone).OrderBy(id => id.Value)] };
                // Of those who have only what came late some follow the last chunk.
                var own = chunk.Last is null ? late : [.. late.Where(x => chunk.Tenants.Contains(x.TenantId))];
                late = [.. late.Except(own)];
                var rated = await chunks.WithLateAsync(
                    seller.Id, period, await chunks.RateAsync(seller.Id, period, chunk, cancellationToken, draftsAnew: true), own,
                    cancellationToken);
                foreach (var bill in rated.Bills.Select(bill => bill.Rated))
                    sums[bill.Currency] = (sums.GetValueOrDefault(bill.Currency) ?? new Sum(0, 0, 0)).Plus(1, bill.Net.Amount, bill.Tax.Amount);
                left += rated.NotBilled.Count;
                reasons.AddRange(rated.NotBilled.Take(MostReasons - reasons.Count).Select(tenant => tenant.Error));
                if ((after = chunk.Last) is null)
                    break;
            }

            query.Progress?.Invoke(all, all);
            var before = await deviations.BeforeAsync(seller.Id, period, cancellationToken);
            var nets = sums.ToDictionary(x => x.Key, x => x.Value.Net);
            return new PreviewView(
                period, [.. RunDeviations.Compare(nets, before).Select(x => Total(x, sums))], left, reasons, deviations.TooFar(nets, before));
        }

        private static PreviewTotal Total(RunDeviation compared, Dictionary<Currency, Sum> sums)
        {
            var currency = Currency.Parse(compared.Currency);
            var sum = sums.GetValueOrDefault(currency) ?? new Sum(0, 0, 0);
            Money Of(decimal amount) => new(amount, currency);
            return new PreviewTotal(
                compared.Currency, sum.Invoices, Of(sum.Net), Of(sum.Tax), Of(sum.Net + sum.Tax), Of(compared.Before), compared.Percent);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/generate/{period}", (string period, ISender sender, CancellationToken ct) => sender.Ok(new Query(period), ct))
        .Slice<Query, PreviewView>(nameof(PreviewBillingRun), "What the billing of a month would come to");
}
