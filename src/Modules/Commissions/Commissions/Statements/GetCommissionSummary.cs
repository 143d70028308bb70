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
/// <param name="Commission">What it earns.</param>
/// <param name="Scheme">As applied.</param>
/// <param name="Steps">How the gross was reached, unrounded.</param>
/// <param name="InvoiceCount">How many invoices it comes from.</param>
/// <param name="Invoices">The first of them, in the order of the tree.</param>
internal sealed record CommissionView(
    OrganizationId OrganizationId, OrganizationKind Kind, string ExternalId, string Name, Money Basis, Money Gross, Money Overridden,
    Money Commission,
    AppliedScheme Scheme, IReadOnlyList<CommissionStepView> Steps, int InvoiceCount, IReadOnlyList<StatementLineView> Invoices);

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

            var (earned, errors) = await commissions.WithinAsync(period, scope, cancellationToken);
            var rest = earned.Where(x => start.After is null || string.CompareOrdinal(x.Organization.Path, start.After) > 0).Take(start.Limit + 1)
                .ToList();
            var page = Page.Of(rest, start, x => x.Organization.Path);
            return new CommissionSummaryView(period, [.. page.Items.Select(View)], page.Next, errors);
        }

        private static CommissionView View(EarnedCommission x) => new(
            x.Organization.Id, x.Organization.Kind, x.Organization.ExternalId, x.Organization.DisplayName, x.Basis, x.Gross, x.Overridden,
            x.Commission,
            x.Scheme, [.. x.Steps.Select(step => new CommissionStepView(step.Tier.From, step.Tier.To, step.Tier.Percent, step.Basis, step.Amount))],
            x.Lines.Count, [.. x.Lines.Take(MostInvoices).Select(line => StatementLineView.Of(line, x.Basis.Currency))]);
    }

    public static void Map(IEndpointRouteBuilder commissions) => commissions
        .MapGet("/summary", (string period, Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, organizationId, limit, after), ct))
        .Slice<Query, CommissionSummaryView>(nameof(GetCommissionSummary), "Commissions of a period as they stand now");
}
