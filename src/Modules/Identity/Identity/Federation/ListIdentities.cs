using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Federation;

/// <summary>Shows who a user is at other issuers, newest first.</summary>
internal static class ListIdentities
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(UserId UserId, int? Limit, string? After) : IQuery<Page<FederatedIdentityView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<FederatedIdentityView>>
    {
        public async Task<Result<Page<FederatedIdentityView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Users.Within(principal.Scope).AnyAsync(x => x.Id == query.UserId, cancellationToken))
                return UserRefusals.NotFound(query.UserId.Value);
            return await db.FederatedIdentities.AsNoTracking().Where(x => x.UserId == query.UserId)
                .ToPageAsync(start, x => x.Id, FederatedIdentityView.Shape, x => x.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/{id:guid}/identities", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new UserId(id), limit, after), ct))
        .Slice<Query, Page<FederatedIdentityView>>(nameof(ListIdentities), "Lists a user's federated identities, newest first");
}
