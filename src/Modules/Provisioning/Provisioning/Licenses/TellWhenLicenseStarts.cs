using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>A successor's first day has come.</summary>
/// <param name="Id">The licence.</param>
[Message("provisioning.license-start-due.v1")]
internal sealed record LicenseStartDue(LicenseId Id);

/// <summary>Tells that a successor has started. Its status follows from its days, so a late message makes only this late.</summary>
internal sealed class TellWhenLicenseStarts(ProvisioningDb db) : IHandle<LicenseStartDue>
{
    public async Task HandleAsync(LicenseStartDue message, CancellationToken ct)
    {
        var license = await db.Licenses.AsNoTracking().SingleAsync(x => x.Id == message.Id, ct);
        if (license.CancelledAt is null)
            db.Publish(new LicenseActivated(license.Id, license.TenantId, license.StartsOn!.Value, license.EndsOn!.Value));
    }
}
