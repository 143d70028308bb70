using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>Ends one of the caller's own sessions, wherever it is open; the present one is as good as any.</summary>
internal static class EndOwnSession
{
    [AnyCaller]
    public sealed record Command(Guid Id) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession transaction, OpenSessions sessions, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            // A session has no version.
            if (precondition.Fails(null))
                return Precondition.Failed;
            await transaction.LockAloneAsync(principal.Id, cancellationToken);
            var session = await db.Sessions.SingleOrDefaultAsync(
                x => x.Id == command.Id && x.UserId == principal.Id && x.RevokedAt == null, cancellationToken);
            if (session is null)
                return SessionRefusals.NotFound(command.Id);
            await sessions.EndAsync(session, clock.GetUtcNow(), cancellationToken);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapDelete("/sessions/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(EndOwnSession), "Ends one of the caller's sessions");
}
