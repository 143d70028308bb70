using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Rights;

/// <summary>
/// Finds roles by name, and is the one place that keeps anyone from giving more than he has: whatever is to be given, to a user, an
/// account, a key or a custom role, must be held by the giver himself at a node that reaches it.
/// </summary>
internal sealed class RoleBook(DbSession session, RolePermissions predefined, PermissionCatalog catalog, Principal principal)
{
    /// <summary>The role when it fits the level and the caller may give all of it there.</summary>
    public async Task<Result<UsableRole>> GiveableAsync(string role, Organization at, CancellationToken ct) =>
        (await UsableAsync(role, at, ct)).Refused(out var refusal, out var usable) ? refusal
        : Exceeding(usable.Permissions, at.OwnerPath) is { } more ? RoleRefusals.NotHeld("/role", more)
        : usable;

    /// <summary>Gives it to someone who has none there, on the same terms.</summary>
    public async Task<Result<RoleAssignment>> GiveAsync(User user, string role, Organization at, DateTimeOffset now, CancellationToken ct) =>
        (await GiveableAsync(role, at, ct)).Refused(out var refusal, out var giveable) ? refusal : RoleAssignment.Give(user, giveable, at, now);

    /// <summary>The role when it fits the level, whoever asks.</summary>
    public async Task<Result<UsableRole>> UsableAsync(string role, Organization at, CancellationToken ct)
    {
        if (Roles.All.Contains(role))
            return RoleLevels.LevelOf(role) == at.Kind ? new UsableRole(role, null, predefined.Of(role)) : UserRefusals.WrongLevel(role, at.Kind);

        // The nearest definition, should a transfer have brought two of a name together. Held until the transaction ends, so that it is not
        // deleted, nor widened, between this look and what is given; in turn, so that whoever asks for it again and again does not keep it
        // from being narrowed.
        const string nearest =
            """
            from identity.custom_roles where lower(name) = lower($1) and starts_with($2, owner_path) order by length(owner_path) desc limit 1
            """;
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        var hold = $"select id, {CallerLocks.Sql(alone: false, "id")} from (select id {nearest}) role";
        foreach (var sql in new[] { hold, $"select id, name, level, permissions {nearest}" })
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql) { Parameters = { new() { Value = role }, new() { Value = at.OwnerPath } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var held = await reader.ReadAsync(ct) ? reader.GetGuid(0) : (Guid?)null;
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct))
            return UserRefusals.UnknownRole(role);
        // Another of that name, defined while the one before was waited for, is held by nobody here.
        if (reader.GetGuid(0) != held)
            return RoleRefusals.Replaced;
        var name = reader.GetString(1);
        return Enum.Parse<OrganizationKind>(reader.GetString(2)) == at.Kind
            ? new UsableRole(
                name, new CustomRoleId(reader.GetGuid(0)), predefined.Of(name, reader.GetFieldValue<string[]>(3), onlyReading: false, scopes: []))
            : UserRefusals.WrongLevel(name, at.Kind);
    }

    /// <summary>What a role that is held at <paramref name="path"/> allows; nothing where it is no more, or was defined in another branch.</summary>
    public async Task<UsableRole> HeldAsync(string role, CustomRoleId? customId, string path, CancellationToken ct)
    {
        if (customId is not { } id)
            return new UsableRole(role, null, predefined.Of(role, custom: null, onlyReading: false, scopes: []));

        // Held, as when it is given: else it could be widened between the look and what hangs on it.
        await session.LockBesideRoleAsync(id.Value, ct);
        await using var command = new NpgsqlCommand(
            "select permissions from identity.custom_roles where id = $1 and starts_with($2, owner_path)",
            await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = id.Value }, new() { Value = path } } };
        var listed = await command.ExecuteScalarAsync(ct) as string[] ?? [];
        return new UsableRole(role, id, predefined.Of(role, listed, onlyReading: false, scopes: []));
    }

    /// <summary>
    /// Why the caller may not take away a role that is held at <paramref name="path"/>, or null: what he could not give he does not take.
    /// </summary>
    public async Task<Refusal?> RefusalOfTakingAsync(string role, CustomRoleId? customId, string path, CancellationToken ct) =>
        Exceeding((await HeldAsync(role, customId, path, ct)).Permissions, path) is { } more ? RoleRefusals.MoreThanHeld(more) : null;

    /// <summary>
    /// Whether the caller may put <paramref name="permissions"/> into a role of <paramref name="level"/> that reaches all below
    /// <paramref name="path"/>.
    /// </summary>
    public Refusal? RefusalOf(IReadOnlyList<string> permissions, OrganizationKind level, string path)
    {
        var wrong = permissions.Select((permission, i) => (Permission: permission, Pointer: $"/permissions/{i}"))
            .Select(p => !catalog.All.ContainsKey(p.Permission) ? RoleRefusals.UnknownPermission(p.Pointer, p.Permission)
                : !predefined.Fits(p.Permission, level) ? RoleRefusals.NotAtLevel(p.Pointer, p.Permission, level)
                : !principal.May(p.Permission, path) ? RoleRefusals.NotHeld(p.Pointer, p.Permission)
                : null)
            .OfType<Refusal>().SelectMany(r => r.Fields).ToList();
        return wrong.Count == 0 ? null : Refusal.AllFields(wrong);
    }

    /// <summary>
    /// The first of <paramref name="permissions"/> that the caller does not hold at a node reaching <paramref name="path"/>, or null.
    /// </summary>
    public string? Exceeding(IEnumerable<string> permissions, string path) =>
        permissions.Order(StringComparer.Ordinal).FirstOrDefault(p => !principal.May(p, path));

    /// <summary>Holds the custom roles that count for a user until the transaction ends: else one could be widened beside what hangs on it.</summary>
    private async Task HoldCustomRolesAsync(UserId user, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select {CallerLocks.Sql(alone: false, "id")} from (
                select custom_role_id from identity.role_assignments where user_id = $1
                union
                select r.custom_role_id from identity.users u join identity.account_roles r on r.organization_id = u.organization_id where u.id = $1
                order by 1) held (id)
            where id is not null
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = user.Value } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>What a user holds anywhere and the caller does not hold there, or null: who can become someone has all that he has.</summary>
    public async Task<string?> ExceedingAsync(UserId user, CancellationToken ct)
    {
        await HoldCustomRolesAsync(user, ct);
        await using var command = new NpgsqlCommand(HeldRole.OfUser, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = user.Value } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        // The whole of his roles, suspended or not: the branch may be resumed.
        while (await reader.ReadAsync(ct))
        {
            var held = HeldRole.Read(reader);
            if (Exceeding(predefined.Of(held.Role, held.Custom, onlyReading: false, scopes: []), held.Path) is { } more)
                return more;
        }

        return null;
    }

    /// <summary>Whether there is such a permission.</summary>
    public bool Knows(string permission) => catalog.All.ContainsKey(permission);
}
