using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>What a change of a subscription is judged by: the rules of the products that it is of now or will be.</summary>
internal static class RulesOfProducts
{
    /// <summary>The rules of products, each of which exists.</summary>
    public static async Task<IReadOnlyDictionary<string, ProductRules>> RulesOfAsync(
        this ICatalog catalog, IEnumerable<string> products, CancellationToken ct)
    {
        var rules = new Dictionary<string, ProductRules>(StringComparer.Ordinal);
        foreach (var product in products)
            rules[product] = (await catalog.RulesAsync(product, ct))!;
        return rules;
    }
}
