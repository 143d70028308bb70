using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Thresholds;

/// <summary>Compares a tenant's usage again with the quotas of another plan, from the month on in which that is in force.</summary>
internal sealed class CompareWhenPlanChanged(UnseenMonths months) : IHandle<SubscriptionPlanChanged>
{
    public Task HandleAsync(SubscriptionPlanChanged message, CancellationToken ct) =>
        months.MarkAsync(message.TenantId, ct, message.EffectiveOn);
}
