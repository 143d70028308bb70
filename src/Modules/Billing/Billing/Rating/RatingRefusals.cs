namespace Licensing.Billing.Rating;

/// <summary>The codes of what cannot be priced. Each names one field by its pointer.</summary>
internal static class RatingRefusals
{
    public static FieldError UnknownModel(string? model) => new("/model", "unknown_model",
        $"model '{model}' is none of flat, perUnit, graduated, volume, package, percentage, stairstep.");

    public static FieldError Required(string pointer) => new(pointer, "required", $"{pointer[1..]} is required for this model.");

    public static FieldError NotOfModel(string pointer, string? model) =>
        new(pointer, "not_of_model", $"{pointer[1..]} is not used by the model {model}.");

    public static FieldError Negative(string pointer) => new(pointer, "must_not_be_negative", $"{pointer[1..]} must not be negative.");

    public static FieldError NotPositive(string pointer) => new(pointer, "must_be_positive", $"{pointer[1..]} must be above zero.");

    public static FieldError NoTiers() => new("/tiers", "tiers_missing", "tiers needs at least one tier.");

    public static FieldError TooManyTiers(int most) => new("/tiers", "out_of_range", $"tiers must have at most {most} items.");

    public static FieldError TierNotAscending(int index) => new($"/tiers/{index}/upTo", "tiers_not_ascending",
        "upTo must be above zero and above the upTo of the tier before.");

    public static FieldError TierUnbounded(int index) => new($"/tiers/{index}/upTo", "tier_unbounded", "Only the last tier has no upTo.");

    public static FieldError LastTierBounded(int index) => new($"/tiers/{index}/upTo", "last_tier_bounded",
        "The last tier has no upTo, so that every quantity has a price.");

    public static FieldError MaximumBelowMinimum(string pointer) => new(pointer, "maximum_below_minimum",
        $"{pointer[1..]} must not be below minimum.");

    public static FieldError EventsRequired() => new("/events", "events_required",
        "Free events, a fixed fee and a minimum or maximum per event need the amount of every event.");

    public static FieldError OutsidePeriod(string pointer) => new(pointer, "outside_period", "The active days must lie in the period.");

    public static FieldError NotAPercentage(string pointer) => new(pointer, "not_a_percentage", $"{pointer[1..]} must be between 0 and 100.");

    public static FieldError CouponNeedsOne(int index) => new($"/coupons/{index}", "coupon_percent_or_amount",
        "A coupon is either a percent or an amount.");

    public static FieldError NoTaxRate(string category) => new("/taxCategory", "tax_rate_missing",
        $"There is no tax rate for category '{category}'.");

    public static FieldError DuplicateTaxRate(int index) => new($"/taxes/{index}/category", "tax_rate_duplicate",
        "There are two rates for one tax category.");

    public static Refusal AmountTooLarge(string pointer)
    {
        const string message = "The amount is above 10^18 minor units of the currency.";
        return new(RefusalKind.Invalid, "amount_too_large", message) { Fields = [new(pointer, "amount_too_large", message)] };
    }

    public static Refusal CreditExceedsLine(Money left) => new(RefusalKind.Invalid, "credit_exceeds_line",
        $"No more than {left} of this line is left to credit, and a credit has the sign of its line.");

    public static IEnumerable<FieldError> Under(this IEnumerable<FieldError> errors, string prefix) =>
        errors.Select(error => error with { Pointer = prefix + error.Pointer });
}
