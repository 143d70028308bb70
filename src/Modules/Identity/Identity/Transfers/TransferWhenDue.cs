using Licensing.Identity.Data;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Transfers;

/// <summary>Moves the tenant on the agreed day, or says why that is impossible now; one that was cancelled meanwhile is left alone.</summary>
internal sealed class TransferWhenDue(IdentityDb db, TenantMove move, TimeProvider clock) : IHandle<TransferDue>
{
    public async Task HandleAsync(TransferDue message, CancellationToken ct)
    {
        var agreed = await db.Transfers.AsNoTracking().SingleAsync(x => x.Id == message.Id, ct);
        var (tenant, partner) = await move.LockAsync(agreed.TenantId, agreed.PartnerId, Scope.Everything, ct);
        // Read under the tenant's lock, which whoever cancels it takes too.
        var transfer = await db.Transfers.SingleAsync(x => x.Id == message.Id, ct);
        if (transfer.Status is not TransferStatus.Pending)
            return;
        if ((await move.AllowsAsync(tenant, partner!, transfer.EffectiveOn, ct)).Refused(out var refusal, out _))
            transfer.Fail(refusal, clock.GetUtcNow());
        else
            await move.MoveAsync(tenant, partner!, transfer, ct);
    }
}
