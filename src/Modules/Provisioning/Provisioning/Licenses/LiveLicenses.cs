using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning.Licenses;

/// <summary>Keeps an organisation from being closed while a licence there has days left or has not been activated.</summary>
internal sealed class LiveLicenses(DbSession session, BillingCalendar calendar, TimeProvider clock) : IHoldsOrganization
{
    public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct)
    {
        var (from, until) = Scope.RangeOf(path);
        // By the id too: those of a tenant that was transferred a moment ago still stand under its former path.
        await using var command = new NpgsqlCommand(
            """
            select count(*)::int from provisioning.licenses
            where (tenant_id = $1 or (owner_path >= $2 and owner_path < $3)) and cancelled_at is null and (ends_on is null or ends_on > $4)
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = id.Value }, new() { Value = from }, new() { Value = until }, new() { Value = calendar.DayOf(clock.GetUtcNow()) },
            },
        };
        return (int)(await command.ExecuteScalarAsync(ct))! is > 0 and var count ? new Holding("licenses", count) : null;
    }
}
