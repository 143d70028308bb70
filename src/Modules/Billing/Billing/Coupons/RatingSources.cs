using Licensing.Billing.Data;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>What rating needs beside prices and usage, read for a chunk of tenants at once: exchange rates, coupons and credits.</summary>
internal sealed class RatingSources(BillingDb db, IExchangeRates rates)
{
    /// <summary>
    /// The prices with the rates in force on the period's last day, from what plans and coupons are in into what tenants are billed in. There is
    /// nothing to read where all are in one currency.
    /// </summary>
    public async Task<PeriodPrices> WithRatesAsync(
        PeriodPrices prices, IEnumerable<OrganizationRef> tenants, ILookup<OrganizationId, GrantedReduction> reductions, CancellationToken ct)
    {
        var to = tenants.Select(tenant => tenant.Currency).Distinct().ToList();
        var from = prices.Plans.Values.Select(plan => plan.Currency)
            .Concat(reductions.SelectMany(own => own).Where(x => x.Amount is not null).Select(x => x.Amount!.Value.Currency)).Distinct().ToList();
        if (to.Count == 0 || from.All(currency => to.Count == 1 && to[0] == currency))
            return prices;

        var found = await rates.InForceAsync(from, to, prices.Period.End.AddDays(-1), ct);
        return prices with
        {
            Rates = found.ToDictionary(rate => (rate.From, rate.To), rate => new Exchange(rate.From, rate.Rate, rate.Date)),
        };
    }

    /// <summary>The coupons and credits of these tenants in force on some day of the period, in the order in which they are used.</summary>
    /// <param name="period">The month that is billed.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="redrawnBy">The seller whose drafts of the period are drawn anew: what they use is free again. Null where they stay.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<ILookup<OrganizationId, GrantedReduction>> ReductionsAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, OrganizationId? redrawnBy, CancellationToken ct)
    {
        var drafted = redrawnBy is { } seller ? await DraftedAsync(period, tenants, seller, ct) : [];
        var returning = drafted.Keys.ToList();
        var redeemed = await (
            from redemption in db.CouponRedemptions.AsNoTracking()
            where tenants.Contains(redemption.TenantId) && redemption.StartsOn < period.End
                && (redemption.EndsOn == null || redemption.EndsOn > period.Start)
            join coupon in db.Coupons.AsNoTracking() on redemption.CouponId equals coupon.Id
            select new { redemption, coupon }).ToListAsync(ct);
        var credits = await db.Credits.AsNoTracking()
            .Where(x => tenants.Contains(x.TenantId) && (x.Remaining > 0 || returning.Contains(x.Id)) && x.ValidFrom < period.End
                && (x.ValidUntil == null || x.ValidUntil > period.Start))
            .ToListAsync(ct);

        // By text, the order in which the database has ids. What is lost first is used first.
        var coupons = redeemed.OrderBy(x => x.redemption.Id.ToString(), StringComparer.Ordinal)
            .Select(x => (x.redemption.TenantId, Of(x.redemption, x.coupon)));
        return coupons
            .Concat(credits.OrderBy(x => x.ValidUntil ?? DateOnly.MaxValue).ThenBy(x => x.Id.ToString(), StringComparer.Ordinal)
                .Select(x => (x.TenantId, Of(x, x.Remaining + drafted.GetValueOrDefault(x.Id)))))
            .ToLookup(x => x.Item1, x => x.Item2);
    }

    private static GrantedReduction Of(CouponRedemption redemption, CouponOffer coupon) => new(redemption.Id, ReductionKind.Coupon)
    {
        Percent = coupon.Percent is { } percent ? (Exact)percent : null,
        Amount = coupon.Amount is { } amount ? new Money(amount, coupon.Currency!.Value) : null,
        Subscription = redemption.SubscriptionId,
        Plans = coupon.Plans,
        Charges = coupon.Charges,
    };

    private async Task<Dictionary<Guid, decimal>> DraftedAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, OrganizationId seller, CancellationToken ct)
    {
        var ids = tenants.Select(tenant => tenant.Value).ToArray();
        // From the uses, which are few, to their invoices; the other way round each chunk would read what all chunks before it have drafted.
        var used = await db.Database.SqlQuery<Drafted>($"""
            select u.reduction_id as "ReductionId", sum(u.consumed) as "Consumed"
            from billing.reduction_uses u
            cross join lateral (
                select from billing.invoices i
                where i.id = u.invoice_id and i.tenant_id = u.tenant_id and i.status = 'Draft'
                    and i.seller_id = {seller.Value} and i.period_start = {period.Start} and i.period_end = {period.End} offset 0) i
            where u.tenant_id = any ({ids}) and u.kind = 'Credit' and u.consumed > 0
            group by u.reduction_id
            """).ToListAsync(ct);
        return used.ToDictionary(x => x.ReductionId, x => x.Consumed);
    }

    private sealed record Drafted(Guid ReductionId, decimal Consumed);

    private static GrantedReduction Of(GrantedCredit credit, decimal remaining) => new(credit.Id, ReductionKind.Credit)
    {
        Amount = credit.Currency is { } currency ? new Money(remaining, currency) : null,
        Quantity = credit.Quantity is null ? null : (Exact)remaining,
        Meter = credit.Meter,
        Sku = credit.Sku,
        Subscription = credit.SubscriptionId,
    };
}
