using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>
/// The organisation at which something is made or given. Whoever copies its path to a row reads it here: it is neither transferred nor
/// closed until the transaction ends, and who waited for a transfer sees where it stands now, or that it is no longer his.
/// </summary>
internal sealed class HeldOrganizations(IdentityDb db, DbSession session, Principal principal)
{
    public async Task<Result<Organization>> FindAsync(OrganizationId id, CancellationToken ct)
    {
        await session.HoldOrganizationsAsync([id], ct);
        return await db.Organizations.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is { } found
            ? found
            : UserRefusals.UnknownOrganization(id.Value);
    }

    /// <summary>Holds the one to which a row belongs, before the row itself is read.</summary>
    /// <param name="table">One of Identity's that has an <c>organization_id</c>.</param>
    /// <param name="row">The row's id; nothing happens where there is none.</param>
    /// <param name="ct">Gives up.</param>
    public async Task HoldOwnerAsync(string table, Guid row, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select 1 from identity.organizations where id = (select organization_id from identity.{table} where id = $1) for key share",
            await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = row } } };
        await command.ExecuteNonQueryAsync(ct);
    }
}

internal static class OrganizationLocks
{
    extension(DbSession session)
    {
        /// <summary>
        /// Keeps organisations where they are until the transaction ends. A statement of its own: what is read after it sees what was
        /// committed while it waited.
        /// </summary>
        public async Task HoldOrganizationsAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct)
        {
            await using var locking = new NpgsqlCommand(
                "select 1 from identity.organizations where id = any($1) order by id for key share", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = ids.Select(x => x.Value).ToArray() } } };
            await locking.ExecuteNonQueryAsync(ct);
        }
    }
}
