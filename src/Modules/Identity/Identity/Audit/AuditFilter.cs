using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Audit;

/// <summary>Which entries of the trail someone asks for; what is absent does not narrow.</summary>
internal sealed record AuditFilter(
    OrganizationId? OrganizationId, Guid? PrincipalId, string? Action, string? ResourceType, string? ResourceId, DateTimeOffset? From,
    DateTimeOffset? Until)
{
    public async Task<IQueryable<AuditRecord>> RowsAsync(IdentityDb db, Scope scope, CancellationToken ct)
    {
        var rows = db.AuditRecords.AsNoTracking().Within(scope);
        if (OrganizationId is { } organization)
        {
            // An organisation's trail is that of its branch.
            var path = await db.Organizations.AsNoTracking().Within(scope).Where(x => x.Id == organization)
                .Select(x => x.OwnerPath).SingleOrDefaultAsync(ct);
            rows = rows.Within(path is null ? Scope.Nothing : Scope.Of([path]));
        }

        // Also what he did as someone else.
        if (PrincipalId is { } by && AuditStore.LinkMaker(by) is var byLink)
            rows = rows.Where(x => x.PrincipalId == by || x.Resources.Contains(byLink));
        if (Action is { } action)
            rows = rows.Where(x => x.Action == action);
        if (new[] { ResourceType, ResourceId }.OfType<string>().ToArray() is { Length: > 0 } resource)
            rows = rows.Where(x => resource.All(r => x.Resources.Contains(r)));
        if (From is { } from)
            rows = rows.Where(x => x.At >= from.ToUniversalTime());
        if (Until is { } until)
            rows = rows.Where(x => x.At < until.ToUniversalTime());
        return rows;
    }
}
