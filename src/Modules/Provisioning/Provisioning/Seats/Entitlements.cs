using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Seats;

/// <summary>Why something is included: <paramref name="Amount"/> = once + per unit × held.</summary>
internal sealed record EntitlementReason(string Feature, int Held, decimal Once, decimal PerUnit, decimal Amount);

/// <summary>Something that the quantities entitle to besides, and where it comes from.</summary>
internal sealed record Entitlement(string Key, decimal Quantity, IReadOnlyList<EntitlementReason> Why);

/// <summary>What quantities include by the product's rules; derived at every look, never kept.</summary>
internal static class Entitlements
{
    /// <summary>By key; the reasons in the order of the product's features.</summary>
    public static IReadOnlyList<Entitlement> Of(ProductRules rules, IReadOnlyDictionary<string, int> quantities) =>
    [
        .. from feature in rules.Features
           let held = quantities.GetValueOrDefault(feature.Key)
           where held > 0
           from inclusion in feature.Includes ?? []
           let reason = new EntitlementReason(
               feature.Key, held, inclusion.Once, inclusion.PerUnit, inclusion.Once + inclusion.PerUnit * held)
           group reason by inclusion.Entitlement into reasons
           orderby reasons.Key
           select new Entitlement(reasons.Key, reasons.Sum(r => r.Amount), [.. reasons]),
    ];
}
