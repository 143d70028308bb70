using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Summaries;

/// <summary>
/// What is billed, from the invoices, and what would be, rated now by the functions of the billing run. What is rated now is as
/// fresh as the last usage rollup.
/// </summary>
internal static class GetBillingSummary
{
    private const int MostReasons = 100;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(string Period, string? GroupBy, int? Limit, string? After) : IQuery<SummaryView>;

    internal sealed class Handler(
        BillingDb db, BilledAmounts billed, BillingChunks chunks, LateMonths lateMonths, ISubscriptionDirectory subscriptions,
        IOrganizationDirectory organizations, BillingSettings settings, Principal principal) : IQueryHandler<Query, SummaryView>
    {
        public async Task<Result<SummaryView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(query.Period, out var period))
                return PeriodRefusals.NotAMonthIn("period");
            if (PageStart.Read(query.Limit ?? PageStart.MostItems, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<SummaryGroup>("groupBy", query.GroupBy, out var groupBy, out refusal))
                return refusal;

            var by = groupBy ?? SummaryGroup.Tenant;
            var perSubscription = by is SummaryGroup.Subscription;
            var amounts = (await billed.OfPeriodAsync(period, principal.Scope, perSubscription, cancellationToken)).ToList();
            var notBillable = new List<OperationError>();
            if (!await IsOverAsync(period, cancellationToken)
                && await EstimateAsync(period, perSubscription, amounts, notBillable, cancellationToken) is { } tooMany)
                return tooMany;

            var groups = amounts.GroupBy(x => (Key: KeyOf(x, by), x.Net.Currency))
                .OrderBy(x => x.Key.Key, StringComparer.Ordinal).ThenBy(x => x.Key.Currency.Code, StringComparer.Ordinal)
                .Where(x => start.After is null || string.CompareOrdinal(Cursor(x.Key), start.After) > 0)
                .Take(start.Limit + 1).ToList();
            var page = Page.Of(groups, start, x => Cursor(x.Key));
            var named = await organizations.FindByPathAsync([.. page.Items.Select(x => PathOf(x.First(), by)).Distinct()], cancellationToken);
            return new SummaryView(
                period, by, amounts.Exists(x => x.Estimated),
                [.. page.Items.Select(x => SummaryItem.Of(x.Key.Key, named.GetValueOrDefault(PathOf(x.First(), by)), [.. x]))],
                page.Next,
                [.. amounts.GroupBy(x => x.Net.Currency).OrderBy(x => x.Key.Code, StringComparer.Ordinal).Select(x => SummaryTotal.Of([.. x]))],
                [.. notBillable.Take(MostReasons)]);
        }

        // What the finished run left out is told by its operation; rating it again would say the same at the cost of all tenants.
        private Task<bool> IsOverAsync(Period period, CancellationToken ct) => db.Runs.AnyAsync(
            x => x.PeriodStart == period.Start && x.PeriodEnd == period.End && x.State == RunState.Finished && x.OperationId != null, ct);

        private async Task<Refusal?> EstimateAsync(
            Period period, bool perSubscription, List<BilledAmount> amounts, List<OperationError> notBillable, CancellationToken ct)
        {
            if (await subscriptions.CountBillableTenantsAsync(period, principal.Scope, ct) > settings.EstimatedTenants)
                return SummaryRefusals.TooWide(settings.EstimatedTenants);

            var seller = (await organizations.PlatformAsync(ct)).Id;
            // Who has an invoice, or a draft of one, has what came late on it.
            var billedAlready = amounts.Select(x => x.TenantId).ToHashSet();
            var late = (await lateMonths.PresentAsync(seller, period, ct)).Where(x => !billedAlready.Contains(x.TenantId)).ToList();
            for (OrganizationId? after = null; ;)
            {
                var chunk = await chunks.NextAsync(period, principal.Scope, after, settings.ChunkTenants, ct);
                var rated = await chunks.WithLateAsync(
                    seller, period, await chunks.RateAsync(seller, period, chunk, ct),
                    [.. late.Where(x => chunk.Tenants.Contains(x.TenantId))], ct);
                amounts.AddRange(rated.Bills.SelectMany(bill => Amounts(bill, perSubscription)));
                notBillable.AddRange(rated.NotBilled.Select(tenant => tenant.Error));
                if (chunk.Last is null)
                    return null;
                after = chunk.Last;
            }
        }

        private static IEnumerable<BilledAmount> Amounts(TenantBill bill, bool perSubscription) => bill.Charges
            .GroupBy(charge => perSubscription ? charge.Due.Key.Subscription : (SubscriptionId?)null)
            .Select(group => new BilledAmount(
                bill.Tenant.Id, bill.Tenant.Path, group.Key, Money.Sum(bill.Rated.Currency, group.Select(charge => charge.Line.Net)),
                Money.Sum(bill.Rated.Currency, group.Select(charge => charge.Line.Tax)),
                Exact.Sum(group.Where(charge => charge.Due.IsUsage).Select(charge => charge.Line.Unrounded)), Invoices: 0, Estimated: true));

        private string KeyOf(BilledAmount amount, SummaryGroup group) =>
            group is SummaryGroup.Subscription ? amount.SubscriptionId!.Value.Value.ToString() : PathOf(amount, group);

        // Whoever stands below the organisations that are grouped by sees what is his under his own, and nothing of those above it.
        private string PathOf(BilledAmount amount, SummaryGroup group)
        {
            var path = group switch
            {
                SummaryGroup.Partner => OrganizationPath.At(amount.OwnerPath, OrganizationKind.Partner) ?? amount.OwnerPath,
                SummaryGroup.Distributor => OrganizationPath.At(amount.OwnerPath, OrganizationKind.Distributor) ?? amount.OwnerPath,
                _ => amount.OwnerPath,
            };
            return principal.Scope.Contains(path)
                ? path
                : principal.Scope.Roots.Single(root => amount.OwnerPath.StartsWith(root, StringComparison.Ordinal));
        }

        private static string Cursor((string Key, Currency Currency) group) => $"{group.Key}\u0001{group.Currency.Code}";
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/summary", (string period, string? groupBy, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, groupBy, limit, after), ct))
        .Slice<Query, SummaryView>(nameof(GetBillingSummary), "What is billed and what would be");
}
