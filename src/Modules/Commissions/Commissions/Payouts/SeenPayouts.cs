using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>The payout of which a caller tells what became of it, as he has seen it.</summary>
internal sealed class SeenPayouts(CommissionsDb db, Precondition precondition, Principal principal)
{
    public async Task<Result<Payout>> FindAsync(PayoutId id, CancellationToken ct) =>
        await db.Payouts.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } payout ? PayoutRefusals.NotFound(id)
        : precondition.Fails(payout) ? Precondition.Failed
        : payout;
}
