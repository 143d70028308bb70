using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Coupons;

internal enum ReductionKind { Coupon, Credit }

/// <summary>
/// A coupon that a tenant has redeemed, or what is left of a credit; just one of percent, amount and quantity.
/// </summary>
/// <param name="Id">Of the redemption or the credit.</param>
/// <param name="Kind">Which of the two.</param>
internal sealed record GrantedReduction(Guid Id, ReductionKind Kind)
{
    public Exact? Percent { get; init; }

    public Money? Amount { get; init; }

    /// <summary>Units of <see cref="Meter"/>; only of a credit.</summary>
    public Exact? Quantity { get; init; }

    public string? Meter { get; init; }

    /// <summary>Null: of any SKU and of none.</summary>
    public string? Sku { get; init; }

    /// <summary>By which an amount in another currency was converted for the bill.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>Null: all of the tenant's.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>Keys; empty: any plan.</summary>
    public IReadOnlyList<string> Plans { get; init; } = [];

    /// <summary>Keys of plans' charges; empty: any, and usage priced from lists and true-ups too.</summary>
    public IReadOnlyList<string> Charges { get; init; } = [];

    public bool IsForAll => Subscription is null && Plans.Count == 0 && Charges.Count == 0 && Quantity is null;

    public bool Covers(DueCharge due) =>
        Covers(due.Key.Subscription, due.PlanKey) && (Charges.Count == 0 || Charges.Contains(due.Key.Charge))
        && (Quantity is null || (due.IsUsage && due.Key.Meter == Meter && (Sku is null || Sku == due.Key.Sku)));

    public bool Covers(DueCommitment due) => Charges.Count == 0 && Quantity is null && Covers(due.Subscription, due.PlanKey);

    private bool Covers(SubscriptionId subscription, string plan) =>
        (Subscription is null || Subscription == subscription) && (Plans.Count == 0 || Plans.Contains(plan));
}

/// <summary>What a coupon or credit gave on one bill.</summary>
/// <param name="Reduction">Which.</param>
/// <param name="Amount">Off the bill's nets; of a coupon unrounded, since all coupons are rounded together.</param>
/// <param name="Consumed">What is no longer left of a credit, in its own unit; below zero, what it gets back. 0 of a coupon.</param>
internal sealed record ReductionUse(GrantedReduction Reduction, Exact Amount, Exact Consumed)
{
    /// <summary>
    /// The first day of the month that it is for where that is not the bill's own: one that was billed and is adjusted, or the next one, for which
    /// is billed in advance. What was given of a month goes back as a use of the same month, whatever becomes of the invoices.
    /// </summary>
    public DateOnly? Adjusts { get; init; }
}

/// <summary>The coupons and credits of one bill, in the places in which the rater knows them.</summary>
internal sealed record GrantedReductions(
    IReadOnlyList<Coupon> Coupons, IReadOnlyList<RatingCredit> Credits, IReadOnlyList<GrantedReduction> OfCoupons,
    IReadOnlyList<GrantedReduction> OfCredits)
{
    private static readonly GrantedReductions None = new([], [], [], []);

    // Why, of each coupon by its place whose amount is in a currency without a rate.
    private IReadOnlyDictionary<int, Refusal> WithoutRate { get; init; } = new Dictionary<int, Refusal>();

    public static GrantedReductions On(TenantAccount account, DueCharges due, PeriodPrices prices)
    {
        if (account.Reductions.Count == 0 || due.Charges.Count + due.Commitments.Count == 0)
            return None;

        var (coupons, ofCoupons, withoutRate) = (new List<Coupon>(), new List<GrantedReduction>(), new Dictionary<int, Refusal>());
        foreach (var granted in account.Reductions.Where(x => x.Kind is ReductionKind.Coupon))
        {
            Exact? amount = null;
            Exchange? exchange = null;
            if (granted.Amount is { } money)
            {
                if (prices.Between(money.Currency, account.Tenant.Currency).Refused(out var missing, out var rate))
                    withoutRate.Add(coupons.Count, missing);
                exchange = rate.Exchange;
                // Whatever it is worth: as if it took everything, which tells whether there is anything to take.
                amount = missing is null ? money.Amount * (exchange?.Rate ?? 1) : decimal.MaxValue;
            }

            coupons.Add(new Coupon(granted.Percent, amount) { Lines = Lines(granted, due) });
            ofCoupons.Add(granted with { Exchange = exchange });
        }

        // What is paid for in one currency is not spent in another; it waits for a bill in its own.
        var credits = account.Reductions.Where(x => x.Kind is ReductionKind.Credit
            && (x.Amount is null || x.Amount.Value.Currency == account.Tenant.Currency)).ToList();
        return new GrantedReductions(
            coupons, [.. credits.Select(x => new RatingCredit(x.Amount?.Amount, x.Quantity) { Lines = Lines(x, due) })], ofCoupons, credits)
        {
            WithoutRate = withoutRate,
        };
    }

    /// <summary>Why it is not known what the bill's coupons take off it, where one would take something whose amount has no rate.</summary>
    /// <param name="taken">What each took, in the places of <see cref="OfCoupons"/>.</param>
    public Refusal? Unknown(IReadOnlyList<Exact> taken) =>
        WithoutRate.Where(coupon => taken[coupon.Key].Sign != 0).Select(coupon => coupon.Value).FirstOrDefault();

    /// <summary>Those that gave something on the bill.</summary>
    public IReadOnlyList<ReductionUse> UsesOf(RatedBill bill) =>
    [
        .. OfCoupons.Select((coupon, i) => new ReductionUse(coupon, bill.CouponsTaken[i], 0)).Where(use => use.Amount.Sign != 0),
        .. OfCredits.Select((credit, i) => new ReductionUse(
                credit, bill.CreditsTaken[i].Amount.Amount,
                credit.Quantity is null ? bill.CreditsTaken[i].Amount.Amount : bill.CreditsTaken[i].Quantity))
            .Where(use => use.Consumed.Sign != 0),
    ];

    /// <summary>The same where some of the lines are in advance: what credits gave of these is of the month that they are for.</summary>
    /// <param name="bill">All of it.</param>
    /// <param name="next">The first day of that month.</param>
    /// <param name="ahead">What each credit gave of those lines, in the places of the credits.</param>
    public IEnumerable<ReductionUse> UsesOf(RatedBill bill, DateOnly next, IReadOnlyList<Money> ahead)
    {
        foreach (var use in UsesOf(bill))
        {
            var place = OfCredits.ToList().FindIndex(credit => credit.Id == use.Reduction.Id);
            // Credits in units pay for usage alone, and none of that is billed in advance.
            if (place < 0 || ahead[place].Amount == 0)
            {
                yield return use;
                continue;
            }

            // Where the month's own lines come to less than nothing, what it paid went in advance as a whole.
            var part = Exact.Min(ahead[place].Amount, use.Amount);
            if (use.Amount != part)
                yield return use with { Amount = use.Amount - part, Consumed = use.Consumed - part };
            yield return use with { Amount = part, Consumed = part, Adjusts = next };
        }
    }

    private static LinesOf? Lines(GrantedReduction granted, DueCharges due) => granted.IsForAll
        ? null
        : new LinesOf(Places(due.Charges, granted.Covers), Places(due.Commitments, granted.Covers));

    private static HashSet<int> Places<T>(List<T> all, Func<T, bool> covered) => [.. Enumerable.Range(0, all.Count).Where(i => covered(all[i]))];
}
