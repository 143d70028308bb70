using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

internal static class Prices
{
    /// <summary>By what they say: records compare lists by identity.</summary>
    public static bool IsSameAs(this Price price, Price other) =>
        price with { Tiers = null } == other with { Tiers = null } && (price.Tiers ?? []).SequenceEqual(other.Tiers ?? []);
}
