using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Shows one custom role.</summary>
internal static class GetRole
{
    [AnyCaller]
    public sealed record Query(CustomRoleId Id) : IQuery<CustomRoleView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, CustomRoleView>
    {
        public async Task<Result<CustomRoleView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.CustomRoles.AsNoTracking().VisibleTo(principal.Access).Where(x => x.Id == query.Id).Select(CustomRoleView.Shape)
                .SingleOrDefaultAsync(cancellationToken) is { } found
                ? found
                : RoleRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new CustomRoleId(id)), ct))
        .Slice<Query, CustomRoleView>(nameof(GetRole), "Shows a custom role");
}
