using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>A subscription that gives something today; what it holds is read by whoever reaches it.</summary>
internal sealed record HeldSubscription(SubscriptionId Id, string OwnerPath, string Plans, string History)
{
    public string ProductOn(DateOnly day) => JsonSerializer.Deserialize<IReadOnlyList<PlanFrom>>(Plans, StoredJson.Options)!.On(day).Product;

    public IReadOnlyDictionary<string, int> QuantitiesOn(DateOnly day) =>
        JsonSerializer.Deserialize<IReadOnlyList<QuantityChange>>(History, StoredJson.Options)!.On(day);
}

/// <summary>What a tenant holds, for who reaches it.</summary>
internal sealed class HeldSubscriptions(EntitlementReads reads, IOrganizationDirectory organizations, Principal principal)
{
    /// <summary>The live ones within the caller's scope, the oldest first; suspended ones give nothing.</summary>
    public async Task<Result<IReadOnlyList<HeldSubscription>>> OfAsync(OrganizationId tenant, CancellationToken ct)
    {
        var held = await reads.OfAsync(tenant, ct);
        var within = held.Where(h => principal.Scope.Contains(h.OwnerPath)).ToList();
        // Who has subscriptions is there; only of another it must be asked.
        if (within.Count > 0)
            return within;
        if (await organizations.FindAsync(tenant, ct) is not { Kind: OrganizationKind.Tenant } found || !principal.Scope.Contains(found.Path))
            return TenantRefusals.NotFound(tenant);
        // One that was given to another partner a moment ago is there before what it holds is.
        return held.ToList();
    }
}
