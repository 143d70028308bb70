using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>What opening a distributor, a partner and a tenant have in common; one or a thousand with as many reads for all as for one.</summary>
internal sealed class OrganizationOpening(
    IdentityDb db, DbSession session, IOrganizationSettings settings, Invitations invitations, RoleBook roles, Principal principal,
    TimeProvider clock)
{
    /// <param name="kind">Level of the new organisation.</param>
    /// <param name="parentId">The organisation above; null is the platform.</param>
    /// <param name="parentField">The body's field that names it.</param>
    /// <param name="details">The rest.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Result<OrganizationView>> OpenAsync(
        OrganizationKind kind, OrganizationId? parentId, string parentField, IOrganizationDetails details, CancellationToken ct)
    {
        if ((await OpenAsync(kind, parentField, [(parentId, details)], ct))[0].Refused(out var refusal, out var opened))
            return refusal;
        return details.Administrator is { } administrator && await InviteAsync(opened.Id, administrator, ct) is { } refused ? refused : opened;
    }

    /// <summary>Each one's outcome, in the order asked; those that are not refused are added.</summary>
    public async Task<IReadOnlyList<Result<OrganizationView>>> OpenAsync(
        OrganizationKind kind, string parentField, IReadOnlyList<(OrganizationId? ParentId, IOrganizationDetails Details)> asked,
        CancellationToken ct)
    {
        var parentIds = asked.Select(x => x.ParentId).OfType<OrganizationId>().Distinct().ToList();
        var codes = await LockParentsAndTakeCodesAsync(parentIds, asked.Count, ct);
        var parents = await db.Organizations.AsNoTracking().Within(principal.Scope)
            .Where(x => x.Kind == kind - 1 && (kind == OrganizationKind.Distributor || parentIds.Contains(x.Id))).ToListAsync(ct);
        // The caller need not see what stands above the parent, but a suspension there reaches down to here.
        var above = parents.Select(x => x.ParentId).OfType<OrganizationId>().Distinct().ToList();
        var suspended = await db.Organizations.AsNoTracking().Where(x => above.Contains(x.Id) && x.Status == OrganizationStatus.Suspended)
            .Select(x => x.Id).ToListAsync(ct);
        var taken = await TakenAsync(parents, asked, ct);
        var delegated = await DelegatedAsync(kind, parents, ct);

        var now = clock.GetUtcNow();
        var outcomes = new List<Result<OrganizationView>>(asked.Count);
        for (var i = 0; i < asked.Count; i++)
        {
            var (parentId, details) = asked[i];
            if (parents.Find(x => parentId is null || x.Id == parentId) is not { } parent)
                outcomes.Add(OrganizationRefusals.UnknownInField(parentField, parentId?.Value ?? Guid.Empty));
            else if (!delegated(parent.OwnerPath))
                outcomes.Add(LicensingSettings.NotDelegated);
            else if (parent.ParentId is { } grandparent && suspended.Contains(grandparent))
                outcomes.Add(OrganizationRefusals.ParentSuspended);
            else if (parent.Open(kind, codes[i], details, now).Refused(out var refusal, out var opened))
                outcomes.Add(refusal);
            else if (!taken.Add((parent.Id, details.ExternalId)))
                outcomes.Add(OrganizationRefusals.ExternalIdTaken);
            else
                outcomes.Add(Add(opened, now));
        }

        return outcomes;
    }

    // What counts is where the caller's right is held, not where the tenant is to stand.
    private async Task<Predicate<string>> DelegatedAsync(OrganizationKind kind, List<Organization> parents, CancellationToken ct)
    {
        if (kind is not OrganizationKind.Tenant)
            return _ => true;
        var held = parents.ToDictionary(x => x.OwnerPath, x => principal.Scope.RootOf(x.OwnerPath), StringComparer.Ordinal);
        var licensing = await settings.LicensingAsync([.. held.Values.Distinct()], ct);
        return path => licensing[held[path]].LetsOpenTenants(OrganizationPath.LevelOf(held[path]));
    }

    private async Task<Refusal?> InviteAsync(OrganizationId id, NewAdministrator administrator, CancellationToken ct)
    {
        // Who reads the invitation's mail has a way in.
        if (principal.Access.OpenedBy is not null)
            return AuthorizationRefusals.NotInPerson;
        var organization = db.Organizations.Local.Single(x => x.Id == id);
        if (!principal.May(IdentityPermissions.UsersManage, organization.OwnerPath))
            return OrganizationRefusals.MayNotAddUsers;
        // The user's row refers to the organisation's.
        await db.SaveChangesAsync(ct);
        var now = clock.GetUtcNow();
        var user = User.Invite(organization, administrator.Email, administrator.DisplayName, now);
        if ((await roles.GiveAsync(user, $"{organization.Kind}Administrator", organization, now, ct)).Refused(out var refusal, out var given))
            return refusal;
        db.Add(user);
        db.Add(given);
        return await invitations.SendAsync(user, ct);
    }

    private OrganizationView Add(Organization opened, DateTimeOffset now)
    {
        db.Add(opened);
        db.Publish(new OrganizationCreated(opened.Id, opened.Kind, opened.OwnerPath, now));
        return OrganizationView.Of(opened);
    }

    // Keeps a parent from being closed, and it or the one above from being suspended, between our look and our commit.
    private async Task<IReadOnlyList<int>> LockParentsAndTakeCodesAsync(List<OrganizationId> parents, int count, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection, session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select nextval('identity.organization_codes')::int from generate_series(1, $1)")
        { Parameters = { new() { Value = count } } });
        var (from, until) = principal.Scope.Ranges();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(OrganizationLocks.OfParents)
        { Parameters = { new() { Value = parents.Select(x => x.Value).ToArray() }, new() { Value = from }, new() { Value = until } } });
        var codes = new List<int>(count);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            codes.Add(rows.GetInt32(0));
        return codes;
    }

    // Someone who opens the same at the same moment is told by the unique key.
    private async Task<HashSet<(OrganizationId Parent, string ExternalId)>> TakenAsync(
        List<Organization> parents, IReadOnlyList<(OrganizationId? ParentId, IOrganizationDetails Details)> asked, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select parent_id, external_id from identity.organizations where parent_id = any($1) and external_id = any($2)",
            await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = parents.Select(x => x.Id.Value).ToArray() },
                new() { Value = asked.Select(x => x.Details.ExternalId).Distinct().ToArray() },
            },
        };
        var taken = new HashSet<(OrganizationId, string)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            taken.Add((new OrganizationId(rows.GetGuid(0)), rows.GetString(1)));
        return taken;
    }
}
