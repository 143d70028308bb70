using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>The users whom the caller may change.</summary>
internal sealed class ManagedUsers(IdentityDb db, DbSession session, HeldOrganizations organizations, RoleBook roles, Principal principal)
{
    /// <summary>Holds the user's row until the transaction ends, so that no log-in happens beside the change.</summary>
    public async Task<Result<User>> LockAsync(UserId id, CancellationToken ct)
    {
        // His organisation first: a transfer is waited for, and who lost him by it does not find him. He himself, and the roles of his account,
        // are held by now (Concern.OfUser).
        if (!await organizations.HoldOwnerAsync("users", id.Value, "key share", ct))
            return UserRefusals.NotFound(id.Value);
        await session.LockUserAsync(id, alone: true, ct);
        if (await db.Users.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } user)
            return UserRefusals.NotFound(id.Value);
        // Who sets another's address or second factor can become him. Asked under the lock, for which a role that is just being given waits
        // or has been waited for.
        return await roles.ExceedingAsync(id, ct) is { } more ? UserRefusals.Stronger(more) : user;
    }

    /// <summary>
    /// Whether he administers the platform and nobody else who is active does. Asked in turn, or two administrators could remove each other at
    /// the same moment.
    /// </summary>
    public async Task<bool> IsLastAdministratorAsync(UserId id, CancellationToken ct)
    {
        // Two statements: the second sees what whoever held the lock before has done.
        const string administrators = "select 1 from identity.role_assignments where role = $1 order by id for update";
        await using (var locking = await session.CommandAsync(administrators, ct, Roles.PlatformAdministrator))
            await locking.ExecuteNonQueryAsync(ct);
        await using var others = await session.CommandAsync(
            """
            select exists (select from identity.role_assignments where role = $1 and user_id = $2)
               and not exists (
                   select from identity.role_assignments a join identity.users u on u.id = a.user_id
                   where a.role = $1 and u.status = 'Active' and u.id <> $2)
            """, ct, Roles.PlatformAdministrator, id.Value);
        return (bool)(await others.ExecuteScalarAsync(ct))!;
    }
}
