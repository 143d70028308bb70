using System.Collections.Frozen;
using System.Text.Json;
using Licensing.Identity.Credentials;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Npgsql;

namespace Licensing.Identity.Clients;

/// <summary>Reads who a client is and what it holds, on a connection of its own: authentication comes before the request's.</summary>
internal sealed class ClientReader(NpgsqlDataSource database, RolePermissions roles, TimeProvider clock)
{
    private static readonly TimeSpan LastUsedEvery = TimeSpan.FromMinutes(1);

    /// <returns>Null when there is none, or it is revoked, expired, or its organisation closed.</returns>
    public async Task<KnownClient?> FindAsync(ClientId id, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $$"""
            select c.name, c.organization_id, c.owner_path, c.role, c.scopes, c.auth_method, c.secrets, c.keys, c.epoch, c.expires_at,
                   c.last_used_at, b.state, case when c.custom_role_id is not null then coalesce(r.permissions, '{}') end,
                   {{Knowing.Sql(KnownClientSql.Of("c", "$2"))}}
            from identity.clients c join identity.branches b on b.id = c.organization_id
            left join identity.custom_roles r on r.id = c.custom_role_id and starts_with(c.owner_path, r.owner_path)
            where c.id = $1 and c.revoked_at is null and b.state <> 'Closed' and (c.expires_at is null or c.expires_at > $2)
            """);
        command.Parameters.Add(new() { Value = id.Value });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
            return null;
        return new KnownClient(
            id, row.GetString(0), row.GetGuid(1), row.GetString(2), row.GetString(3),
            row.IsDBNull(12) ? null : row.GetFieldValue<string[]>(12), row.IsDBNull(4) ? null : row.GetFieldValue<string[]>(4),
            Enum.Parse<ClientAuthMethod>(row.GetString(5)),
            JsonSerializer.Deserialize<List<ClientSecret>>(row.GetString(6), StoredJson.Options)!,
            JsonSerializer.Deserialize<List<ClientKey>>(row.GetString(7), StoredJson.Options)!,
            row.GetInt32(8), row.IsDBNull(9) ? DateTimeOffset.MaxValue : row.GetFieldValue<DateTimeOffset>(9),
            row.IsDBNull(10) ? DateTimeOffset.MinValue : row.GetFieldValue<DateTimeOffset>(10), row.GetString(11) == "Suspended")
        { MayAlsoBe = [.. row.GetFieldValue<Guid[]>(13).Where(x => x != id.Value)] };
    }

    /// <returns>Null where there is no such client whose secret it is. In its last second it is none: a token's instants are whole ones.</returns>
    public async Task<KnownClient?> FindAsync(ClientId id, string secret, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await FindAsync(id, ct) is { AuthMethod: ClientAuthMethod.ClientSecret } client
            && ClientSecret.EndOf(client.Secrets, secret, now) is { } end && end - now >= TimeSpan.FromSeconds(1)
            ? client with { ProvenUntil = end }
            : null;
    }

    /// <param name="id">The token's subject.</param>
    /// <param name="epoch">The number of the client's credentials under which the token was made.</param>
    /// <param name="until">When the token ends.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Proven> AccessAsync(ClientId id, int epoch, DateTimeOffset until, CancellationToken ct) =>
        await FindAsync(id, ct) is { } client && client.Epoch == epoch
            ? new Proven(AccessOf(client), null, client.ExpiresAt < until ? client.ExpiresAt : until)
            : CredentialRefusals.Invalid;

    public Access AccessOf(KnownClient client) => new()
    {
        Kind = PrincipalKind.Credential,
        Id = client.Id.Value,
        Name = $"{client.Name} (client)",
        OrganizationId = client.OrganizationId,
        Path = client.Path,
        CredentialNumber = client.Epoch,
        MayAlsoBe = client.MayAlsoBe,
        Grants = [new Grant(client.Role, client.OrganizationId, client.Path, RightsOf(client))],
        WritesRefused = client.IsSuspended ? OrganizationRefusals.BranchSuspended : null,
    };

    private FrozenSet<string> RightsOf(KnownClient client) =>
        ClientRights.Effective(roles.Of(client.Role, client.Custom, onlyReading: false, scopes: []), client.Scopes);

    /// <summary>Notes that the client was here. The version stays: nobody's If-Match should fail because of it.</summary>
    public async Task TouchAsync(KnownClient client, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (client.LastUsedAt > now - LastUsedEvery)
            return;
        await using var command = database.CreateCommand(
            "update identity.clients set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)");
        command.Parameters.Add(new() { Value = client.Id.Value });
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
    }
}
