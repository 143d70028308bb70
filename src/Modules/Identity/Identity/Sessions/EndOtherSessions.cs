using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>Ends all of the caller's own sessions but the one that he asks in.</summary>
internal static class EndOtherSessions
{
    [AnyCaller]
    public sealed record Command : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, CredentialCache cache, Precondition precondition, Principal principal,
        TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            if (precondition.Fails(null))
                return Precondition.Failed;
            var id = new UserId(principal.Id);
            await session.LockUserAsync(id, alone: true, cancellationToken);
            if (await db.Users.AsNoTracking().SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is not { } user)
                return default(Done);
            await sessions.EndOthersAsync(user, await sessions.PresentAsync(cancellationToken), clock.GetUtcNow(), cancellationToken);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapDelete("/sessions", (ISender sender, CancellationToken ct) => sender.NoContent(new Command(), ct))
        .Slice<Command>(nameof(EndOtherSessions), "Ends all other sessions of the caller");
}
