using System.Collections.Frozen;
using Npgsql;

namespace Licensing.Identity.Rights;

/// <summary>What somebody holds now, whoever he is: a user, an API key or a client. One that is gone, or may not enter, holds nothing.</summary>
internal sealed class StandingRights(RolePermissions roles, TimeProvider clock)
{
    // No id is two of them.
    private const string IsUser =
        """
        select 1 from identity.users u join identity.branches b on b.id = u.organization_id
        where u.id = $1 and u.status = 'Active' and b.state <> 'Closed'
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

    /// <summary>Adds the three commands whose answers <see cref="ReadAsync"/> reads.</summary>
    public void Ask(NpgsqlBatch batch, Guid holder)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand(IsUser) { Parameters = { new() { Value = holder } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HeldRole.OfUser) { Parameters = { new() { Value = holder } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HeldByCredential)
        { Parameters = { new() { Value = holder }, new() { Value = clock.GetUtcNow() } } });
    }

    /// <summary>The whole of his roles, suspended or not, from the first of the answers on; the last is not gone past.</summary>
    public async Task<HeldPermissions> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var isUser = await reader.ReadAsync(ct);
        var held = new List<(string Path, FrozenSet<string> Permissions)>();
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
            if (isUser && HeldRole.Read(reader) is { Branch: not "Closed" } role)
                held.Add((role.Path, All(role)));
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var custom = reader.IsDBNull(1) ? null : reader.GetFieldValue<string[]>(1);
            held.Add((reader.GetString(2), roles.Of(reader.GetString(0), custom, onlyReading: false, reader.GetFieldValue<string[]>(3))));
        }

        return new HeldPermissions(held);
    }

    public FrozenSet<string> All(HeldRole role) => roles.Of(role.Role, role.Custom, onlyReading: false, scopes: []);
}
