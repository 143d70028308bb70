using Licensing.Kernel.Messaging;

namespace Licensing.Billing.Ledger;

/// <summary>A lot's time is over.</summary>
/// <param name="LotId">The lot.</param>
[Message("billing.credit-lapse-due.v1")]
internal sealed record CreditLapseDue(Guid LotId);

/// <summary>Writes off a lot when its time is over. It is not spent any more in any case, however late this comes.</summary>
internal sealed class LapseWhenDue(CreditLedger ledger) : IHandle<CreditLapseDue>
{
    public Task HandleAsync(CreditLapseDue message, CancellationToken ct) => ledger.LapseAsync(message.LotId, ct);
}
