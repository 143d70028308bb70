using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>A customer and its licence, both held until the transaction ends.</summary>
internal sealed record HeldLicense(OrganizationRef Tenant, License License);

/// <summary>
/// Finds what an action is about: the customer must be within the caller's scope and the licence the customer's, else there is none.
/// </summary>
internal sealed class CustomerLicenses(ProvisioningDb db, ICustomers customers)
{
    public async Task<Result<OrganizationRef>> HoldCustomerAsync(int code, CancellationToken ct) =>
        await customers.HoldAsync(code, ct) is { } tenant ? tenant : CustomerRefusals.NotFound(code);

    /// <summary>The row stays locked, so that two actions on one licence come one after the other and the second sees what the first did.</summary>
    public async Task<Result<HeldLicense>> HoldAsync(int customer, LicenseId id, CancellationToken ct)
    {
        if ((await HoldCustomerAsync(customer, ct)).Refused(out var refusal, out var tenant))
            return refusal;
        var license = await db.Licenses.FromSql(
            $"select * from provisioning.licenses where id = {id.Value} and tenant_id = {tenant.Id.Value} for no key update")
            .SingleOrDefaultAsync(ct);
        return license is not null ? new HeldLicense(tenant, license) : LicenseRefusals.NotTheCustomers;
    }
}
