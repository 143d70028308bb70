using Licensing.Billing.Coupons;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Advance;

/// <summary>
/// The bill of a tenant to whom billing in advance is something: what is due for the month, with its commitments and coupons, less what was billed
/// in advance for it; then what is billed in advance for the next one. Credits pay for all of that, and it is taxed together. Pure.
/// </summary>
internal static class AdvanceRating
{
    /// <param name="account">Whose.</param>
    /// <param name="prices">Of the month.</param>
    /// <param name="due">Everything that is due for the month.</param>
    /// <param name="request">The month as a whole.</param>
    /// <param name="reductions">Coupons and credits of the month, in the places of <paramref name="due"/>.</param>
    public static Result<TenantBill> Rate(
        TenantAccount account, PeriodPrices prices, DueCharges due, RatingRequest request, GrantedReductions reductions)
    {
        if (Rater.Rate(request with { Credits = [], Taxes = null }).Refused(out var refusal, out var rated))
            return refusal;
        if (reductions.Unknown(rated.CouponsTaken) is { } unknown)
            return unknown;

        var currency = rated.Currency;
        // As which it is charged is to be known before it is compared with what was billed.
        IReadOnlyList<BilledCharge> charges =
            [.. due.Charges.Zip(rated.Lines, (charge, line) => new BilledCharge(charge, TaxTotals.Charged(line, request.Taxes ?? [])))];
        // It gives and never takes: what is charged is paid by the credits that there are now.
        var back = new MonthCredits(account.PaidAhead, new Dictionary<Guid, Exact>());
        charges = [.. BilledAhead.Less(prices.Period.Start, charges, account.BilledAhead, back), .. Ahead(account, prices)];

        var billed = new DueCharges();
        billed.Charges.AddRange(charges.Select(charge => charge.Due));
        billed.Commitments.AddRange(due.Commitments);
        var paid = GrantedReductions.On(account, billed, prices);
        var (lines, taken, ahead) = Reductions.Credits(
            [.. charges.Select(charge => charge.Line), .. rated.TrueUpLines], request with { Credits = paid.Credits },
            [.. Enumerable.Range(0, charges.Count).Where(i => charges[i].Due.AheadOf is not null)]);
        TaxRate[] rates =
        [
            .. (request.Taxes ?? []).Concat(lines.Where(line => line is { TaxCategory: not null, TaxPercent: not null })
                .Select(line => new TaxRate(line.TaxCategory!, line.TaxPercent!.Value))).Distinct(),
        ];
        if (!TaxTotals.TryApply(lines, rates, currency, out var taxes))
            return RatingRefusals.AmountTooLarge("/taxes");

        var bill = new RatedBill(currency, lines[..charges.Count], lines[charges.Count..], taxes)
        {
            CouponsTaken = rated.CouponsTaken,
            CreditsTaken = taken,
        };
        if (!((Exact)bill.Total.Amount).TryRound(currency, out _))
            return RatingRefusals.AmountTooLarge("/taxes");
        charges = [.. charges.Zip(bill.Lines, (charge, line) => charge with { Line = line }).Where(charge => charge.SaysSomething)];
        var adjusted = charges.Where(charge => charge.Due.Adjustment is not null).Select(charge => charge.Due.Key).ToHashSet();
        return new TenantBill(
            account.Tenant, bill,
            [
                .. charges.Where(charge => charge.Due.AheadOf is null),
                .. bill.TrueUpLines.Select(line => due.Commitments[line.Commitment!.Value].Of(line)),
                .. charges.Where(charge => charge.Due.AheadOf is not null),
            ])
        {
            Uses =
            [
                .. (reductions with { Credits = paid.Credits, OfCredits = paid.OfCredits }).UsesOf(bill, prices.Period.End, ahead),
                .. back.Uses(prices.Period.Start),
            ],
            Adjusted = [.. account.BilledAhead.Where(line => adjusted.Contains(line.Key)).Select(line => line.Invoice).Distinct()],
        };
    }

    // What cannot be rated or taxed yet keeps nobody's bill back: it is billed with its own month, which says why not.
    private static IReadOnlyList<BilledCharge> Ahead(TenantAccount account, PeriodPrices prices)
    {
        if (account.Next.Count == 0 || prices is not { AheadOf: { } next, TaxesAhead: { } table })
            return [];
        var charges = account.Next.SelectMany(subscription => Charges(subscription, account, prices, next)).ToList();
        if (Rater.Rate(new RatingRequest(account.Tenant.Currency, next, [.. charges.Select(charge => charge.Item)])).Refused(out _, out var rated))
            return [];
        var taxes = table.Of(account.Tenant);
        if (charges.Exists(charge => taxes.All(tax => tax.Category != charge.Item.TaxCategory)))
            return [];
        return
        [
            .. charges.Zip(rated.Lines, (charge, line) => new BilledCharge(
                charge with { AheadOf = next.Start }, TaxTotals.Charged(line, taxes))),
        ];
    }

    private static IEnumerable<DueCharge> Charges(
        BillableSubscription subscription, TenantAccount account, PeriodPrices prices, Period next)
    {
        foreach (var (version, spans, _) in TenantRating.Runs(subscription, prices))
            if (version.Charges.Any(charge => charge.InAdvance)
                && !prices.Between(version.Currency, account.Tenant.Currency).Refused(out _, out var rate))
                foreach (var charge in version.Charges.Where(charge => charge is { InAdvance: true, Meter: null }))
                    foreach (var due in TenantRating.PlanCharges(subscription, version, charge, spans, next, rate.Exchange))
                        yield return due;
    }
}
