using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Tells at the terminal what a user, an API key or an OAuth client may do where, and why or why not. What he may is read as at his next request; the
/// reasons are found beside it.
/// </summary>
internal static class ExplainAccess
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(Asked Who, string? Permission, OrganizationId? OrganizationId) : IQuery<ExplanationView>;

    /// <summary>Whose access; one of them.</summary>
    public sealed record Asked(string? Email, string? KeyPrefix, ClientId? Client);

    public sealed record ExplanationView(IReadOnlyList<ReasonView> Items);

    public sealed record ReasonView(string Permission, string May, string Why, string Role, string From, string HeldAt);

    /// <param name="Access">What proving the credential would find; null when it would be refused.</param>
    /// <param name="Refused">Why it would.</param>
    /// <param name="Roles">Where rights come from.</param>
    /// <param name="Credential">What a key or a client is called; null of a user.</param>
    /// <param name="Scopes">Of a key or a client.</param>
    private sealed record Subject(Access? Access, string? Refused, IReadOnlyList<HeldRole> Roles, string? Credential, IReadOnlyList<string> Scopes);

    internal sealed class Handler(
        IdentityDb db, DbSession session, AccessReader reader, ClientReader clients, RolePermissions roles, PermissionCatalog catalog, Principal principal, TimeProvider clock)
        : IQueryHandler<Query, ExplanationView>
    {
        public async Task<Result<ExplanationView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (query.Permission is not null && !catalog.All.ContainsKey(query.Permission))
                return OpsCall.Wrong($"There is no permission {query.Permission}.");
            var target = query.OrganizationId is { } id
                ? await db.Organizations.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, cancellationToken)
                : null;
            if (query.OrganizationId is { } unknown && target is null)
                return UserRefusals.UnknownOrganization(unknown.Value);
            var found = query.Who switch
            {
                { Email: { } email } => await UserAsync(email, cancellationToken),
                { Client: { } client } => await ClientAsync(client, cancellationToken),
                var who => await KeyAsync(who.KeyPrefix!, cancellationToken),
            };
            if (found.Refused(out var refusal, out var subject))
                return refusal;

            var names = await NamesAsync(subject.Roles, cancellationToken);
            var reasons = subject.Roles.SelectMany(held => roles.Of(held.Role, held.Custom, onlyReading: false, scopes: [])
                    .Where(p => query.Permission is null || p == query.Permission).Order(StringComparer.Ordinal)
                    .Select(p => Reason(p, held, subject, target?.OwnerPath, names)))
                .OrderBy(r => r.Permission, StringComparer.Ordinal).ToList();
            if (reasons.Count == 0 && query.Permission is { } permission)
                reasons.Add(new ReasonView(permission, "no", "No role of his includes it.", "", "", ""));
            return new ExplanationView(reasons);
        }

        private static ReasonView Reason(string permission, HeldRole held, Subject subject, string? target, Dictionary<Guid, string> names)
        {
            var reads = permission.EndsWith(".read", StringComparison.Ordinal);
            var why = subject.Refused
                ?? (target?.StartsWith(held.Path, StringComparison.Ordinal) == false ? "The role does not reach that organization." : null)
                ?? (held.Branch == "Closed" ? "The organization is closed." : null)
                ?? (subject.Scopes.Count > 0 && !subject.Scopes.Contains(permission) ? $"The {subject.Credential}'s scopes leave it out." : null)
                ?? (!reads && subject.Access!.WritesRefused is { } refused ? refused.Message : null)
                ?? (!reads && held.Branch == "Suspended" ? "The branch is suspended." : null)
                // The last word is that of what the requests are measured by.
                ?? (subject.Access!.Grants.Any(g => g.Role == held.Role && g.OrganizationId == held.OrganizationId && g.Permissions.Contains(permission))
                    ? null
                    : "The role does not count there.");
            return new ReasonView(
                permission, why is null ? "yes" : "no", why ?? "", held.Role, FromOf(held, subject), names[held.OrganizationId]);
        }

        private static string FromOf(HeldRole held, Subject subject) => subject.Credential is { } credential
            ? subject.Scopes.Count > 0 ? $"{credential}, narrowed by its scopes" : credential
            : held.Source is RoleSource.User ? "given to him" : "held by his organization";

        private async Task<Result<Subject>> UserAsync(string said, CancellationToken ct)
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
            var proven = await reader.UserAsync(user.Id.Value, clock.GetUtcNow(), DateTimeOffset.MaxValue, ct);
            return new Subject(proven.Access, proven.Access is null ? "He may not log in: his organization is closed, or he is disabled." : null, held, null, []);
        }

        private async Task<Result<Subject>> KeyAsync(string said, CancellationToken ct)
        {
            var prefix = said.StartsWith(ApiKeySecret.Mark, StringComparison.Ordinal) ? said[ApiKeySecret.Mark.Length..] : said;
            var key = await db.ApiKeys.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Prefix == prefix, ct);
            if (key is null)
                return new Refusal(RefusalKind.NotFound, "api_key_not_found", $"There is no API key with the prefix {prefix}.");
            var proven = await reader.UnusedApiKeyAsync(prefix, ct);
            var refused = proven.Access is not null ? null
                : key.RevokedAt is not null ? "The key is revoked."
                : key.ExpiresAt <= clock.GetUtcNow() ? "The key has expired."
                : "The organization is closed.";
            return new Subject(proven.Access, refused, [await HeldAsync(key.Role, key.CustomRoleId, key.OrganizationId, key.OwnerPath, ct)], "key", key.Scopes);
        }

        private async Task<Result<Subject>> ClientAsync(ClientId id, CancellationToken ct)
        {
            if (await db.Clients.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } client)
                return ClientRefusals.NotFound(id.Value);
            var known = await clients.FindAsync(id, ct);
            var refused = known is not null ? null
                : client.RevokedAt is not null ? "The client is revoked."
                : client.ExpiresAt <= clock.GetUtcNow() ? "The client has expired."
                : "The organization is closed.";
            return new Subject(
                known is null ? null : clients.AccessOf(known), refused,
                [await HeldAsync(client.Role, client.CustomRoleId, client.OrganizationId, client.OwnerPath, ct)], "client", client.Scopes ?? []);
        }

        private async Task<HeldRole> HeldAsync(string role, CustomRoleId? customRole, OrganizationId at, string path, CancellationToken ct)
        {
            var custom = customRole is { } id ? await db.CustomRoles.AsNoTracking().Where(x => x.Id == id).Select(x => x.Permissions).SingleAsync(ct) : null;
            return new HeldRole(role, at.Value, path, "Active", custom, RoleSource.User, Guid.Empty, []);
        }

        private async Task<Dictionary<Guid, string>> NamesAsync(IReadOnlyList<HeldRole> held, CancellationToken ct)
        {
            var ids = held.Select(h => new OrganizationId(h.OrganizationId)).Distinct().ToList();
            return await db.Organizations.AsNoTracking().Where(x => ids.Contains(x.Id))
                .ToDictionaryAsync(x => x.Id.Value, x => $"{x.Kind.ToString().ToLowerInvariant()} {x.Code} {x.DisplayName}", ct);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "access explain", "What a user, an API key or an OAuth client may do where, and why.",
        [
            new("--user", "His e-mail address."), new("--key", "The API key's prefix, with or without lk_."), new("--client", "The OAuth client's id."),
            new("--permission", "Only this one, also when he does not hold it."), new("--organization", "As seen at the organization with this id."),
        ],
        async (call, ct) =>
        {
            if (new[] { call["--user"], call["--key"], call["--client"] }.Count(x => x is not null) != 1)
                return OpsCall.Wrong("Say --user EMAIL, --key PREFIX or --client ID.");
            ClientId? client = Guid.TryParse(call["--client"], out var id) ? new ClientId(id) : null;
            if (call["--client"] is { } said && client is null)
                return OpsCall.Wrong($"--client must be a client's id, not '{said}'.");
            if (ListCredentials.OrganizationOf(call).Refused(out var refusal, out var organization))
                return refusal;
            return (await call.Services.GetRequiredService<ISender>().Send(
                new Query(new Asked(call["--user"], call["--key"], client), call["--permission"], organization.Id), ct)).Refused(out refusal, out var view)
                ? refusal
                : new OpsAnswer(view.Items);
        });
}
