using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Keeps an organisation from being closed while a subscription there has days left, today's or later ones.</summary>
internal sealed class LiveSubscriptions(DbSession session, BillingCalendar calendar, TimeProvider clock) : IHoldsOrganization
{
    public Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct) => session.HoldingAsync(
        id, path, "subscriptions", "subscriptions", "(ends_on is null or ends_on > greatest(starts_on, $4))", calendar.DayOf(clock.GetUtcNow()), ct);
}
