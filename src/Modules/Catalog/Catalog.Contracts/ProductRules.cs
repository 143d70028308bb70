using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>Something sold, with features and the rules of their quantities.</summary>
public readonly record struct ProductId(Guid Value) : IId<ProductId>;

/// <summary>A product's features and the rules of their quantities; the rule engine reads nothing else.</summary>
/// <param name="Product">Its key.</param>
/// <param name="Features">In the order in which violations are reported.</param>
public sealed record ProductRules(string Product, IReadOnlyList<FeatureRule> Features);

/// <summary>One feature's rules; what is null or empty does not bind.</summary>
/// <param name="Key">camelCase, as in requests.</param>
/// <param name="Name">For people.</param>
/// <param name="Minimum">The least quantity.</param>
/// <param name="Maximum">The largest quantity.</param>
/// <param name="ZeroOrMinimum">0 or at least this.</param>
/// <param name="RequiresAny">Above 0 it needs at least one of these above 0.</param>
/// <param name="RequiresAll">Above 0 it needs each of these above 0.</param>
/// <param name="Excludes">Above 0 it needs each of these at 0.</param>
/// <param name="Includes">What a quantity above 0 entitles to besides.</param>
public sealed record FeatureRule(
    string Key, string Name, int? Minimum = null, int? Maximum = null, int? ZeroOrMinimum = null,
    IReadOnlyList<string>? RequiresAny = null, IReadOnlyList<string>? RequiresAll = null, IReadOnlyList<string>? Excludes = null,
    IReadOnlyList<FeatureInclusion>? Includes = null);

/// <summary>What holding a feature entitles to besides: <paramref name="Once"/> + <paramref name="PerUnit"/> × the quantity held.</summary>
/// <param name="Entitlement">Key of what is included, camelCase; several features may include the same, which is added up.</param>
/// <param name="Once">Included once however many are held, in units of the entitlement.</param>
/// <param name="PerUnit">Included for each one held, in the same units.</param>
public sealed record FeatureInclusion(string Entitlement, decimal Once = 0, decimal PerUnit = 0);
