using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Reads who a proven user or key is and what he holds, on a connection of its own: authentication comes before the request's. A
/// transferred tenant's own people, and the keys they made, also read what stayed where it stood before.
/// </summary>
internal sealed class AccessReader(NpgsqlDataSource database, RolePermissions roles, TimeProvider clock)
{
    private static readonly TimeSpan LastUsedEvery = TimeSpan.FromMinutes(1);

    /// <param name="userId">The token's subject.</param>
    /// <param name="issuedAt">When the token was made; one from before the last change of password is worth nothing.</param>
    /// <param name="until">When the token ends.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Proven> UserAsync(Guid userId, DateTimeOffset issuedAt, DateTimeOffset until, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select u.email, u.organization_id, u.owner_path, u.must_change_password, u.credentials_changed_at, b.state
            from identity.users u join identity.branches b on b.id = u.organization_id
            where u.id = $1 and u.status = 'Active'
            """)
        { Parameters = { new() { Value = userId } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select a.role, a.organization_id, a.owner_path, b.state,
                array(select f.path from identity.former_paths f join identity.users u on u.organization_id = f.organization_id
                    where f.organization_id = a.organization_id and u.id = $1)
            from identity.role_assignments a join identity.branches b on b.id = a.organization_id where a.user_id = $1
            """)
        { Parameters = { new() { Value = userId } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        // A token's instants are whole seconds.
        if (!await reader.ReadAsync(ct) || reader.GetString(5) == "Closed"
            || issuedAt.ToUnixTimeSeconds() < reader.GetFieldValue<DateTimeOffset>(4).ToUnixTimeSeconds())
            return CredentialRefusals.Invalid;

        var (email, organization, path) = (reader.GetString(0), reader.GetGuid(1), reader.GetString(2));
        var mustChange = reader.GetBoolean(3);
        var suspended = reader.GetString(5) == "Suspended";
        await reader.NextResultAsync(ct);
        var grants = new List<Grant>();
        // In a suspended branch of his own every write is refused with the reason; a role further down loses only what writes.
        while (await reader.ReadAsync(ct))
            if (reader.GetString(3) is not "Closed" and var state)
            {
                grants.Add(GrantOf(reader.GetString(0), reader.GetGuid(1), reader.GetString(2), state == "Suspended" && !suspended));
                grants.AddRange(reader.GetFieldValue<string[]>(4).Select(former => GrantOf(reader.GetString(0), reader.GetGuid(1), former, true)));
            }

        return new Proven(new Access
        {
            Kind = PrincipalKind.User,
            Id = userId,
            Name = email,
            OrganizationId = organization,
            Path = path,
            Grants = grants,
            WritesRefused = mustChange ? SessionRefusals.PasswordChangeRequired : suspended ? OrganizationRefusals.BranchSuspended : null,
        }, null, until);
    }

    /// <param name="prefix">The key's public part.</param>
    /// <param name="isIt">Compares the stored digest, in constant time.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Proven> ApiKeyAsync(string prefix, Predicate<byte[]> isIt, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand(
            """
            select k.id, k.name, k.organization_id, k.owner_path, k.role, k.key_hash, k.expires_at, k.last_used_at, b.state,
                array(select f.path from identity.former_paths f join identity.users u on u.organization_id = f.organization_id
                    where f.organization_id = k.organization_id and u.id = k.created_by)
            from identity.api_keys k join identity.branches b on b.id = k.organization_id where k.prefix = $1 and k.revoked_at is null
            """);
        command.Parameters.Add(new() { Value = prefix });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct) || !isIt(reader.GetFieldValue<byte[]>(5)) || reader.GetString(8) == "Closed")
            return CredentialRefusals.Invalid;
        var expiresAt = await reader.IsDBNullAsync(6, ct) ? DateTimeOffset.MaxValue : reader.GetFieldValue<DateTimeOffset>(6);
        if (expiresAt <= now)
            return CredentialRefusals.Invalid;

        var (id, suspended) = (reader.GetGuid(0), reader.GetString(8) == "Suspended");
        var access = new Access
        {
            Kind = PrincipalKind.Credential,
            Id = id,
            Name = $"{reader.GetString(1)} (lk_{prefix})",
            OrganizationId = reader.GetGuid(2),
            Path = reader.GetString(3),
            Grants =
            [
                GrantOf(reader.GetString(4), reader.GetGuid(2), reader.GetString(3), false),
                .. reader.GetFieldValue<string[]>(9).Select(former => GrantOf(reader.GetString(4), reader.GetGuid(2), former, true)),
            ],
            WritesRefused = suspended ? OrganizationRefusals.BranchSuspended : null,
        };
        var used = await reader.IsDBNullAsync(7, ct) ? DateTimeOffset.MinValue : reader.GetFieldValue<DateTimeOffset>(7);
        await reader.DisposeAsync();
        if (used <= now - LastUsedEvery)
            await TouchAsync(id, now, ct);
        return new Proven(access, null, expiresAt);
    }

    // The version stays: nobody's If-Match should fail because the key was used.
    private async Task TouchAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand("update identity.api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
    }

    private Grant GrantOf(string role, Guid organization, string path, bool onlyReading) =>
        new(role, organization, path, onlyReading ? roles.ReadingOf(role) : roles.Of(role));
}
