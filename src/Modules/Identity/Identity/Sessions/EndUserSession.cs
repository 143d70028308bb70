using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>Ends one session of a user, for who may change him.</summary>
internal static class EndUserSession
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId UserId, Guid Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(UserId);
    }

    internal sealed class Handler(
        IdentityDb db, ManagedUsers users, OpenSessions sessions, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.UserId, cancellationToken)).Refused(out var refusal, out _))
                return refusal;
            // A session has no version.
            if (precondition.Fails(null))
                return Precondition.Failed;
            var session = await db.Sessions.SingleOrDefaultAsync(
                x => x.Id == command.Id && x.UserId == command.UserId.Value && x.RevokedAt == null, cancellationToken);
            if (session is null)
                return SessionRefusals.NotFound(command.Id);
            await sessions.EndAsync(session, clock.GetUtcNow(), cancellationToken);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapDelete("/{id:guid}/sessions/{session:guid}", (Guid id, Guid session, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(new UserId(id), session), ct))
        .Slice<Command>(nameof(EndUserSession), "Ends one of a user's sessions");
}
