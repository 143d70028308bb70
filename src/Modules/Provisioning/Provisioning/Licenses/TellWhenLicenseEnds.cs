using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>A licence's days are over.</summary>
/// <param name="Id">The licence.</param>
[Message("provisioning.license-end-due.v1")]
internal sealed record LicenseEndDue(LicenseId Id);

/// <summary>Tells that a licence has ended without a successor.</summary>
internal sealed class TellWhenLicenseEnds(ProvisioningDb db) : IHandle<LicenseEndDue>
{
    public async Task HandleAsync(LicenseEndDue message, CancellationToken ct)
    {
        var license = await db.Licenses.AsNoTracking().SingleAsync(x => x.Id == message.Id, ct);
        if (license.CancelledAt is null && license.RenewedById is null)
            db.Publish(new LicenseExpired(license.Id, license.TenantId, license.EndsOn!.Value));
    }
}
