using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>Shows one organisation.</summary>
internal static class GetOrganization
{
    [Needs(IdentityPermissions.OrganizationsRead)]
    public sealed record Query(OrganizationKind Kind, OrganizationId Id) : IQuery<OrganizationView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, OrganizationView>
    {
        public async Task<Result<OrganizationView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Id == query.Id && x.Kind == query.Kind)
                .Select(OrganizationView.Shape).SingleOrDefaultAsync(cancellationToken) is { } found
                ? found
                : OrganizationRefusals.NotFound(query.Kind, query.Id.Value);
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind) => organizations
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(kind, new OrganizationId(id)), ct))
        .Slice<Query, OrganizationView>($"Get{kind}", $"Shows a {kind.ToString().ToLowerInvariant()}");
}
