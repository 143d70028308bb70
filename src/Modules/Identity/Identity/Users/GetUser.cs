using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Shows one user.</summary>
internal static class GetUser
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(UserId Id) : IQuery<UserView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, UserView>
    {
        public async Task<Result<UserView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Users.AsNoTracking().Within(principal.Scope).Where(x => x.Id == query.Id).Select(UserView.Shape(db))
                .SingleOrDefaultAsync(cancellationToken) is { } found
                ? found
                : UserRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new UserId(id)), ct))
        .Slice<Query, UserView>(nameof(GetUser), "Shows a user and his roles");
}
