using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;

namespace Licensing.Commissions.Schemes;

/// <summary>The scheme as it was applied; kept with the statement, whatever is agreed later.</summary>
/// <param name="Id">Null when the caller must not see whose it is.</param>
/// <param name="Inherited">Whether it is the distributor's.</param>
/// <param name="Mode">How the tiers apply.</param>
/// <param name="Basis">What is kept of the commission.</param>
/// <param name="Tiers">The percentages.</param>
internal sealed record AppliedScheme(SchemeId? Id, bool Inherited, CommissionMode Mode, CommissionBasis Basis, IReadOnlyList<CommissionTier> Tiers)
{
    /// <summary>Percentages of plans and products; none of what was applied before there were any.</summary>
    public IReadOnlyList<CommissionRate> Rates { get; init; } = [];

    /// <summary>Days after the month's end until what is earned is due.</summary>
    public int HoldingDays { get; init; }

    /// <summary>Less than that is carried on.</summary>
    public Money? MinimumPayout { get; init; }
}

/// <summary>Who earns how in one month.</summary>
/// <param name="agreed">In force on the month's first day, by organisation.</param>
internal sealed class SchemesInForce(IReadOnlyDictionary<OrganizationId, CommissionScheme> agreed)
{
    public AppliedScheme? Of(OrganizationRef organization)
    {
        if (agreed.TryGetValue(organization.Id, out var own))
            return Applied(own, own.Id, own.Basis);
        // Without the distributor's id: the partner sees how it earns, not its distributor's agreement.
        return organization is { Kind: OrganizationKind.Partner, ParentId: { } parent } && agreed.TryGetValue(parent, out var above)
            ? Applied(above, null, CommissionBasis.Own)
            : null;
    }

    /// <summary>Whether it earns by plans or products, so that the parts of its documents matter.</summary>
    public bool HasRates(OrganizationRef organization) => Of(organization) is { Rates.Count: > 0 };

    /// <summary>The same with one of them replaced, or one more.</summary>
    public SchemesInForce With(CommissionScheme scheme) =>
        new(new Dictionary<OrganizationId, CommissionScheme>(agreed) { [scheme.OrganizationId] = scheme });

    private static AppliedScheme Applied(CommissionScheme scheme, SchemeId? id, CommissionBasis basis) =>
        new(id, id is null, scheme.Mode, basis, scheme.Tiers)
        {
            Rates = scheme.Rates,
            HoldingDays = scheme.HoldingDays,
            MinimumPayout = scheme.Minimum,
        };
}
