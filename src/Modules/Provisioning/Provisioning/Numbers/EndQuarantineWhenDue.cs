using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>A number's quarantine is over.</summary>
/// <param name="Id">The number.</param>
[Message("provisioning.number-quarantine-due.v1")]
internal sealed record NumberQuarantineDue(InboundNumberId Id);

/// <summary>
/// Tells that a number can be had again and puts it back onto its pool's list. That it can follows from the instant alone, so a late message
/// delays only this. One that its old holder took back, or that somebody got before this came, is not told.
/// </summary>
internal sealed class EndQuarantineWhenDue(ProvisioningDb db, TimeProvider clock) : IHandle<NumberQuarantineDue>
{
    public async Task HandleAsync(NumberQuarantineDue message, CancellationToken ct)
    {
        // Held, so that an allocation at the same moment comes wholly before or after.
        var number = await db.InboundNumbers.FromSql($"select * from provisioning.inbound_numbers where id = {message.Id.Value} for update")
            .SingleAsync(ct);
        if (number.EndQuarantine(clock.GetUtcNow()) is { } freed)
            db.Publish(freed);
    }
}
