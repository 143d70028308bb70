using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Pricing;

/// <summary>Whom a list is for; the later the more specific.</summary>
internal enum PriceScope { Global, Region, Tenant, Subscription }

/// <summary>Whom a list is for, with exactly the fields that its scope has.</summary>
internal sealed record PriceTarget(PriceScope Scope, string? Region = null, OrganizationId? TenantId = null, Guid? SubscriptionId = null)
{
    private const int LongestRegion = 60;

    public IEnumerable<FieldError> Check()
    {
        foreach (var (field, given, needed) in new[]
        {
            ("region", Region is not null, Scope is PriceScope.Region),
            ("tenantId", TenantId is not null, Scope is PriceScope.Tenant or PriceScope.Subscription),
            ("subscriptionId", SubscriptionId is not null, Scope is PriceScope.Subscription),
        })
            if (given != needed)
                yield return new($"/{field}", needed ? "required" : "not_of_scope",
                    needed ? $"{field} is required by the scope {Scope}." : $"{field} is not used by the scope {Scope}.");
        if (Region is { } region && (string.IsNullOrWhiteSpace(region) || region.Length > LongestRegion))
            yield return new("/region", "length", $"region must have 1 to {LongestRegion} characters.");
    }
}
