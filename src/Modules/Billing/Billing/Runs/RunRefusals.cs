using Licensing.Catalog.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Why a run does not start, and why one tenant is left out of it.</summary>
internal static class RunRefusals
{
    public static Refusal PeriodNotOver(Period period) =>
        new(RefusalKind.Conflict, "period_not_over", $"The period ends on {period.End:yyyy-MM-dd}; it can be billed from that day on.");

    public static Refusal NotTheSeller { get; } = new(
        RefusalKind.Forbidden, "not_the_seller", "Billing runs are started for the platform as a whole.");

    public static Refusal PlanMissing(PlanVersionId version) =>
        new(RefusalKind.Invalid, "plan_missing", $"There is no plan version {version.Value}.");

    public static Refusal ExchangeRateMissing(Currency from, Currency to, DateOnly on) => new(
        RefusalKind.Invalid, "exchange_rate_missing", $"There is no exchange rate from {from} to {to} on or before {on:yyyy-MM-dd}.");

    public static Refusal PriceMissing(UsageTotal total, Currency currency) => new(
        RefusalKind.Invalid, "price_missing",
        $"No price list in force has a price in {currency} for SKU {total.Sku}, meter {total.Meter}"
        + (total.Region.Length > 0 ? $", region {total.Region}." : "."));

    public static Refusal PriceMissing(UsageTotal total, PlanVersionRef plan) => new(
        RefusalKind.Invalid, "price_missing",
        $"No charge of plan {plan.PlanKey} prices meter {total.Meter}"
        + (total.Sku.Length > 0 ? $" (SKU {total.Sku}; the plan uses no price lists)." : ", and without a SKU no price list does."));

    public static Refusal TaxRateMissing(string country, string category) =>
        new(RefusalKind.Invalid, "tax_rate_missing", $"There is no rate of tax category {category} for {country} on the last day of the period.");

    public static Refusal DueTwice(LineKey key) => new(
        RefusalKind.Invalid, "due_twice",
        $"Subscription {key.Subscription.Value} would be charged twice "
        + $"for {(key.Charge.Length > 0 ? key.Charge : key.Sku)} from {key.StartsOn:yyyy-MM-dd}.");

    public static Refusal TenantMissing { get; } = new(RefusalKind.Invalid, "tenant_missing", "There is no such tenant.");

    public static Refusal RatingFailed { get; } =
        new(RefusalKind.Unavailable, "rating_failed", "Rating this tenant failed on our side; the log has the reason.");
}
