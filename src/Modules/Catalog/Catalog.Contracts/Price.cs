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
    /// <summary>A share of the amount that a meter adds up, plus a fixed fee per record.</summary>
    [JsonStringEnumMemberName("percentage")]
    Percentage,
    /// <summary>The price of the tier that the total falls in.</summary>
    [JsonStringEnumMemberName("stairstep")]
    Stairstep,
}

/// <summary>One tier of a graduated, volume or stairstep price; it begins after the last quantity of the tier before it.</summary>
/// <param name="UpTo">Last quantity of the tier, inclusive, in units of the feature or meter; null in the last tier only.</param>
/// <param name="UnitPrice">Per unit, in the currency of the plan or price list; at least 0, unrounded.</param>
/// <param name="FlatFee">Once, when the tier is entered; in the same currency.</param>
/// <param name="Price"><c>stairstep</c> alone: what the tier costs, instead of the other two; in the same currency.</param>
public sealed record PriceTier(decimal? UpTo, decimal UnitPrice, decimal FlatFee = 0, decimal? Price = null);

/// <summary>A model with its numbers; amounts in the currency of the plan or price list it stands in. Fields of other models are null.</summary>
/// <param name="Model">Which of the following fields it uses.</param>
/// <param name="Amount"><c>flat</c>: per period.</param>
/// <param name="UnitPrice"><c>perUnit</c>: per unit.</param>
/// <param name="Tiers"><c>graduated</c>, <c>volume</c>, <c>stairstep</c>: ascending, the last one open.</param>
/// <param name="PackageSize"><c>package</c>: units per block.</param>
/// <param name="PackagePrice"><c>package</c>: per started block.</param>
/// <param name="FreeUnits"><c>package</c>: units before the first block; <c>percentage</c>: amount that costs nothing.</param>
/// <param name="ChargeAtZero"><c>graduated</c>, <c>volume</c>, <c>stairstep</c>: whether the first tier's fee or price is due at quantity 0.</param>
/// <param name="IncludedUnits"><c>perUnit</c> and the tiered models: units that cost nothing; tiers begin after them.</param>
/// <param name="Percent"><c>percentage</c>: of a hundred; 1.3 is 1.3 %.</param>
/// <param name="FixedFee"><c>percentage</c>: per record of the meter that is not below zero.</param>
/// <param name="Prorate">Whether days count, for a quantity of a feature; null: they do. Usage is never prorated, and <c>flat</c> always is.</param>
/// <param name="TaxCategory">Of EN 16931, as the tax rates name it; null: the standard rate, S.</param>
public sealed record Price(
    PriceModel Model, decimal? Amount = null, decimal? UnitPrice = null, IReadOnlyList<PriceTier>? Tiers = null,
    decimal? PackageSize = null, decimal? PackagePrice = null, decimal? FreeUnits = null, bool ChargeAtZero = true,
    decimal? IncludedUnits = null, decimal? Percent = null, decimal? FixedFee = null, bool? Prorate = null, string? TaxCategory = null);
