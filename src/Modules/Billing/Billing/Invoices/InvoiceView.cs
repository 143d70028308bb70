using System.Linq.Expressions;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Invoices;

/// <summary>The tax of one category and rate, with why nothing is taxed where a rate said so.</summary>
internal sealed record InvoiceTaxView(string Category, decimal Percent, Money Net, Money Tax, string? ReasonCode = null, string? Reason = null)
{
    public static InvoiceTaxView Of(InvoiceTax x, Currency currency) =>
        new(x.Category, x.Percent, new Money(x.Net, currency), new Money(x.Tax, currency), x.ReasonCode, x.Reason);
}

/// <summary>An invoice without its lines.</summary>
internal sealed record InvoiceView(
    InvoiceId Id, string? Number, InvoiceKind Kind, InvoiceStatus Status, OrganizationId TenantId, OrganizationId SellerId,
    Period Period, Money Net, Money Tax, Money Total, string UsageExact, int LineCount, IReadOnlyList<InvoiceTaxView> Taxes,
    DateTimeOffset CreatedAt, DateTimeOffset? IssuedAt, DateOnly? DueOn, Money Paid, Money Credited, Money Open,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned
{
    public static InvoiceView Of(Invoice x) => new(
        x.Id, x.Number, x.Kind, x.Status, x.TenantId, x.SellerId, new Period(x.PeriodStart, x.PeriodEnd), new Money(x.Net, x.Currency),
        new Money(x.Tax, x.Currency), new Money(x.Total, x.Currency), x.UsageExact, x.LineCount,
        [.. x.Taxes.Select(tax => InvoiceTaxView.Of(tax, x.Currency))],
        x.CreatedAt, x.IssuedAt, x.Document?.DueOn, new Money(x.Paid, x.Currency), new Money(x.Credited, x.Currency), x.Open, x.Version);

    public static Expression<Func<Invoice, InvoiceView>> Projection { get; } = x => Of(x);
}

/// <summary>The aggregate of usage that a line was rated from; the summary of Usage shows the same number.</summary>
internal sealed record RollupView(SubscriptionId SubscriptionId, string Meter, string? Sku, string? Region, Period Days);

/// <summary>That a line is a difference: what is due for a billed month, by the line's steps, less what was billed for it before.</summary>
/// <param name="Month">That month.</param>
/// <param name="Number">1, 2, … of the same thing.</param>
/// <param name="Due">By what is known now, before credits.</param>
/// <param name="Before">What was billed by then, before credits.</param>
internal sealed record AdjustmentView(Period Month, int Number, Money Due, Money Before);

/// <summary>One line with how it was reached. Quantities and unrounded amounts are decimal strings of any length.</summary>
internal sealed record InvoiceLineView(
    int Position, SubscriptionId SubscriptionId, string? ChargeKey, string? Sku, string? Meter, string Description, Period Days, int PeriodDays,
    string Quantity, string Unrounded, Money Net, Money Tax, string? TaxCategory, decimal? TaxPercent, IReadOnlyList<LineStep> Steps,
    RollupView? Rollup, Money CapReduction, Money Discount, Money Credit, LineExchange? Exchange, AdjustmentView? Adjustment)
{
    /// <summary>The month for which it is billed in advance; null of all else.</summary>
    public Period? AheadOf { get; init; }

    public static InvoiceLineView Of(InvoiceLine x)
    {
        var days = new Period(x.StartsOn, x.EndsOn);
        return new InvoiceLineView(
            x.Position, x.SubscriptionId, InvoiceLine.Shown(x.ChargeKey), InvoiceLine.Shown(x.Sku), InvoiceLine.Shown(x.Meter), x.Description, days,
            x.PeriodDays, x.Quantity, ExactText.Parse(x.Unrounded).ToString(), new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency),
            x.TaxCategory, x.TaxPercent, x.Steps,
            x.IsUsage ? new RollupView(x.SubscriptionId, x.Meter, InvoiceLine.Shown(x.Sku), InvoiceLine.Shown(x.Region), days) : null,
            new Money(x.CapReduction, x.Currency), new Money(x.Discount, x.Currency), new Money(x.Credit, x.Currency), x.Exchange,
            x is { Adjusts: { } month, BilledBefore: { } before }
                ? new AdjustmentView(
                    Period.Month(month.Year, month.Month), x.Adjustment, new Money(before + x.Net + x.Credit, x.Currency),
                    new Money(before, x.Currency))
                : null)
        {
            AheadOf = x.AheadOf is { } next ? Period.Month(next.Year, next.Month) : null,
        };
    }
}
