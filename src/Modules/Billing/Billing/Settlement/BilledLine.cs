using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;

namespace Licensing.Billing.Settlement;

/// <summary>A line that stands on some invoice for a month: of the month's own, billed in advance for it, or an adjustment of it.</summary>
/// <param name="Key">What it is for.</param>
/// <param name="Number">Of an adjustment, the how many-th; 0 of what is none.</param>
/// <param name="IsFinal">Its invoice is issued; a draft may still be drawn anew.</param>
/// <param name="Net">As invoiced.</param>
internal sealed record BilledLine(LineKey Key, int Number, bool IsFinal, Money Net)
{
    public required string Description { get; init; }
    public required Period Days { get; init; }
    public int PeriodDays { get; init; }
    public bool IsUsage { get; init; }
    public PlanVersionId? PlanVersion { get; init; }

    /// <summary>Whether it was billed in advance, with the month before.</summary>
    public bool IsAhead { get; init; }

    /// <summary>Whether it adjusts the month on a later invoice; on the month's own it takes off what was billed in advance.</summary>
    public bool IsLate { get; init; }
    public Exact Quantity { get; init; }
    public Exact Unrounded { get; init; }
    public Money CapReduction { get; init; }
    public Money Discount { get; init; }
    public Money Credit { get; init; }
    public string? TaxCategory { get; init; }
    public Exact? TaxPercent { get; init; }
    public TaxReason? TaxReason { get; init; }
    public Exchange? Exchange { get; init; }

    /// <summary>What credit notes took back of <see cref="Net"/>.</summary>
    public Money Credited { get; init; } = Money.Zero(Net.Currency);

    /// <summary>The invoice that it stands on, as it was when it was read.</summary>
    public (Guid Id, int Version) Invoice { get; init; }

    /// <summary>What was charged, whether it was paid by a credit or not.</summary>
    public Money Charged => Net + Credit;
}
