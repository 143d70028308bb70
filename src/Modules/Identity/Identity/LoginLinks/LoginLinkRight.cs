using System.Collections.Frozen;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.LoginLinks;

/// <summary>
/// Whether whoever made a login link could make it now: a session from a link hangs on its maker's right, at its opening, at every refresh
/// and each time one of its access tokens is looked at. A suspension takes no right, it only keeps from using it.
/// </summary>
internal sealed class LoginLinkRight(NpgsqlDataSource database, RolePermissions roles, TimeProvider clock)
{
    // A user, or else an API key or client: one that is gone holds nothing, and no id is two of them.
    private const string MakerIsUser =
        """
        select 1 from identity.users u join identity.branches b on b.id = u.organization_id where u.id = $1 and u.status = 'Active' and b.state <> 'Closed'
        """;

    private const string HeldByCredential =
        """
        select k.role, case when k.custom_role_id is not null then coalesce(c.permissions, '{}') end, k.owner_path, k.scopes
        from identity.api_keys k join identity.branches b on b.id = k.organization_id
        left join identity.custom_roles c on c.id = k.custom_role_id and starts_with(k.owner_path, c.owner_path)
        where k.id = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2) and b.state <> 'Closed'
        union all
        select c.role, case when c.custom_role_id is not null then coalesce(r.permissions, '{}') end, c.owner_path, coalesce(c.scopes, '{}')
        from identity.clients c join identity.branches b on b.id = c.organization_id
        left join identity.custom_roles r on r.id = c.custom_role_id and starts_with(c.owner_path, r.owner_path)
        where c.id = $1 and c.revoked_at is null and (c.expires_at is null or c.expires_at > $2) and b.state <> 'Closed'
        """;

    /// <param name="session">Whose connection is used.</param>
    /// <param name="maker">Who made the link.</param>
    /// <param name="user">Whom it logged in.</param>
    /// <param name="path">Where he belongs now.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<bool> StandsAsync(DbSession session, Guid maker, UserId user, string path, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        return await StandsAsync(batch, maker, user, path, ct);
    }

    /// <summary>The same on a connection of its own.</summary>
    public async Task<bool> StandsAsync(Guid maker, UserId user, string path, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        return await StandsAsync(batch, maker, user, path, ct);
    }

    private async Task<bool> StandsAsync(NpgsqlBatch batch, Guid maker, UserId user, string path, CancellationToken ct)
    {
        // The process itself, for another module's message.
        if (maker == Guid.Empty)
            return true;
        batch.BatchCommands.Add(Ask(MakerIsUser, maker));
        batch.BatchCommands.Add(Ask(HeldRole.OfUser, maker));
        batch.BatchCommands.Add(Ask(HeldByCredential, maker, clock.GetUtcNow()));
        batch.BatchCommands.Add(Ask(HeldRole.OfUser, user.Value));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var isUser = await reader.ReadAsync(ct);
        var held = new List<(string Path, FrozenSet<string> Permissions)>();
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            if (isUser && HeldRole.Read(reader) is { Branch: not "Closed" } role)
                held.Add((role.Path, All(role)));
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            held.Add((reader.GetString(2), roles.Of(
                reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetFieldValue<string[]>(1), onlyReading: false, reader.GetFieldValue<string[]>(3))));
        await reader.NextResultAsync(ct);

        bool Holds(string permission, string at) => held.Exists(h => at.StartsWith(h.Path, StringComparison.Ordinal) && h.Permissions.Contains(permission));
        if (!Holds(IdentityPermissions.LoginLinksCreate, path))
            return false;
        // What the user was given since does not come to whoever logged in as him.
        while (await reader.ReadAsync(ct))
            if (HeldRole.Read(reader) is var given && All(given).Any(p => !Holds(p, given.Path)))
                return false;
        return true;
    }

    private FrozenSet<string> All(HeldRole role) => roles.Of(role.Role, role.Custom, onlyReading: false, scopes: []);

    private static NpgsqlBatchCommand Ask(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
