using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>Lists the organisations of one level, newest first.</summary>
internal static class ListOrganizations
{
    [Needs(IdentityPermissions.OrganizationsRead)]
    public sealed record Query(
        OrganizationKind Kind, string? ExternalId, int? Code, OrganizationId? ParentId, OrganizationStatus? Status, int? Limit, string? After)
        : IQuery<Page<OrganizationView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<OrganizationView>>
    {
        public async Task<Result<Page<OrganizationView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var rows = db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Kind == query.Kind);
            if (query.ExternalId is { } externalId)
                rows = rows.Where(x => x.ExternalId == externalId);
            if (query.Code is { } code)
                rows = rows.Where(x => x.Code == code);
            if (query.ParentId is { } parent)
                rows = rows.Where(x => x.ParentId == parent);
            if (query.Status is { } status)
                rows = rows.Where(x => x.Status == status);
            return await rows.ToPageAsync(start, x => x.Id, OrganizationView.Shape, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind, string plural) => organizations
        .MapGet("/", (string? externalId, int? code, Guid? parentId, OrganizationStatus? status, int? limit, string? after,
            ISender sender, CancellationToken ct) => sender.Ok(new Query(
                kind, externalId, code, parentId is { } parent ? new OrganizationId(parent) : null, status, limit, after), ct))
        .Slice<Query, Page<OrganizationView>>($"List{kind}s", $"Lists {plural}, newest first");
}
