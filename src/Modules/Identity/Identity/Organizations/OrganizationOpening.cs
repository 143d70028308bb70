using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>What opening a distributor, a partner and a tenant have in common.</summary>
internal sealed class OrganizationOpening(IdentityDb db, DbSession session, Principal principal, TimeProvider clock)
{
    /// <param name="kind">Level of the new organisation.</param>
    /// <param name="parentId">The organisation above; null is the platform.</param>
    /// <param name="parentField">The body's field that names it.</param>
    /// <param name="details">The rest.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Result<OrganizationView>> OpenAsync(
        OrganizationKind kind, OrganizationId? parentId, string parentField, IOrganizationDetails details, CancellationToken ct)
    {
        var code = await LockParentAndTakeCodeAsync(parentId, ct);
        var parents = db.Organizations.AsNoTracking().Within(principal.Scope);
        var parent = parentId is { } id
            ? await parents.SingleOrDefaultAsync(x => x.Id == id && x.Kind == kind - 1, ct)
            : await parents.SingleOrDefaultAsync(x => x.Kind == OrganizationKind.Platform, ct);
        if (parent is null)
            return OrganizationRefusals.UnknownParent(parentField, parentId?.Value ?? Guid.Empty);

        // The caller need not see what stands above the parent, but a suspension there reaches down to here.
        if (await db.Organizations.AsNoTracking().AnyAsync(x => x.Id == parent.ParentId && x.Status == OrganizationStatus.Suspended, ct))
            return OrganizationRefusals.ParentSuspended;

        var now = clock.GetUtcNow();
        if (parent.Open(kind, code, details, now).Refused(out var refusal, out var opened))
            return refusal;

        db.Add(opened);
        db.Publish(new OrganizationCreated(opened.Id, kind, opened.OwnerPath, now));
        return OrganizationView.Of(opened);
    }

    // The lock keeps the parent from being closed, and it or the one above from being suspended, between our look and our commit.
    private async Task<int> LockParentAndTakeCodeAsync(OrganizationId? parentId, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection, session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select nextval('identity.organization_codes')::int"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select 1 from identity.organizations
            where id = $1 or id = (select parent_id from identity.organizations where id = $1) order by owner_path for key share
            """)
        { Parameters = { new() { Value = parentId?.Value ?? Guid.Empty } } });
        return (int)(await batch.ExecuteScalarAsync(ct))!;
    }
}
