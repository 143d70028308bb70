using Licensing.Catalog.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>Why a run does not start, and why one tenant is left out of it.</summary>
internal static class RunRefusals
{
    public static Refusal PeriodNotOver(Period period) =>
        new(RefusalKind.Conflict, "period_not_over", $"The period ends on {period.End:yyyy-MM-dd}; it can be billed from that day on.");

    public static Refusal PeriodInFuture(Period period) => new(
        RefusalKind.Invalid, "period_in_future",
        $"The period begins on {period.Start:yyyy-MM-dd}, which is yet to come; nothing can be billed for it.");

    public static Refusal RangeTooLong(int most) => new(
        RefusalKind.Invalid, "range_too_long", $"A range has 1 to {most} months, the first one first.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "billing_run_not_found", $"There is no billing run {id}.");

    public static Refusal NotHeld { get; } = new(RefusalKind.Conflict, "run_not_held", "The run does not wait for anybody.");

    public static Refusal SecondPersonNeeded { get; } = new(
        RefusalKind.Forbidden, "second_person_needed", "A held run is confirmed by another person than the one who started it.");

    public static Refusal Deviates(Guid run, IEnumerable<RunDeviation> deviations) => new(
        RefusalKind.Conflict, "deviation_too_large",
        "The drafts are far from the period before: "
        + string.Join(", ", deviations.Select(x =>
            $"{x.Net} {x.Currency} after {x.Before}{(x.Percent is { } percent ? $" ({percent:+0.##;-0.##} %)" : "")}"))
        + $". The run waits until a second person sends POST /api/v1/billing/runs/{run}/confirm, or until it is started again.");

    public static Refusal Unfinished(string period, DateTimeOffset at) => new(
        RefusalKind.Unavailable, "run_unfinished",
        $"The run of {period} is not finished: what is left can go on at {at:u}. Hosts do so by themselves; so does this command, run again.");

    public static Refusal TooManyLines(LineKey key, int most) => new(
        RefusalKind.Invalid, "too_many_lines",
        $"Subscription {key.Subscription.Value} would have more than {most} lines that begin on {key.StartsOn:yyyy-MM-dd}.");

    public static Refusal LinesDoNotAddUp(Money total) => new(
        RefusalKind.Invalid, "lines_do_not_add_up", $"The lines do not add up to the invoice's {total}.");

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

    public static Refusal RowsRefused(string? constraint) => new(
        RefusalKind.Unavailable, "rows_refused",
        $"The database refuses what would be written{(constraint is null ? "" : $" ({constraint})")}; the log has the reason.");

    public static Refusal UsageNotMerged { get; } = new(
        RefusalKind.Unavailable, "usage_not_merged",
        "Usage of this month cannot be added up on our side, so it would be billed short; "
        + "'ops usage verify --repair' says why and mends what it can.");

    public static Refusal TenantMissing { get; } = new(RefusalKind.Invalid, "tenant_missing", "There is no such tenant.");

    public static Refusal RatingFailed { get; } =
        new(RefusalKind.Unavailable, "rating_failed", "Rating this tenant failed on our side; the log has the reason.");
}
