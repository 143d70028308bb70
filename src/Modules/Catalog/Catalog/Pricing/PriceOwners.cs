using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Pricing;

/// <summary>Whose a list is: the tenant's that it is for, else the platform's, whose lists everyone may see.</summary>
internal sealed class PriceOwners(IOrganizationDirectory organizations, Principal principal)
{
    public async Task<Result<OrganizationRef>> OwnerAsync(PriceTarget target, CancellationToken ct)
    {
        if (target.TenantId is not { } tenant)
            return await organizations.PlatformAsync(ct);
        return await organizations.FindAsync(tenant, ct) is { Kind: OrganizationKind.Tenant } owner && principal.Scope.Contains(owner.Path)
            ? owner
            : PriceListRefusals.TenantNotFound(tenant);
    }
}
