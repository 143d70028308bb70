using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning.Numbers;

/// <summary>Keeps an organisation from being closed while a number is allocated there. What is only in its pool does not hold it.</summary>
internal sealed class LiveNumbers(DbSession session) : IHoldsOrganization
{
    public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct)
    {
        var (from, until) = Scope.RangeOf(path);
        // By the id too: those of a tenant that was transferred a moment ago still stand under its former path.
        await using var command = new NpgsqlCommand(
            """
            select count(*)::int from provisioning.inbound_numbers
            where tenant_id is not null and (tenant_id = $1 or (owner_path >= $2 and owner_path < $3))
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = id.Value }, new() { Value = from }, new() { Value = until } } };
        return (int)(await command.ExecuteScalarAsync(ct))! is > 0 and var count ? new Holding("inbound numbers", count) : null;
    }
}
