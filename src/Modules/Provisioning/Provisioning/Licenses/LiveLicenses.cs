using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Provisioning.Licenses;

/// <summary>Keeps an organisation from being closed while a licence there has days left or has not been activated.</summary>
internal sealed class LiveLicenses(DbSession session, BillingCalendar calendar, TimeProvider clock) : IHoldsOrganization
{
    public Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct) => session.HoldingAsync(
        id, path, "licenses", "licenses", "cancelled_at is null and (ends_on is null or ends_on > $4)", calendar.DayOf(clock.GetUtcNow()), ct);
}
