using System.Text.Json.Nodes;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Transfers;

/// <summary>Moves a tenant and what Identity keeps at it, in the caller's transaction (ADR 0014).</summary>
internal sealed class TenantMove(
    IdentityDb db, DbSession session, CredentialCache cache, AuditTrail audit, IEnumerable<IForbidsTransfer> others, TimeProvider clock)
{
    /// <summary>What goes with the tenant. All else that has a path is history and stays; a test knows which tables there are.</summary>
    public static IReadOnlyList<string> Moving { get; } =
    [
        "users", "role_assignments", "sessions", "api_keys", "federated_identities", "clients", "custom_roles", "account_roles", "login_links",
    ];

    // What is just being changed by who has read it where it stood is refused to him (409); these are only made and ended.
    private static readonly string[] Unversioned = ["sessions", "login_links"];

    /// <summary>History, and what only the levels that never move have: certificates are resellers'.</summary>
    public static IReadOnlyList<string> Staying { get; } = ["organizations", "audit_entries", "audit_seals", "transfers", "certificates"];

    /// <summary>Everything that forbids the move now; also asked when one is agreed for a later day.</summary>
    public async Task<Result<Done>> AllowsAsync(Organization tenant, Organization partner, DateOnly on, CancellationToken ct)
    {
        var above = await db.Organizations.AsNoTracking().SingleAsync(x => x.Id == partner.ParentId, ct);
        if (tenant.MayMoveTo(partner, above).Refused(out var refusal, out _))
            return refusal;
        if (await db.Organizations.AnyAsync(x => x.ParentId == partner.Id && x.ExternalId == tenant.ExternalId, ct))
            return OrganizationRefusals.ExternalIdTaken;
        foreach (var other in others)
            if (await other.ForbiddenAsync(tenant.Id, on, ct) is { } forbidden)
                return forbidden;
        return default(Done);
    }

    /// <summary>
    /// Locks both before they are read: what is just opened at the tenant commits first, and the partner is neither closed nor suspended
    /// before this commits. A partner outside <paramref name="scope"/> is not waited for.
    /// </summary>
    public async Task<(Organization Tenant, Organization? Partner)> LockAsync(
        OrganizationId tenant, OrganizationId partner, Scope scope, CancellationToken ct)
    {
        var (low, high) = scope.Ranges();
        await ExecuteAsync("select 1 from identity.organizations where id = $1 for update", ct, tenant.Value);
        await ExecuteAsync(OrganizationLocks.OfParents, ct, new[] { partner.Value }, low, high);
        return (await db.Organizations.SingleAsync(x => x.Id == tenant, ct),
            await db.Organizations.AsNoTracking().SingleOrDefaultAsync(x => x.Id == partner && x.Kind == OrganizationKind.Partner, ct));
    }

    public async Task MoveAsync(Organization tenant, Organization partner, Transfer transfer, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        // Users before their sessions, as whoever changes a user takes them, or the two would wait for each other. And before the links: who
        // is just using one is waited for, and his session seen.
        await ExecuteAsync("select 1 from identity.users where owner_path = $1 order by id for no key update", ct, tenant.OwnerPath);
        var moved = tenant.MoveTo(partner, transfer.EffectiveOn, now);
        var (from, to) = (moved.FromPath, moved.ToPath);
        await ExecuteAsync(
            "insert into identity.former_paths (organization_id, path, external_id, display_name, until_on) values ($1, $2, $3, $4, $5)", ct,
            tenant.Id.Value, from, tenant.ExternalId, tenant.DisplayName, transfer.EffectiveOn);

        var roles = await EndRolesAsync(from, to, ct);
        var keys = await RevokeKnownAsync(from, to, now, ct);
        var passwords = await ForgetGivenAsync(from, to, now, ct);
        // Not asked whose link it was: the tenant makes another.
        await ExecuteAsync("delete from identity.login_links where owner_path = $1", ct, from);
        var sessions = await ExecuteAsync(
            "update identity.sessions set revoked_at = $2 where owner_path = $1 and way = 'LoginLink' and revoked_at is null", ct, from, now);
        foreach (var table in Moving)
        {
            var versioned = Unversioned.Contains(table) ? "" : ", version = version + 1";
            await ExecuteAsync($"update identity.{table} set owner_path = $2{versioned} where owner_path = $1", ct, from, to);
        }

        transfer.Done(now);
        audit.Note(
            "tenant_move", tenant.Id.Value.ToString(), transfer.OwnerPath,
            new JsonObject
            {
                ["rolesEnded"] = roles,
                ["keysAndClientsRevoked"] = keys,
                ["sessionsEnded"] = sessions,
                ["passwordsForgotten"] = passwords,
            });
        db.Publish(moved);
        cache.ForgetAfterCommit(session);
    }

    // What the old partner's people held at the tenant ends, and what its custom roles gave there; a distributor above both partners keeps
    // its own, and the tenant's go along.
    private async Task<int> EndRolesAsync(string from, string to, CancellationToken ct)
    {
        var ended = await ExecuteAsync(
            """
            delete from identity.role_assignments a using identity.users u
            where a.owner_path = $1 and u.id = a.user_id and a.organization_id <> u.organization_id and not starts_with($2, u.owner_path)
            """, ct, from, to);
        foreach (var table in new[] { "role_assignments", "account_roles" })
            ended += await ExecuteAsync(
                $"""
                delete from identity.{table} a using identity.custom_roles c
                where a.owner_path = $1 and c.id = a.custom_role_id and c.owner_path <> $1 and not starts_with($2, c.owner_path)
                """, ct, from, to);
        return ended;
    }

    // As with keys: a password that someone else chose, or a first one of which nobody knows who, ends unless he, and whoever may have been
    // behind him, belongs to the tenant or stands above its new place, and so do the tokens that were mailed. Its owner gets another by mail.
    private async Task<int> ForgetGivenAsync(string from, string to, DateTimeOffset now, CancellationToken ct)
    {
        await ExecuteAsync("delete from identity.one_time_tokens t using identity.users u where u.id = t.user_id and u.owner_path = $1", ct, from);
        var forgotten = await ExecuteAsync(
            $"""
            update identity.users u set password_hash = null, must_change_password = false, password_given_by = null,
                password_known_to = array[]::uuid[], password_number = password_number + 1, credentials_changed_at = $3
            where u.owner_path = $1 and u.password_hash is not null and (u.must_change_password or u.password_given_by is not null)
                and (u.password_given_by is null or {Others("u.password_known_to || u.password_given_by", "u.organization_id")})
            """, ct, from, to, now);
        await ExecuteAsync(
            """
            update identity.sessions s set revoked_at = $2 from identity.users u
            where u.id = s.user_id and u.owner_path = $1 and u.password_hash is null and u.credentials_changed_at = $2 and s.revoked_at is null
            """, ct, from, now);
        return forgotten;
    }

    // Whoever made a key, or made or rotated a client, knows its secret, and whoever may have been behind him: his password's giver, his own
    // key's maker. Of whom nobody knows who knows it, it ends too. And as above of custom roles.
    private async Task<int> RevokeKnownAsync(string from, string to, DateTimeOffset now, CancellationToken ct)
    {
        var revoked = 0;
        foreach (var (table, knownTo) in new[] { ("api_keys", "k.known_to"), ("clients", KnownClientSql.Of("k", "$3")) })
            revoked += await ExecuteAsync(
                $"""
                update identity.{table} k set revoked_at = $3, version = version + 1
                where owner_path = $1 and revoked_at is null and (
                    cardinality({knownTo}) = 0
                    or {Others(knownTo, "k.organization_id")}
                    or exists (
                        select from identity.custom_roles c
                        where c.id = k.custom_role_id and c.owner_path <> $1 and not starts_with($2, c.owner_path)))
                """, ct, from, to, now);
        return revoked;
    }

    // Whether any of them, the terminal apart, is neither a user of the tenant nor one who stands above its new place, $2.
    private static string Others(string knownTo, string tenant) =>
        $"""
        exists (select from unnest({knownTo}) as someone where someone <> '{Guid.Empty}' and not exists (
            select from identity.users x where x.id = someone and (x.organization_id = {tenant} or starts_with($2, x.owner_path))))
        """;

    private async Task<int> ExecuteAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = await session.CommandAsync(sql, ct, values);
        return await command.ExecuteNonQueryAsync(ct);
    }
}
