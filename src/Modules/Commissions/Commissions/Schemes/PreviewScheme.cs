using Licensing.Commissions.Rates;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;

namespace Licensing.Commissions.Schemes;

/// <summary>What a scheme would have come to in a month: who would earn more or less, and how much.</summary>
/// <param name="Period">The month.</param>
/// <param name="Items">Everyone whose commission would be another, in the order of the tree.</param>
/// <param name="Errors">Whose commission cannot be told.</param>
internal sealed record SchemePreviewView(Period Period, IReadOnlyList<SchemeDifferenceView> Items, IReadOnlyList<OperationError> Errors);

/// <param name="Before">By the schemes in force, with what has come to the month since it was closed.</param>
/// <param name="After">By the scheme tried out.</param>
internal sealed record SchemeDifferenceView(
    OrganizationId OrganizationId, OrganizationKind Kind, string ExternalId, string Name, Money Basis, Money Before, Money After, Money Difference)
{
    /// <summary>What would be earned by rates of plans and products.</summary>
    public IReadOnlyList<RatedBasisView> Rated { get; init; } = [];
}

/// <summary>Works a past or running month out by a scheme that is not agreed. Nothing is kept.</summary>
internal static class PreviewScheme
{
    [Needs(CommissionsPermissions.SchemesManage)]
    public sealed record Query(OrganizationId OrganizationId, IReadOnlyList<CommissionTier> Tiers, string Period)
        : SchemeTerms(OrganizationId, Tiers), IQuery<SchemePreviewView>;

    internal sealed class Handler(PeriodCommissions commissions, IOrganizationDirectory organizations, Principal principal, TimeProvider clock)
        : IQueryHandler<Query, SchemePreviewView>
    {
        public async Task<Result<SchemePreviewView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (query.Broken() is { } broken)
                return broken;
            if (!Period.TryParseMonth(query.Period, out var period))
                return Refusal.Field("/period", "not_a_month", "period must be a month, yyyy-MM.");
            if (await organizations.FindAsync(query.OrganizationId, cancellationToken) is not { } organization
                || !principal.Scope.Contains(organization.Path))
                return SchemeRefusals.OrganizationNotFound(query.OrganizationId.Value);
            if (query.NotFor(organization) is { } refusal)
                return refusal;

            // A partner's commission is taken off its distributor's, and a distributor's scheme may be its partners'.
            var branch = Scope.Of([OrganizationPath.At(organization.Path, OrganizationKind.Distributor)!]);
            var (before, after) = await commissions.TriedAsync(
                period, branch, query.From(organization, period.Start, clock.GetUtcNow()), cancellationToken);
            return new SchemePreviewView(period, [.. Differences(before, after)], after.Errors);
        }

        private static IEnumerable<SchemeDifferenceView> Differences(EarnedCommissions before, EarnedCommissions after)
        {
            var were = before.Earned.ToDictionary(x => x.Organization.Id);
            // A scheme can be replaced, not taken away, so whoever earned before earns still.
            foreach (var now in after.Earned)
            {
                var was = were.TryGetValue(now.Organization.Id, out var found) ? found.Commission : Money.Zero(now.Commission.Currency);
                if (was != now.Commission)
                    yield return new SchemeDifferenceView(
                        now.Organization.Id, now.Organization.Kind, now.Organization.ExternalId, now.Organization.DisplayName, now.Basis, was,
                        now.Commission, now.Commission - was)
                    {
                        Rated = RatedBasisView.Of(now.Rated, now.Commission.Currency),
                    };
            }
        }
    }

    public static void Map(IEndpointRouteBuilder schemes) => schemes
        .MapPost("/preview", (Query body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Query, SchemePreviewView>(nameof(PreviewScheme), "Shows what a scheme would have come to in a month");
}
