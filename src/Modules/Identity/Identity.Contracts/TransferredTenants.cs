namespace Licensing.Identity.Contracts;

/// <summary>For who hears of a transfer and moves along what he owns at the tenant.</summary>
public static class TransferredTenants
{
    /// <summary>A transferred tenant where it stands by now: that may be with a third partner, when its transfers are heard late.</summary>
    /// <exception cref="InvalidOperationException">There is no such tenant.</exception>
    public static async Task<OrganizationRef> WhereItStandsAsync(
        this IOrganizationDirectory organizations, TenantTransferred message, CancellationToken ct) =>
        await organizations.FindAsync(message.Id, ct) ?? throw new InvalidOperationException($"There is no tenant {message.Id.Value}.");
}
