using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>Shows where a user is logged in.</summary>
internal static class ListUserSessions
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(UserId UserId, int? Limit, string? After) : IQuery<Page<OpenSessionView>>;

    internal sealed class Handler(IdentityDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<OpenSessionView>>
    {
        public async Task<Result<Page<OpenSessionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Users.Within(principal.Scope).AnyAsync(x => x.Id == query.UserId, cancellationToken))
                return UserRefusals.NotFound(query.UserId.Value);
            return await db.OpenSessionsAsync(query.UserId, principal.Access.SessionId, start, clock.GetUtcNow(), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/{id:guid}/sessions", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new UserId(id), limit, after), ct))
        .Slice<Query, Page<OpenSessionView>>(nameof(ListUserSessions), "Lists a user's open sessions, newest first");
}
