using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Sessions;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Reads who a proven user or key is and what he holds, on a connection of its own: authentication comes before the request's. A
/// transferred tenant's own people, and keys that nobody else knows, also read what stayed where it stood before.
/// </summary>
internal sealed class AccessReader(NpgsqlDataSource database, RolePermissions roles, TimeProvider clock)
{
    private static readonly TimeSpan LastUsedEvery = TimeSpan.FromMinutes(1);
    private static readonly byte[] NoKey = new byte[32];

    /// <param name="userId">The token's subject.</param>
    /// <param name="passwordNumber">
    /// The number of his password when he was proved; what comes from one before is worth nothing. Null is whichever. A number, because no
    /// clock of another host says what came first.
    /// </param>
    /// <param name="until">When the token ends.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Proven> UserAsync(Guid userId, int? passwordNumber, DateTimeOffset until, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            $$"""
            select u.email, u.organization_id, u.owner_path, u.must_change_password, u.password_number, b.state,
                   u.password_given_by is not null,
                   case when u.password_given_by is null then '{}' else {{Knowing.Sql("u.password_known_to || u.password_given_by")}} end
            from identity.users u join identity.branches b on b.id = u.organization_id
            where u.id = $1 and u.status = 'Active'
            """)
        { Parameters = { new() { Value = userId } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HeldRole.OfUser) { Parameters = { new() { Value = userId } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct) || reader.GetString(5) == "Closed" || (passwordNumber is { } number && number != reader.GetInt32(4)))
            return CredentialRefusals.Invalid;

        var (email, organization, path) = (reader.GetString(0), reader.GetGuid(1), reader.GetString(2));
        var mustChange = reader.GetBoolean(3);
        var suspended = reader.GetString(5) == "Suspended";
        // Whoever chose his password can be him, and may be the new partner, who must not read the old one's time.
        var readsFormer = !reader.GetBoolean(6);
        var (knownTo, present) = (reader.GetFieldValue<Guid[]>(7), reader.GetInt32(4));
        await reader.NextResultAsync(ct);
        var grants = new List<Grant>();
        // In a suspended branch of his own every write is refused with the reason; a role further down loses only what writes.
        while (await reader.ReadAsync(ct))
            if (HeldRole.Read(reader) is { Branch: not "Closed" } held)
            {
                grants.Add(new Grant(
                    held.Role, held.OrganizationId, held.Path, roles.Of(held.Role, held.Custom, held.Branch == "Suspended" && !suspended, [])));
                grants.AddRange(held.FormerPaths.Where(_ => readsFormer).Select(
                    former => new Grant(held.Role, held.OrganizationId, former, roles.Of(held.Role, held.Custom, onlyReading: true, []))));
            }

        return new Proven(new Access
        {
            Kind = PrincipalKind.User,
            Id = userId,
            Name = email,
            OrganizationId = organization,
            Path = path,
            CredentialNumber = present,
            MayAlsoBe = [.. knownTo.Distinct().Where(id => id != Guid.Empty && id != userId)],
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
        var (proven, used) = await ReadKeyAsync(prefix, isIt, now, ct);
        if (proven.Access is { } access && used <= now - LastUsedEvery)
            await TouchAsync(access.Id, now, ct);
        return proven;
    }

    /// <summary>What whoever has the key may do, without its being used.</summary>
    public async Task<Proven> UnusedApiKeyAsync(string prefix, CancellationToken ct) =>
        (await ReadKeyAsync(prefix, _ => true, clock.GetUtcNow(), ct)).Proven;

    private async Task<(Proven Proven, DateTimeOffset LastUsed)> ReadKeyAsync(
        string prefix, Predicate<byte[]> isIt, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $$"""
            select k.id, k.name, k.organization_id, k.owner_path, k.role, k.key_hash, k.expires_at, k.last_used_at, b.state, k.scopes,
                   case when k.custom_role_id is not null then coalesce(c.permissions, '{}') end,
                   array(select f.path from identity.former_paths f
                       where f.organization_id = k.organization_id and cardinality(k.known_to) > 0 and not exists (
                           select from unnest(k.known_to) someone where not exists (
                               select from identity.users u where u.id = someone and u.organization_id = k.organization_id))),
                   {{Knowing.Sql("k.known_to")}}
            from identity.api_keys k join identity.branches b on b.id = k.organization_id
            left join identity.custom_roles c on c.id = k.custom_role_id and starts_with(k.owner_path, c.owner_path)
            where k.prefix = $1 and k.revoked_at is null
            """);
        command.Parameters.Add(new() { Value = prefix });
        await using var reader = await command.ExecuteReaderAsync(ct);
        // Compared where there is none, too, so that an unknown prefix and a wrong secret take the same way.
        var found = await reader.ReadAsync(ct);
        if (!isIt(found ? reader.GetFieldValue<byte[]>(5) : NoKey) || !found || reader.GetString(8) == "Closed")
            return (CredentialRefusals.Invalid, default);
        var expiresAt = await reader.IsDBNullAsync(6, ct) ? DateTimeOffset.MaxValue : reader.GetFieldValue<DateTimeOffset>(6);
        if (expiresAt <= now)
            return (CredentialRefusals.Invalid, default);

        var (role, custom, scopes) = (
            reader.GetString(4), await reader.IsDBNullAsync(10, ct) ? null : reader.GetFieldValue<string[]>(10), reader.GetFieldValue<string[]>(9));
        var access = new Access
        {
            Kind = PrincipalKind.Credential,
            Id = reader.GetGuid(0),
            Name = $"{reader.GetString(1)} (lk_{prefix})",
            OrganizationId = reader.GetGuid(2),
            Path = reader.GetString(3),
            MayAlsoBe = reader.GetFieldValue<Guid[]>(12),
            Grants =
            [
                new Grant(role, reader.GetGuid(2), reader.GetString(3), roles.Of(role, custom, onlyReading: false, scopes)),
                .. reader.GetFieldValue<string[]>(11).Select(
                    former => new Grant(role, reader.GetGuid(2), former, roles.Of(role, custom, onlyReading: true, scopes))),
            ],
            WritesRefused = reader.GetString(8) == "Suspended" ? OrganizationRefusals.BranchSuspended : null,
        };
        var used = await reader.IsDBNullAsync(7, ct) ? DateTimeOffset.MinValue : reader.GetFieldValue<DateTimeOffset>(7);
        return (new Proven(access, null, expiresAt), used);
    }

    // The version stays: nobody's If-Match should fail because the key was used.
    private async Task TouchAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "update identity.api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
    }
}
