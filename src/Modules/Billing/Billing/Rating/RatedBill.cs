namespace Licensing.Billing.Rating;

/// <summary>One line of a bill, with how it was reached.</summary>
/// <param name="Name">As in the request.</param>
/// <param name="TaxCategory">Of the price until it is taxed, then that as which it is charged. Null is outside tax.</param>
/// <param name="Quantity">Before free and included units; 1 for a flat charge; negative for a credit.</param>
/// <param name="Steps">Unrounded; none when nothing is charged.</param>
/// <param name="Days">The part of the period that was charged.</param>
/// <param name="Unrounded">The sum of the steps, in the currency of the bill.</param>
/// <param name="Amount"><paramref name="Unrounded"/> rounded half away from zero to the minor unit, once.</param>
internal sealed record RatedLine(
    string Name, string? TaxCategory, Exact Quantity, IReadOnlyList<RatingStep> Steps, Proration Days, Exact Unrounded, Money Amount)
{
    /// <summary>This line's part of what the cap takes off.</summary>
    public Money CapReduction { get; init; } = Money.Zero(Amount.Currency);

    /// <summary>This line's part of the coupons.</summary>
    public Money Discount { get; init; } = Money.Zero(Amount.Currency);

    /// <summary>This line's part of the credits, in money and in quantity.</summary>
    public Money Credit { get; init; } = Money.Zero(Amount.Currency);

    /// <summary>The place of the commitment that this line tops up; null of a line of an item.</summary>
    public int? Commitment { get; init; }

    /// <summary>Where the steps are in another currency than the line: what their sum was multiplied by.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>Of a hundred; null where nothing is taxed.</summary>
    public Exact? TaxPercent { get; init; }

    /// <summary>Why nothing is taxed, where that is said.</summary>
    public TaxReason? TaxReason { get; init; }

    /// <summary>The category of the price, once the line is taxed; null before.</summary>
    public string? PriceCategory { get; init; }

    /// <summary>This line's part of the tax of its category and rate.</summary>
    public Money Tax { get; init; } = Money.Zero(Amount.Currency);

    /// <summary>What is invoiced without tax, and what the tax is on.</summary>
    public Money Net => Amount - CapReduction - Discount - Credit;
}

/// <summary>The tax of one category and rate: the rate on the sum of the line nets, rounded once.</summary>
internal sealed record TaxTotal(string Category, Exact Percent, Money Net, Money Tax)
{
    /// <summary>Why nothing is taxed, where that is said.</summary>
    public TaxReason? Reason { get; init; }
}

/// <summary>A bill whose totals are sums of its lines: nets to <see cref="Net"/>, taxes to <see cref="Tax"/>.</summary>
/// <param name="Currency">Of every amount.</param>
/// <param name="Lines">One per item of the request, in its order.</param>
/// <param name="TrueUpLines">What the minimum commitment adds: none, or one per tax category.</param>
/// <param name="Taxes">One per rate that applied.</param>
internal sealed record RatedBill(
    Currency Currency, IReadOnlyList<RatedLine> Lines, IReadOnlyList<RatedLine> TrueUpLines, IReadOnlyList<TaxTotal> Taxes)
{
    public IEnumerable<RatedLine> AllLines => Lines.Concat(TrueUpLines);

    /// <summary>What the minimum commitment adds, before coupons.</summary>
    public Money TrueUp => Money.Sum(Currency, TrueUpLines.Select(line => line.Amount));

    public Money CapReduction => Money.Sum(Currency, AllLines.Select(line => line.CapReduction));

    /// <summary>What the coupons take off; not negative.</summary>
    public Money Discount => Money.Sum(Currency, AllLines.Select(line => line.Discount));

    /// <summary>What the credits take off; not negative.</summary>
    public Money Credit => Money.Sum(Currency, AllLines.Select(line => line.Credit));

    /// <summary>What each coupon took, unrounded, as the request has them; together they are <see cref="Discount"/> before its rounding.</summary>
    public IReadOnlyList<Exact> CouponsTaken { get; init; } = [];

    /// <summary>What each credit took, in the order of the request; the quantity of one in money is 0.</summary>
    public IReadOnlyList<(Money Amount, Exact Quantity)> CreditsTaken { get; init; } = [];

    public Money Net => Money.Sum(Currency, AllLines.Select(line => line.Net));

    public Money Tax => Money.Sum(Currency, AllLines.Select(line => line.Tax));

    public Money Total => Net + Tax;
}
