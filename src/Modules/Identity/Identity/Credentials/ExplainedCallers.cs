using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>Finds whose access is to be explained, within the asker's scope and with the roles that he holds.</summary>
internal sealed class ExplainedCallers(
    IdentityDb db, DbSession session, AccessReader reader, ClientReader clients, Principal principal, TimeProvider clock)
{
    public async Task<Result<ExplainedCaller>> FindAsync(ExplainAccess.Asked who, CancellationToken ct) => who switch
    {
        { Email: { } email } => await UserAsync(email, ct),
        { Client: { } client } => await ClientAsync(client, ct),
        _ => await KeyAsync(who.KeyPrefix!, ct),
    };

    private async Task<Result<ExplainedCaller>> UserAsync(string said, CancellationToken ct)
    {
        var email = said.ToLowerInvariant();
        var user = await db.Users.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Email == email, ct);
        if (user is null)
            return UserRefusals.UnknownEmail(email);
        var held = new List<HeldRole>();
        await using (var command = new NpgsqlCommand(HeldRole.OfUser, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = user.Id.Value } } })
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                held.Add(HeldRole.Read(rows));
        var proven = await reader.UserAsync(user.Id.Value, null, DateTimeOffset.MaxValue, ct);
        var refused = proven.Access is null ? "He may not log in: his organization is closed, or he is disabled." : null;
        return new ExplainedCaller(proven.Access, refused, held, null, []);
    }

    private async Task<Result<ExplainedCaller>> KeyAsync(string said, CancellationToken ct)
    {
        var prefix = said.StartsWith(ApiKeySecret.Mark, StringComparison.Ordinal) ? said[ApiKeySecret.Mark.Length..] : said;
        var key = await db.ApiKeys.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Prefix == prefix, ct);
        if (key is null)
            return new Refusal(RefusalKind.NotFound, "api_key_not_found", $"There is no API key with the prefix {prefix}.");
        var proven = await reader.UnusedApiKeyAsync(prefix, ct);
        var refused = proven.Access is not null ? null
            : key.RevokedAt is not null ? "The key is revoked."
            : key.ExpiresAt <= clock.GetUtcNow() ? "The key has expired."
            : OrganizationRefusals.Closed.Message;
        var held = await HeldAsync(key.Role, key.CustomRoleId, key.OrganizationId, key.OwnerPath, ct);
        return new ExplainedCaller(proven.Access, refused, [held], "key", key.Scopes);
    }

    private async Task<Result<ExplainedCaller>> ClientAsync(ClientId id, CancellationToken ct)
    {
        if (await db.Clients.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } client)
            return ClientRefusals.NotFound(id.Value);
        var known = await clients.FindAsync(id, ct);
        var refused = known is not null ? null
            : client.RevokedAt is not null ? "The client is revoked."
            : client.ExpiresAt <= clock.GetUtcNow() ? "The client has expired."
            : OrganizationRefusals.Closed.Message;
        var access = known is null ? null : clients.AccessOf(known);
        var held = await HeldAsync(client.Role, client.CustomRoleId, client.OrganizationId, client.OwnerPath, ct);
        return new ExplainedCaller(access, refused, [held], "client", client.Scopes ?? []);
    }

    private async Task<HeldRole> HeldAsync(string role, CustomRoleId? customRole, OrganizationId at, string path, CancellationToken ct)
    {
        var custom = customRole is { } id
            ? await db.CustomRoles.AsNoTracking().Where(x => x.Id == id).Select(x => x.Permissions).SingleAsync(ct)
            : null;
        return new HeldRole(role, at.Value, path, "Active", custom, RoleSource.User, Guid.Empty, []);
    }
}
