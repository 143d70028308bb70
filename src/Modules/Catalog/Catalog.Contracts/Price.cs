using System.Text.Json.Serialization;

namespace Licensing.Catalog.Contracts;

/// <summary>How a quantity becomes an amount.</summary>
public enum PriceModel
{
    /// <summary>One amount per period.</summary>
    [JsonStringEnumMemberName("flat")]
    Flat,
    /// <summary>Quantity × unit price.</summary>
    [JsonStringEnumMemberName("perUnit")]
    PerUnit,
    /// <summary>Each tier's units at that tier's unit price, plus its flat fee once it is entered.</summary>
    [JsonStringEnumMemberName("graduated")]
    Graduated,
    /// <summary>All units at the unit price of the tier that the total falls in, plus its flat fee.</summary>
    [JsonStringEnumMemberName("volume")]
    Volume,
    /// <summary>Started blocks × price, after free units.</summary>
    [JsonStringEnumMemberName("package")]
    Package,
}

/// <summary>One tier of a graduated or volume price; it begins after the last quantity of the tier before it.</summary>
/// <param name="UpTo">Last quantity of the tier, inclusive, in units of the feature or meter; null in the last tier only.</param>
/// <param name="UnitPrice">Per unit, in the currency of the plan or price list; at least 0, unrounded.</param>
/// <param name="FlatFee">Once, when the tier is entered; in the same currency.</param>
public sealed record PriceTier(decimal? UpTo, decimal UnitPrice, decimal FlatFee = 0);

/// <summary>A model with its numbers; amounts in the currency of the plan or price list it stands in. Fields of other models are null.</summary>
/// <param name="Model">Which of the following fields it uses.</param>
/// <param name="Amount"><c>flat</c>: per period.</param>
/// <param name="UnitPrice"><c>perUnit</c>: per unit.</param>
/// <param name="Tiers"><c>graduated</c>, <c>volume</c>: ascending, the last one open.</param>
/// <param name="PackageSize"><c>package</c>: units per block.</param>
/// <param name="PackagePrice"><c>package</c>: per started block.</param>
/// <param name="FreeUnits"><c>package</c>: units before the first block.</param>
/// <param name="ChargeAtZero"><c>graduated</c>, <c>volume</c>: whether the first tier's flat fee is due at quantity 0.</param>
public sealed record Price(
    PriceModel Model, decimal? Amount = null, decimal? UnitPrice = null, IReadOnlyList<PriceTier>? Tiers = null,
    decimal? PackageSize = null, decimal? PackagePrice = null, decimal? FreeUnits = null, bool ChargeAtZero = true);
