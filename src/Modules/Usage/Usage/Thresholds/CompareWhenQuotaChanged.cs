using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Thresholds;

/// <summary>
/// Compares a tenant's usage of this month again when another quota was agreed: what was used already may be more than a level of that, and more
/// usage may never come. What was told of months that are over stays as it is.
/// </summary>
internal sealed class CompareWhenQuotaChanged(UnseenMonths months, BillingCalendar calendar, TimeProvider clock) : IHandle<SubscriptionQuotaChanged>
{
    public Task HandleAsync(SubscriptionQuotaChanged message, CancellationToken ct) =>
        months.MarkAsync(message.TenantId, ct, calendar.DayOf(clock.GetUtcNow()));
}
