namespace Licensing.Billing.Rating;

/// <summary>One charge with what it is charged for.</summary>
internal sealed record RatingItem(string Name, Charge Charge, UsageAggregate Usage)
{
    /// <summary>Null is outside tax.</summary>
    public string? TaxCategory { get; init; }

    /// <summary>The days of this item when they are not those of the request.</summary>
    public Period? Active { get; init; }

    /// <summary>Where the price is in another currency than the request: what turns its amounts into it.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>The line gives back what the charge would cost; the mirror of the charge to the cent.</summary>
    public bool IsCredit { get; init; }
}

/// <summary>A rate as it was recorded, and kept with what was computed by it.</summary>
internal sealed record Exchange(Currency From, Exact Rate, DateOnly On);

/// <summary>
/// Which lines something is about: items of the request by their places, and what commitments add by theirs. The lines of everything are
/// a null of this.
/// </summary>
internal sealed record LinesOf(IReadOnlySet<int> Items, IReadOnlySet<int> Commitments)
{
    public bool Has(RatedLine line, int place) => line.Commitment is { } commitment ? Commitments.Contains(commitment) : Items.Contains(place);
}

/// <summary>Bounds of what some lines come to, before coupons.</summary>
internal sealed record Commitment(string Name)
{
    /// <summary>Places of the items; null is all of them.</summary>
    public IReadOnlySet<int>? Items { get; init; }

    /// <summary>For the full period; charged for <see cref="Days"/>.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>The most, however many days there are.</summary>
    public Exact? Cap { get; init; }

    /// <summary>Null is the whole period.</summary>
    public Proration? Days { get; init; }

    /// <summary>The part of <see cref="Cap"/> that is this one's; null is all of it.</summary>
    public Proration? Part { get; init; }

    /// <summary>Which whole this is a part of, by any number of its own: parts of one are rounded together. Null is by itself.</summary>
    public int? SharedBound { get; init; }

    /// <summary>
    /// Tax category of the true-up; null spreads it over the categories of the lines, in proportion, or is the standard one where they come to
    /// nothing.
    /// </summary>
    public string? TaxCategory { get; init; }

    public Exchange? Exchange { get; init; }
}

/// <summary>Either a percentage or an amount in whole units of the currency.</summary>
internal sealed record Coupon(Exact? Percent, Exact? Amount)
{
    /// <summary>Null is all lines.</summary>
    public LinesOf? Lines { get; init; }
}

/// <summary>
/// Something paid or granted before: money, taken off the lines in proportion, or a quantity, which takes as much of a line's net as it is of
/// the line's quantity. Money is in whole minor units.
/// </summary>
internal sealed record RatingCredit(Exact? Amount, Exact? Quantity)
{
    /// <summary>Null is all lines.</summary>
    public LinesOf? Lines { get; init; }
}

/// <summary>The rate of a tax category on the tax date. Of a hundred: 20 is 20 %.</summary>
/// <param name="Category">Of the price.</param>
internal sealed record TaxRate(string Category, Exact Percent)
{
    /// <summary>The category of what is of no other.</summary>
    public const string Standard = "S";

    /// <summary>The category as which it is charged: that of the price, but for who is charged another one.</summary>
    public string As { get; init; } = Category;

    /// <summary>Why nothing is taxed, where that is said.</summary>
    public TaxReason? Reason { get; init; }

    /// <summary>
    /// Under which EN 16931 knows what has a rate: <c>S</c>, whatever we call it, but for the taxes of the Canary Islands and of Ceuta and Melilla.
    /// Lines of one kind and percent are taxed together.
    /// </summary>
    public string Kind => IsLocal(As) ? As : Standard;

    public static bool IsLocal(string? category) => category is "L" or "M";

    /// <summary>The line as it is charged.</summary>
    public RatedLine On(RatedLine line) => line with
    {
        TaxCategory = As,
        TaxPercent = Percent,
        TaxReason = line.TaxReason ?? Reason,
        PriceCategory = line.PriceCategory ?? line.TaxCategory,
    };
}

/// <summary>Everything a bill depends on. Amounts are in whole units of <paramref name="Currency"/> and may be finer than its minor unit.</summary>
/// <param name="Currency">Of every amount.</param>
/// <param name="Period">The full period that the prices are for.</param>
/// <param name="Items">One line each.</param>
internal sealed record RatingRequest(Currency Currency, Period Period, IReadOnlyList<RatingItem> Items)
{
    /// <summary>The days to charge; null is the whole period.</summary>
    public Period? Active { get; init; }

    /// <summary>Commitment for the full period, before coupons; prorated by <see cref="Active"/>.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>Tax category of the true-up; null spreads it over the categories of the lines, in proportion.</summary>
    public string? MinimumTaxCategory { get; init; }

    /// <summary>The most that the lines come to, before coupons; not prorated.</summary>
    public Exact? Cap { get; init; }

    /// <summary>Bounds of parts of the bill, one after the other and before <see cref="Cap"/> and <see cref="Minimum"/>.</summary>
    public IReadOnlyList<Commitment> Commitments { get; init; } = [];

    public IReadOnlyList<Coupon> Coupons { get; init; } = [];

    /// <summary>After the coupons, in this order but for quantities, which come last.</summary>
    public IReadOnlyList<RatingCredit> Credits { get; init; } = [];

    /// <summary>What bounds the bill as a whole.</summary>
    public Commitment Whole => new("Minimum commitment")
    {
        Minimum = Minimum,
        Cap = Cap,
        Days = Proration.Of(Active ?? Period, Period),
        TaxCategory = MinimumTaxCategory,
    };

    /// <summary>Null leaves tax out altogether; a list must have the rate of every category that occurs.</summary>
    public IReadOnlyList<TaxRate>? Taxes { get; init; }

    public IReadOnlyList<FieldError> Validate()
    {
        List<FieldError> errors = [];
        if (Active is { } active && !Period.Contains(active))
            errors.Add(RatingRefusals.OutsidePeriod("/active"));
        for (var i = 0; i < Items.Count; i++)
            errors.AddRange(Validate(Items[i], i));

        if (Minimum is { Sign: < 0 })
            errors.Add(RatingRefusals.Negative("/minimum"));
        if (Cap is { Sign: < 0 })
            errors.Add(RatingRefusals.Negative("/cap"));
        else if (Cap is { } cap && Minimum is { } minimum && cap < minimum)
            errors.Add(RatingRefusals.MaximumBelowMinimum("/cap"));

        for (var i = 0; i < Coupons.Count; i++)
            errors.AddRange(Validate(Coupons[i], i));
        for (var i = 0; i < (Taxes?.Count ?? 0); i++)
        {
            if (Taxes![i].Percent.Sign < 0 || Taxes[i].Percent > 100)
                errors.Add(RatingRefusals.NotAPercentage($"/taxes/{i}/percent"));
            if (Taxes.Take(i).Any(tax => tax.Category == Taxes[i].Category))
                errors.Add(RatingRefusals.DuplicateTaxRate(i));
        }

        if (Minimum is not null && LacksRate(MinimumTaxCategory))
            errors.Add(RatingRefusals.NoTaxRate(MinimumTaxCategory!) with { Pointer = "/minimumTaxCategory" });
        return errors;
    }

    private IEnumerable<FieldError> Validate(RatingItem item, int index)
    {
        foreach (var error in item.Charge.Validate().Concat(item.Charge.Validate(item.Usage)).Under($"/charges/{index}"))
            yield return error;
        if (item.Active is { } active && !Period.Contains(active))
            yield return RatingRefusals.OutsidePeriod($"/charges/{index}/active");
        if (LacksRate(item.TaxCategory))
            yield return RatingRefusals.NoTaxRate(item.TaxCategory!) with { Pointer = $"/charges/{index}/taxCategory" };
    }

    private static IEnumerable<FieldError> Validate(Coupon coupon, int index)
    {
        if (coupon.Percent is null == coupon.Amount is null)
            yield return RatingRefusals.CouponNeedsOne(index);
        if (coupon.Percent is { } percent && (percent.Sign < 0 || percent > 100))
            yield return RatingRefusals.NotAPercentage($"/coupons/{index}/percent");
        if (coupon.Amount is { Sign: < 0 })
            yield return RatingRefusals.Negative($"/coupons/{index}/amount");
    }

    private bool LacksRate(string? category) => category is not null && Taxes is not null && Taxes.All(tax => tax.Category != category);
}
