using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>A successor's first day has come.</summary>
/// <param name="Id">The licence.</param>
[Message("provisioning.license-start-due.v1")]
internal sealed record LicenseStartDue(LicenseId Id);

/// <summary>A licence's days are over.</summary>
/// <param name="Id">The licence.</param>
[Message("provisioning.license-end-due.v1")]
internal sealed record LicenseEndDue(LicenseId Id);

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
