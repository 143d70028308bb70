using Licensing.Identity.Contracts;

namespace Licensing.Provisioning;

internal static class TransferredTenants
{
    /// <summary>A transferred tenant where it stands by now: that may be with a third partner, when its transfers are heard late.</summary>
    public static async Task<OrganizationRef> WhereItStandsAsync(
        this IOrganizationDirectory organizations, TenantTransferred message, CancellationToken ct) =>
        await organizations.FindAsync(message.Id, ct) ?? throw new InvalidOperationException($"There is no tenant {message.Id.Value}.");
}
