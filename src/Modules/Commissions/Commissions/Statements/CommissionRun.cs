using Licensing.Billing.Contracts;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;

namespace Licensing.Commissions.Statements;

/// <summary>What one organisation earns, with the invoices it comes from.</summary>
internal sealed record EarnedCommission(
    OrganizationRef Organization, AppliedScheme Scheme, Money Basis, Money Gross, Money Overridden, IReadOnlyList<CommissionStep> Steps,
    IReadOnlyList<StatementLine> Lines)
{
    public Money Commission => Gross - Overridden;
}

/// <summary>The commissions of a period, and the organisations whose commission cannot be told.</summary>
internal sealed record EarnedCommissions(IReadOnlyList<EarnedCommission> Earned, IReadOnlyList<OperationError> Errors);

/// <summary>
/// Works out commissions from issued nets. Pure: previews and the close of a period call it with the same invoices and get the same.
/// </summary>
/// <param name="schemes">In force in the period, by organisation; also those of distributors above the ones asked for.</param>
internal sealed class CommissionRun(IReadOnlyDictionary<OrganizationId, CommissionScheme> schemes)
{
    public EarnedCommissions Of(
        IReadOnlyList<OrganizationRef> distributors, IReadOnlyList<OrganizationRef> partners, IReadOnlyList<InvoicedNet> invoices)
    {
        var ofPartner = invoices.ToLookup(x => OrganizationPath.At(x.OwnerPath, OrganizationKind.Partner) ?? "", StringComparer.Ordinal);
        var ofDistributor = invoices.ToLookup(x => OrganizationPath.At(x.OwnerPath, OrganizationKind.Distributor) ?? "", StringComparer.Ordinal);
        var (earned, errors) = (new List<EarnedCommission>(), new List<OperationError>());
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        var below = new Dictionary<string, List<EarnedCommission>>(StringComparer.Ordinal);
        foreach (var partner in partners)
        {
            if (SchemeOf(partner) is not { } scheme || !ofPartner[partner.Path].Any())
                continue;

            var distributor = OrganizationPath.At(partner.Path, OrganizationKind.Distributor)!;
            if (Earn(partner, scheme, [.. ofPartner[partner.Path]], errors) is not { } commission)
            {
                unknown.Add(distributor);
                continue;
            }

            earned.Add(commission);
            (below.TryGetValue(distributor, out var siblings) ? siblings : below[distributor] = []).Add(commission);
        }

        foreach (var distributor in distributors)
        {
            if (SchemeOf(distributor) is not { } scheme || !ofDistributor[distributor.Path].Any())
                continue;
            if (Earn(distributor, scheme, [.. ofDistributor[distributor.Path]], errors) is not { } commission)
                continue;
            if (scheme.Basis is CommissionBasis.Own)
                earned.Add(commission);
            else if (unknown.Contains(distributor.Path))
                errors.Add(new OperationError(
                    distributor.ExternalId, "partner_commission_missing", "A partner's commission cannot be told, so it cannot be taken off."));
            else if (below.GetValueOrDefault(distributor.Path, []) is var partnersBelow
                && partnersBelow.Find(x => x.Commission.Currency != distributor.Currency) is { } foreign)
                errors.Add(StatementRefusals.ExchangeRateMissing(distributor.ExternalId, foreign.Commission.Currency, distributor.Currency));
            else
                earned.Add(commission with { Overridden = Money.Sum(distributor.Currency, partnersBelow.Select(x => x.Commission)) });
        }

        return new EarnedCommissions([.. earned.OrderBy(x => x.Organization.Path, StringComparer.Ordinal)], errors);
    }

    private AppliedScheme? SchemeOf(OrganizationRef organization)
    {
        if (schemes.TryGetValue(organization.Id, out var own))
            return new AppliedScheme(own.Id, Inherited: false, own.Mode, own.Basis, own.Tiers);
        // Without the distributor's id: the partner sees how it earns, not its distributor's agreement.
        return organization is { Kind: OrganizationKind.Partner, ParentId: { } parent } && schemes.TryGetValue(parent, out var above)
            ? new AppliedScheme(null, Inherited: true, above.Mode, CommissionBasis.Own, above.Tiers)
            : null;
    }

    private static EarnedCommission? Earn(
        OrganizationRef organization, AppliedScheme scheme, IReadOnlyList<InvoicedNet> invoices, List<OperationError> errors)
    {
        var currency = organization.Currency;
        if (invoices.FirstOrDefault(x => x.Net.Currency != currency) is { } foreign)
        {
            errors.Add(StatementRefusals.ExchangeRateMissing(organization.ExternalId, foreign.Net.Currency, currency));
            return null;
        }

        var basis = Money.Sum(currency, invoices.Select(x => x.Net));
        var commission = new CommissionTiers(scheme.Tiers, scheme.Mode).On(basis);
        var shares = Allocation.ByLargestRemainder(commission.Amount, [.. invoices.Select(x => x.Net.Amount)]);
        return new EarnedCommission(
            organization, scheme, basis, commission.Amount, Money.Zero(currency), commission.Steps,
            [.. invoices.Zip(shares, (x, share) => new StatementLine(x.InvoiceId, x.Number, x.TenantId, x.Net.Amount, share.Amount))]);
    }
}
