using Licensing.Catalog.Contracts;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>A line as the second biller sees it; whatever it is for is in <see cref="Key"/>.</summary>
internal sealed class NaiveLine
{
    public required string Key { get; init; }

    /// <summary>The category of the price; once it is taxed, that as which it is charged.</summary>
    public required string Tax { get; set; }
    public Fraction Quantity { get; init; }
    public Fraction Unrounded { get; set; }
    public Fraction Amount { get; set; }
    public Fraction Cap { get; set; }
    public Fraction Discount { get; set; }
    public Fraction Credit { get; set; }
    public Fraction Vat { get; set; }

    /// <summary>Of a hundred; null until it is known.</summary>
    public Fraction? Percent { get; set; }

    public required Guid Subscription { get; init; }
    public required PlanVersionRef Plan { get; init; }

    /// <summary>Key of the plan's charge; empty for a price from a list, null for a true-up.</summary>
    public required string? Charge { get; init; }

    public string Meter { get; init; } = "";
    public string Sku { get; init; } = "";
    public bool Shown { get; set; } = true;

    /// <summary>The days that were counted; 0 where days do not count.</summary>
    public int Days { get; set; }

    public Fraction Net => Amount - Cap - Discount - Credit;

    public override string ToString() =>
        $"{Key} {Tax} quantity {Quantity} unrounded {Unrounded} amount {Amount} cap {Cap} discount {Discount} credit {Credit} net {Net} tax {Vat}";
}
