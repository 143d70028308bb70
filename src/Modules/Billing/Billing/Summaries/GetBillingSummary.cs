using Licensing.Billing.Activity;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Summaries;

/// <summary>
/// What is billed, from the invoices, and what would be, rated now by the functions of the billing run after the rollups of whom it rates were
/// brought up to date.
/// </summary>
internal static class GetBillingSummary
{
    private const int MostReasons = 100;

    [Needs(BillingPermissions.SummariesRead)]
    public sealed record Query(string Period, string? GroupBy, Guid? OrganizationId, int? Limit, string? After) : IQuery<SummaryView>;

    internal sealed class Handler(
        BilledAmounts billed, Estimates estimates, SummaryMemory memory, IOrganizationDirectory organizations, BillingSettings settings,
        Principal principal)
        : IQueryHandler<Query, SummaryView>
    {
        public async Task<Result<SummaryView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(query.Period, out var period))
                return PeriodRefusals.NotAMonthIn("period");
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<SummaryGroup>("groupBy", query.GroupBy, out var groupBy, out refusal))
                return refusal;

            if ((await WithinAsync(query.OrganizationId, cancellationToken)).Refused(out refusal, out var scope))
                return refusal;
            var by = groupBy ?? SummaryGroup.Tenant;
            // The first page is what is so now; those that follow it are cut from the same figures where they are still at hand.
            var name = SummaryName.Of(principal.Scope, scope, period, by);
            var figures = start.After is null ? null : memory.Find(name);
            if (figures is null)
            {
                if ((await FiguresAsync(period, by, scope, cancellationToken)).Refused(out refusal, out figures))
                    return refusal;
                if (figures.Lines.Count > start.Limit)
                    memory.Keep(name, figures);
            }

            var lines = figures.Lines.Where(x => start.After is null || string.CompareOrdinal(x.Cursor, start.After) > 0)
                .Take(start.Limit + 1).ToList();
            var page = Page.Of(lines, start, x => x.Cursor);
            var named = await organizations.FindByPathAsync([.. page.Items.Select(x => x.Path).Distinct()], cancellationToken);
            return new SummaryView(
                period, by, figures.Lines.Any(x => x.Estimated), [.. page.Items.Select(x => SummaryItem.Of(x, named.GetValueOrDefault(x.Path)))],
                page.Next, figures.Totals, figures.NotBillable);
        }

        // Where it is a tenant that moved: also what was billed where it stood before, as far as the caller reaches.
        private async Task<Result<Scope>> WithinAsync(Guid? organization, CancellationToken ct)
        {
            if (organization is not { } id)
                return principal.Scope;
            var places = (await organizations.PathsAsync([new(id)], ct)).GetValueOrDefault(new(id));
            var within = Scope.Of(places is null ? [] : places.Former.Select(x => x.Path).Append(places.Path).Where(principal.Scope.Contains));
            return within.Roots.Count == 0 ? InvoiceRefusals.OrganizationNotFound(id) : within;
        }

        private async Task<Result<SummaryFigures>> FiguresAsync(Period period, SummaryGroup by, Scope scope, CancellationToken ct)
        {
            var perSubscription = by is SummaryGroup.Subscription;
            var amounts = (await billed.OfPeriodAsync(period, scope, perSubscription, ct)).ToList();
            var notBillable = new List<OperationError>();
            var filter = estimates.Within(scope);
            if ((await estimates.DueAsync([period], filter, ct)).Refused(out var refusal, out var due))
                return refusal;
            if (due.Count > 0)
                await EstimateAsync(period, filter, perSubscription, amounts, notBillable, ct);
            return new SummaryFigures(
                [.. amounts.GroupBy(x => (Key: KeyOf(x, by), x.Net.Currency)).Select(x => SummaryLine.Of(x.Key.Key, PathOf(x.First(), by), [.. x]))
                    .OrderBy(x => x.Cursor, StringComparer.Ordinal)],
                [.. amounts.GroupBy(x => x.Net.Currency).OrderBy(x => x.Key.Code, StringComparer.Ordinal).Select(x => SummaryTotal.Of([.. x]))],
                [.. notBillable.Take(MostReasons)]);
        }

        private async Task EstimateAsync(
            Period period, LineFilter filter, bool perSubscription, List<BilledAmount> amounts, List<OperationError> notBillable,
            CancellationToken ct)
        {
            for (OrganizationId? after = null; ;)
            {
                var next = await estimates.NextAsync(period, filter, after, settings.ChunkTenants, ct);
                amounts.AddRange(next.Rated.Bills.SelectMany(bill => Amounts(bill, perSubscription)));
                notBillable.AddRange(next.Rated.NotBilled.Select(tenant => tenant.Error));
                if ((after = next.Last) is null)
                    return;
            }
        }

        private static IEnumerable<BilledAmount> Amounts(TenantBill bill, bool perSubscription) => bill.Charges
            .GroupBy(charge => perSubscription ? charge.Due.Key.Subscription : (SubscriptionId?)null)
            .Select(group =>
            {
                Money Sum(Func<RatedLine, Money> of) => Money.Sum(bill.Rated.Currency, group.Select(charge => of(charge.Line)));
                return new BilledAmount(
                    bill.Tenant.Id, bill.Tenant.Path, group.Key, Sum(x => x.CapReduction + x.Discount), Sum(x => x.Credit), Sum(x => x.Net),
                    Sum(x => x.Tax), Exact.Sum(group.Where(charge => charge.Due.IsUsage).Select(charge => charge.Line.Unrounded)),
                    Credited: Money.Zero(bill.Rated.Currency), Invoices: 0, BillState.Unbilled);
            });

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
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/summary", (string period, string? groupBy, Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, groupBy, organizationId, limit, after), ct))
        .Slice<Query, SummaryView>(nameof(GetBillingSummary), "What is billed and what would be");
}
