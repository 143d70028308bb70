using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;

namespace Licensing.Commissions.Statements;

/// <summary>One organisation's commission so far.</summary>
/// <param name="OrganizationId">Who earns.</param>
/// <param name="Kind">Its level.</param>
/// <param name="ExternalId">What its parent calls it.</param>
/// <param name="Name">For people.</param>
/// <param name="Basis">Issued net of its subtree.</param>
/// <param name="Gross">By the scheme's tiers.</param>
/// <param name="Overridden">Commissions of its partners, taken off.</param>
/// <param name="Commission">What it earns in the month.</param>
/// <param name="Adjusted">What has changed in closed months, if the month were closed now; of a closed one zero.</param>
/// <param name="CarriedIn">What its last statement did not pay out; of a closed month zero.</param>
/// <param name="Payable">All three.</param>
/// <param name="Scheme">As applied.</param>
/// <param name="Steps">How the gross was reached, unrounded.</param>
/// <param name="Adjustments">The closed months that have changed.</param>
/// <param name="InvoiceCount">How many invoices and credit notes it comes from.</param>
/// <param name="Invoices">The first of them, in the order of the tree.</param>
internal sealed record CommissionView(
    OrganizationId OrganizationId, OrganizationKind Kind, string ExternalId, string Name, Money Basis, Money Gross, Money Overridden,
    Money Commission, Money Adjusted, Money CarriedIn, Money Payable, AppliedScheme Scheme, IReadOnlyList<CommissionStepView> Steps,
    IReadOnlyList<AdjustmentView> Adjustments, int InvoiceCount, IReadOnlyList<StatementLineView> Invoices)
{
    /// <summary>What is earned by rates of plans and products; the steps are of what is left.</summary>
    public IReadOnlyList<RatedBasisView> Rated { get; init; } = [];
}

internal sealed record CommissionStepView(decimal From, decimal? To, decimal Percent, Exact Basis, Exact Amount);

internal sealed record CommissionSummaryView(
    Period Period, IReadOnlyList<CommissionView> Items, string? Next, IReadOnlyList<OperationError> Errors);

/// <summary>Commissions worked out now, of a running or a closed period; what is frozen is in the statements.</summary>
internal static class GetCommissionSummary
{
    private const int MostInvoices = 200;

    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(string Period, Guid? OrganizationId, int? Limit, string? After) : IQuery<CommissionSummaryView>;

    internal sealed class Handler(PeriodCommissions commissions, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, CommissionSummaryView>
    {
        public async Task<Result<CommissionSummaryView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(query.Period, out var period))
                return PeriodRefusals.NotAMonthIn("period");
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var scope = principal.Scope;
            if (query.OrganizationId is { } id)
            {
                if (await organizations.FindAsync(new OrganizationId(id), cancellationToken) is not { } organization
                    || !scope.Contains(organization.Path))
                    return SchemeRefusals.OrganizationNotFound(id);
                scope = Scope.Of([organization.Path]);
            }

            var (statements, errors, _) = await commissions.DueAsync(period, scope, cancellationToken);
            var rest = statements.Where(x => start.After is null || string.CompareOrdinal(x.Organization.Path, start.After) > 0)
                .Take(start.Limit + 1).ToList();
            var page = Page.Of(rest, start, x => x.Organization.Path);
            return new CommissionSummaryView(period, [.. page.Items.Select(x => View(x, period))], page.Next, errors);
        }

        private static CommissionView View(DueStatement due, Period period)
        {
            var currency = due.Organization.Currency;
            Money Of(decimal amount) => new(amount, currency);
            var (own, lines) = (due.Own, due.Own?.Lines ?? []);
            return new CommissionView(
                due.Organization.Id, due.Organization.Kind, due.Organization.ExternalId, due.Organization.DisplayName, own?.Basis ?? Of(0m),
                own?.Gross ?? Of(0m), own?.Overridden ?? Of(0m), Of(due.Commission), Of(due.Adjusted), Of(due.CarriedIn), Of(due.Payable), due.Scheme,
                [.. (own?.Steps ?? []).Select(x => new CommissionStepView(x.Tier.From, x.Tier.To, x.Tier.Percent, x.Basis, x.Amount))],
                [.. due.Adjustments.Select(x => AdjustmentView.Of(x, currency))], lines.Count,
                [.. lines.Take(MostInvoices).Select(x => StatementLineView.Of(x, period, currency))])
            {
                Rated = RatedBasisView.Of(own?.Rated ?? [], currency),
            };
        }
    }

    public static void Map(IEndpointRouteBuilder commissions) => commissions
        .MapGet("/summary", (string period, Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, organizationId, limit, after), ct))
        .Slice<Query, CommissionSummaryView>(nameof(GetCommissionSummary), "Commissions of a period as they stand now");
}
