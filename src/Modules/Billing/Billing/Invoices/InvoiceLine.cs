using Licensing.Billing.Contracts;
using Licensing.Billing.Rating;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Invoices;

/// <summary>How a part of a line was reached, unrounded. Text, because a share of days may not end as a decimal.</summary>
internal sealed record LineStep(string From, string? To, string Quantity, string UnitPrice, string FlatFee, string Amount)
{
    public static LineStep Of(RatingStep step) => new(
        step.From.ToString(), step.To?.ToString(), step.Quantity.ToString(), step.UnitPrice.ToString(), step.FlatFee.ToString(),
        step.Amount.ToString());
}

/// <summary>The recorded rate by which a line came from the currency of its price, in which its steps are, into the invoice's.</summary>
internal sealed record LineExchange(Currency From, decimal Rate, DateOnly On)
{
    public static LineExchange Of(Exchange exchange) => new(
        exchange.From, exchange.Rate.TryToDecimal(out var rate) ? rate : throw new InvalidOperationException($"{exchange.Rate} as a rate"),
        exchange.On);
}

/// <summary>One charge of one subscription for some days. Its unique key makes it impossible to bill the same thing twice.</summary>
internal sealed class InvoiceLine
{
    public InvoiceId InvoiceId { get; init; }
    public OrganizationId TenantId { get; init; }

    /// <summary>1, 2, … within the invoice; names the line for good.</summary>
    public int Position { get; init; }

    public SubscriptionId SubscriptionId { get; init; }

    /// <summary>The plan's charge; empty where the price came from a price list.</summary>
    public required string ChargeKey { get; init; }

    public required string Meter { get; init; }
    public required string Sku { get; init; }
    public required string Region { get; init; }
    public bool IsUsage { get; init; }
    public DateOnly StartsOn { get; init; }
    public DateOnly EndsOn { get; init; }
    public required string Description { get; init; }
    public required string Quantity { get; init; }
    public int Days { get; init; }
    public int PeriodDays { get; init; }

    /// <summary>A decimal, or a fraction <c>a/b</c> where no decimal is exact.</summary>
    public required string Unrounded { get; init; }

    public Currency Currency { get; init; }
    public decimal Net { get; init; }
    public decimal Tax { get; init; }
    public string? TaxCategory { get; init; }
    public decimal? TaxPercent { get; init; }
    public required IReadOnlyList<LineStep> Steps { get; init; }

    /// <summary>What the plan's cap, coupons and credits took before <see cref="Net"/>.</summary>
    public decimal CapReduction { get; init; }
    public decimal Discount { get; init; }
    public decimal Credit { get; init; }
    public LineExchange? Exchange { get; init; }

    /// <summary>The first day of the billed month of which this line is a difference; null of what is due for the invoice's own.</summary>
    public DateOnly? Adjusts { get; init; }

    /// <summary>The how many-th difference of the same thing; 0 of what is none.</summary>
    public int Adjustment { get; init; }

    /// <summary>What was billed for it before, before credits; with <see cref="Net"/> and <see cref="Credit"/> it is what is due.</summary>
    public decimal? BilledBefore { get; init; }

    /// <summary>By which it is charged; null of lines from before they knew it.</summary>
    public PlanVersionId? PlanVersionId { get; init; }

    /// <summary>
    /// The first day of the month for which this line is billed in advance; null of what is due for the invoice's own, or an earlier one.
    /// </summary>
    public DateOnly? AheadOf { get; init; }

    /// <summary>A part of what a line is for as it is shown: null where there is none, which is kept as empty.</summary>
    public static string? Shown(string part) => part.Length > 0 ? part : null;

    internal sealed class Table : IEntityTypeConfiguration<InvoiceLine>
    {
        public void Configure(EntityTypeBuilder<InvoiceLine> builder)
        {
            builder.ToTable("invoice_lines").HasKey(x => new { x.InvoiceId, x.TenantId, x.Position });
            builder.Property(x => x.Steps).IsJson();
            builder.Property(x => x.Exchange).IsJson();
        }
    }
}

internal static class ExactText
{
    /// <summary>Every digit there is; what does not end as a decimal is kept as a fraction.</summary>
    public static string Of(Exact value) => value.EndsAsDecimal ? value.ToString() : $"{value.Numerator}/{value.Denominator}";

    public static Exact Parse(string text) => text.Split('/') is [var numerator, var denominator]
        ? Exact.Parse(numerator) / Exact.Parse(denominator)
        : Exact.Parse(text);
}
