using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Coupons;

/// <summary>Whose a redemption or a credit is: a tenant of the caller's branch, and for a subscription its owner.</summary>
internal sealed class ReductionOwners(IOrganizationDirectory organizations, ISubscriptionDirectory subscriptions, Principal principal)
{
    public async Task<Result<OrganizationRef>> OwnerAsync(OrganizationId id, SubscriptionId? subscription, CancellationToken ct)
    {
        var held = await organizations.HoldAsync([id], ct);
        if (!held.TryGetValue(id, out var tenant) || tenant.Kind is not OrganizationKind.Tenant || !principal.Scope.Contains(tenant.Path))
            return CouponRefusals.TenantNotFound(id);
        if (subscription is { } asked
            && (!(await subscriptions.FindAsync([asked], ct)).TryGetValue(asked, out var target) || target.TenantId != id))
            return CouponRefusals.SubscriptionNotFound(asked);
        return tenant;
    }
}
