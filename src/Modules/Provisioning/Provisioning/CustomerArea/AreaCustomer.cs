using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>A customer.</summary>
internal sealed record AreaCustomer(
    int CustomerCode, string CompanyName, string? CustomerName, string? Email, string? Phone, string CountryCode, string? IndustryCode, string? Lang,
    bool Active, DateTimeOffset CreatedAt)
{
    /// <summary>Customers with what this door was told of them, in one read.</summary>
    public static async Task<IReadOnlyList<AreaCustomer>> OfAsync(ProvisioningDb db, IReadOnlyList<CustomerRef> customers, CancellationToken ct)
    {
        var ids = customers.Select(x => x.Id).ToList();
        var profiles = await db.Set<CustomerProfile>().AsNoTracking().Where(x => ids.Contains(x.TenantId)).ToDictionaryAsync(x => x.TenantId, ct);
        return [.. customers.Select(x => Of(x, profiles.GetValueOrDefault(x.Id)))];
    }

    private static AreaCustomer Of(CustomerRef x, CustomerProfile? profile) => new(
        x.Code, x.DisplayName, x.ContactName, x.Email, x.Phone, x.Country, profile?.Industry, profile?.Language, x.Active, x.CreatedAt);
}
