using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Settlement;

/// <summary>
/// Has the months looked at again in which a subscription was sold with a start in the past: they may be billed, without it. The settlement does the
/// rest; noted twice is noted once.
/// </summary>
internal sealed class NoteWhenActivated(LateMonths late) : IHandle<SubscriptionActivated>
{
    public Task HandleAsync(SubscriptionActivated message, CancellationToken ct) => late.NoteFromAsync(message.TenantId, message.StartedOn, ct);
}

/// <summary>
/// The same from the last day of a subscription that is cancelled: what ending within the term costs is charged with that day, which is of the month
/// before where it ends on a first.
/// </summary>
internal sealed class NoteWhenCancelled(LateMonths late) : IHandle<SubscriptionCancelled>
{
    public Task HandleAsync(SubscriptionCancelled message, CancellationToken ct) =>
        late.NoteFromAsync(message.TenantId, message.EndsOn.AddDays(-1), ct);
}
