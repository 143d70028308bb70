using Licensing.Billing.Contracts;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;

namespace Licensing.Commissions.Statements;

/// <summary>What one document is worth to whoever earns on it.</summary>
/// <param name="Document">An invoice, or a credit note, which is below zero.</param>
/// <param name="Rate">What one unit of its currency was worth in that of the organisation; 1 in the same one.</param>
/// <param name="Net">The document's net by that rate, unrounded, in the organisation's currency.</param>
/// <param name="Commission">Its share of what all documents of the month earn.</param>
internal sealed record EarnedLine(InvoicedNet Document, decimal Rate, decimal Net, decimal Commission);

/// <summary>What one organisation earns in a month, with the documents it comes from.</summary>
internal sealed record EarnedCommission(
    OrganizationRef Organization, AppliedScheme Scheme, Money Basis, Money Gross, Money Overridden, IReadOnlyList<CommissionStep> Steps,
    IReadOnlyList<EarnedLine> Lines)
{
    public Money Commission => Gross - Overridden;
}

/// <summary>The commissions of a month, and the organisations whose commission cannot be told.</summary>
internal sealed record EarnedCommissions(IReadOnlyList<EarnedCommission> Earned, IReadOnlyList<OperationError> Errors);

/// <summary>
/// Works out what the documents of one month earn. Pure: previews, the close of a month and what corrects a closed one call it with the same
/// documents and get the same.
/// </summary>
/// <param name="schemes">In force in the month; also those of distributors above the ones asked for.</param>
/// <param name="rates">By which documents, and commissions that are taken off, are converted.</param>
/// <param name="month">Commissions that are taken off are converted by the rate of its last day, documents by that of their invoice's month.</param>
internal sealed class CommissionRun(SchemesInForce schemes, CommissionRates rates, Period month)
{
    public EarnedCommissions Of(
        IReadOnlyList<OrganizationRef> distributors, IReadOnlyList<OrganizationRef> partners, IReadOnlyList<InvoicedNet> documents)
    {
        var ofPartner = documents.ToLookup(x => OrganizationPath.At(x.OwnerPath, OrganizationKind.Partner) ?? "", StringComparer.Ordinal);
        var ofDistributor = documents.ToLookup(x => OrganizationPath.At(x.OwnerPath, OrganizationKind.Distributor) ?? "", StringComparer.Ordinal);
        var (earned, errors) = (new List<EarnedCommission>(), new List<OperationError>());
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        var below = new Dictionary<string, List<EarnedCommission>>(StringComparer.Ordinal);
        foreach (var partner in partners)
        {
            if (schemes.Of(partner) is not { } scheme || !ofPartner[partner.Path].Any())
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
            if (schemes.Of(distributor) is not { } scheme || !ofDistributor[distributor.Path].Any())
                continue;
            if (Earn(distributor, scheme, [.. ofDistributor[distributor.Path]], errors) is not { } commission)
                continue;
            if (scheme.Basis is CommissionBasis.Own)
                earned.Add(commission);
            else if (unknown.Contains(distributor.Path))
                errors.Add(new OperationError(
                    distributor.ExternalId, "partner_commission_missing", "A partner's commission cannot be told, so it cannot be taken off."));
            else if (TakenOff(distributor, below.GetValueOrDefault(distributor.Path, []), errors) is { } overridden)
                earned.Add(commission with { Overridden = overridden });
        }

        return new EarnedCommissions([.. earned.OrderBy(x => x.Organization.Path, StringComparer.Ordinal)], errors);
    }

    // Each rounded to the minor unit, so that what is taken off is the sum of amounts that can be told.
    private Money? TakenOff(OrganizationRef distributor, List<EarnedCommission> partners, List<OperationError> errors)
    {
        var sum = Money.Zero(distributor.Currency);
        foreach (var commission in partners.Select(x => x.Commission))
        {
            if (rates.Find(commission.Currency, distributor.Currency, month) is not { } rate)
            {
                errors.Add(StatementRefusals.ExchangeRateMissing(distributor.ExternalId, commission.Currency, distributor.Currency));
                return null;
            }

            sum += ((Exact)commission.Amount * rate).Round(distributor.Currency);
        }

        return sum;
    }

    private EarnedCommission? Earn(
        OrganizationRef organization, AppliedScheme scheme, IReadOnlyList<InvoicedNet> documents, List<OperationError> errors)
    {
        var currency = organization.Currency;
        var lines = new EarnedLine[documents.Count];
        for (var i = 0; i < lines.Length; i++)
        {
            var document = documents[i];
            if (rates.Find(document.Net.Currency, currency, document.InvoicePeriod) is not { } rate)
            {
                errors.Add(StatementRefusals.ExchangeRateMissing(organization.ExternalId, document.Net.Currency, currency));
                return null;
            }

            lines[i] = new EarnedLine(document, rate, document.Net.Amount * rate, 0m);
        }

        var basis = new Money(lines.Sum(x => x.Net), currency);
        var commission = new CommissionTiers(scheme.Tiers, scheme.Mode).On(basis);
        var shares = Allocation.ByLargestRemainder(commission.Amount, [.. lines.Select(x => x.Net)]);
        return new EarnedCommission(
            organization, scheme, basis, commission.Amount, Money.Zero(currency), commission.Steps,
            [.. lines.Zip(shares, (line, share) => line with { Commission = share.Amount })]);
    }
}
