using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Sessions;

/// <summary>Shows the caller where he is logged in, so that he can end what he does not know.</summary>
internal static class ListOwnSessions
{
    [AnyCaller]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<OpenSessionView>>;

    internal sealed class Handler(IdentityDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<OpenSessionView>>
    {
        public async Task<Result<Page<OpenSessionView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            return PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                ? refusal
                : await db.OpenSessionsAsync(new UserId(principal.Id), principal.Access.SessionId, start, clock.GetUtcNow(), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapGet("/sessions", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<OpenSessionView>>(nameof(ListOwnSessions), "Lists the caller's open sessions, newest first");
}
