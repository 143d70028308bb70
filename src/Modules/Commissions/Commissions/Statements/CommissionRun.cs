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
internal sealed record EarnedLine(InvoicedNet Document, decimal Rate, decimal Net, decimal Commission)
{
    /// <summary>What was charged by which plan; none by a scheme that does not ask.</summary>
    public IReadOnlyList<EarnedPart> Parts { get; init; } = [];

    /// <summary>The same with another commission, shared by its parts as they earned, else by what they are of.</summary>
    public EarnedLine Earning(decimal commission, Currency currency)
    {
        if (Parts.Count == 0 || commission == Commission)
            return this with { Commission = commission };
        IReadOnlyList<decimal> weights = [.. Parts.Select(x => x.Commission)];
        if (weights.Sum() == 0m)
            weights = [.. Parts.Select(x => Math.Abs(x.Net))];
        var shares = Allocation.ByLargestRemainder(new Money(commission, currency), weights);
        return this with { Commission = commission, Parts = [.. Parts.Zip(shares, (x, share) => x with { Commission = share.Amount })] };
    }

    /// <summary>What takes it back.</summary>
    public EarnedLine Back() => this with
    {
        Net = -Net,
        Commission = -Commission,
        Document = Document with { Net = -Document.Net },
        Parts = [.. Parts.Select(x => x with { Net = -x.Net, Commission = -x.Commission })],
    };
}

/// <summary>What of a document was charged by one plan.</summary>
/// <param name="Plan">Null where the line does not know.</param>
/// <param name="Product">The plan's.</param>
/// <param name="Percent">Of the rate of its own; null: it falls to the tiers.</param>
/// <param name="Net">In the organisation's currency, unrounded.</param>
/// <param name="Commission">Its share.</param>
internal sealed record EarnedPart(string? Plan, string? Product, decimal? Percent, decimal Net, decimal Commission);

/// <summary>What one organisation earns in a month, with the documents it comes from.</summary>
internal sealed record EarnedCommission(
    OrganizationRef Organization, AppliedScheme Scheme, Money Basis, Money Gross, Money Overridden, IReadOnlyList<CommissionStep> Steps,
    IReadOnlyList<EarnedLine> Lines)
{
    /// <summary>What was earned by rates of plans and products, beside the steps of tiers.</summary>
    public IReadOnlyList<RatedBasis> Rated { get; init; } = [];

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
/// <param name="parts">Of documents, by their ids; asked for only where a scheme has rates of its own.</param>
internal sealed class CommissionRun(SchemesInForce schemes, ExchangeRatesUsed rates, Period month, ILookup<Guid, InvoicedPart> parts)
{
    public EarnedCommissions Of(
        IReadOnlyList<OrganizationRef> distributors, IReadOnlyList<OrganizationRef> partners, IReadOnlyList<InvoicedNet> documents)
    {
        var (ofPartner, ofDistributor) = (Beneath(OrganizationKind.Partner, documents), Beneath(OrganizationKind.Distributor, documents));
        var (earned, errors) = (new List<EarnedCommission>(), new List<OperationError>());
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        var below = new Dictionary<string, List<EarnedCommission>>(StringComparer.Ordinal);
        foreach (var partner in partners)
        {
            if (schemes.Of(partner) is not { } scheme || ofPartner.GetValueOrDefault(partner.Path) is not { } sold)
                continue;

            var distributor = OrganizationPath.At(partner.Path, OrganizationKind.Distributor)!;
            if (Earn(partner, scheme, sold, errors) is not { } commission)
            {
                unknown.Add(distributor);
                continue;
            }

            earned.Add(commission);
            (below.TryGetValue(distributor, out var siblings) ? siblings : below[distributor] = []).Add(commission);
        }

        foreach (var distributor in distributors)
        {
            if (schemes.Of(distributor) is not { } scheme || ofDistributor.GetValueOrDefault(distributor.Path) is not { } sold)
                continue;
            if (Earn(distributor, scheme, sold, errors) is not { } commission)
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

    // They come in the order of the tree, so what is beneath one organisation stands together.
    private static Dictionary<string, List<InvoicedNet>> Beneath(OrganizationKind kind, IReadOnlyList<InvoicedNet> documents)
    {
        var beneath = new Dictionary<string, List<InvoicedNet>>(StringComparer.Ordinal);
        var (path, some) = ((string?)null, new List<InvoicedNet>());
        foreach (var document in documents)
        {
            if (path is null || !document.OwnerPath.StartsWith(path, StringComparison.Ordinal))
            {
                path = OrganizationPath.At(document.OwnerPath, kind);
                if (path is null)
                    continue;
                some = beneath.TryGetValue(path, out var known) ? known : beneath[path] = [];
            }

            some.Add(document);
        }

        return beneath;
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
        OrganizationRef organization, AppliedScheme scheme, List<InvoicedNet> documents, List<OperationError> errors)
    {
        var currency = organization.Currency;
        var (byRate, nets) = (new decimal[documents.Count], new decimal[documents.Count]);
        for (var i = 0; i < nets.Length; i++)
        {
            var document = documents[i];
            if (rates.Find(document.Net.Currency, currency, document.InvoicePeriod) is not { } rate)
            {
                errors.Add(StatementRefusals.ExchangeRateMissing(organization.ExternalId, document.Net.Currency, currency));
                return null;
            }

            (byRate[i], nets[i]) = (rate, document.Net.Amount * rate);
        }

        if (scheme.Rates.Count > 0)
            return ByRates(organization, scheme, [.. documents.Select((document, i) => new EarnedLine(document, byRate[i], nets[i], 0m))]);
        var basis = new Money(nets.Sum(), currency);
        var commission = new CommissionTiers(scheme.Tiers, scheme.Mode).On(basis);
        var shares = Allocation.ByLargestRemainder(commission.Amount, nets);
        return new EarnedCommission(
            organization, scheme, basis, commission.Amount, Money.Zero(currency), commission.Steps,
            [.. documents.Select((document, i) => new EarnedLine(document, byRate[i], nets[i], shares[i].Amount))]);
    }

    // Each part by the most specific of its rates, what is left by the tiers; the sum is rounded once, and shared first by what earned it.
    private EarnedCommission ByRates(OrganizationRef organization, AppliedScheme scheme, EarnedLine[] lines)
    {
        var (currency, own) = (organization.Currency, new OwnRates(scheme.Rates));
        var all = new List<(int Line, int? By, EarnedPart Part)>();
        for (var i = 0; i < lines.Length; i++)
        {
            var (line, known) = (lines[i], parts[lines[i].Document.DocumentId].ToList());
            // Nobody tells its parts: all of it is of no plan.
            if (known.Count == 0)
                known.Add(new InvoicedPart(line.Document.DocumentId, null, null, line.Document.Net.Amount));
            foreach (var part in known)
            {
                var by = own.For(part.Plan, part.Product);
                all.Add((i, by, new EarnedPart(part.Plan, part.Product, by is { } at ? scheme.Rates[at].Percent : null, part.Net * line.Rate, 0m)));
            }
        }

        // The tiers first, then the rates as they are agreed.
        List<(int? By, List<int> Places, decimal Basis)> groups = [.. Enumerable.Range(0, all.Count).GroupBy(i => all[i].By)
            .OrderBy(x => x.Key ?? -1).Select(x => (x.Key, x.ToList(), x.Sum(i => all[i].Part.Net)))];
        var tiers = new CommissionTiers(scheme.Tiers, scheme.Mode).On(
            new Money(groups.Where(x => x.By is null).Sum(x => x.Basis), currency)).Steps;
        var amounts = groups.ConvertAll(x => x.By is { } at
            ? x.Basis * (Exact)scheme.Rates[at].Percent / 100
            : Exact.Sum(tiers.Select(step => step.Amount)));
        var gross = Exact.Sum(amounts).Round(currency);
        var shares = Allocation.RoundTogether(gross, amounts);
        var earned = new decimal[all.Count];
        foreach (var (group, share) in groups.Zip(shares))
            foreach (var (place, amount) in group.Places.Zip(
                Allocation.ByLargestRemainder(share, [.. group.Places.Select(i => all[i].Part.Net)])))
                earned[place] = amount.Amount;

        var ofLine = Enumerable.Range(0, all.Count).ToLookup(i => all[i].Line, i => all[i].Part with { Commission = earned[i] });
        return new EarnedCommission(
            organization, scheme, new Money(lines.Sum(x => x.Net), currency), gross, Money.Zero(currency), tiers,
            [.. lines.Select((line, i) => line with { Commission = ofLine[i].Sum(x => x.Commission), Parts = [.. ofLine[i]] })])
        {
            Rated = [.. groups.Zip(amounts).Where(x => x.First.By is not null).Select(x => new RatedBasis(
                scheme.Rates[x.First.By!.Value], x.First.Basis, x.First.Basis * scheme.Rates[x.First.By!.Value].Percent / 100m))],
        };
    }
}
