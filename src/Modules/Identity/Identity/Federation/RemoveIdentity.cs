using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Federation;

/// <summary>Unlinks a user from who he is at an issuer, and ends his sessions: any of them may have come from there.</summary>
internal static class RemoveIdentity
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(UserId UserId, Guid Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(UserId);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedUsers users, OpenSessions sessions, Letters letters, CredentialCache cache,
        Precondition precondition, Principal principal, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            // A log-in through it either has opened its session by now, or will find no link.
            if ((await users.LockAsync(command.UserId, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            var identity = await db.FederatedIdentities
                .SingleOrDefaultAsync(x => x.Id == command.Id && x.UserId == command.UserId, cancellationToken);
            if (identity is null)
                return FederationRefusals.IdentityNotFound(command.Id);
            if (precondition.Fails(identity))
                return Precondition.Failed;
            // A way in: whoever only has his token would shut him out, and leave his address to be linked to another identity there.
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;

            var now = clock.GetUtcNow();
            db.Remove(identity);
            user.WayInTaken(now);
            await sessions.EndAllAsync(user, now, cancellationToken);
            letters.IdentityWasUnlinked(user, identity.Provider);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapDelete("/{id:guid}/identities/{identity:guid}", (Guid id, Guid identity, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(new UserId(id), identity), ct))
        .Slice<Command>(nameof(RemoveIdentity), "Unlinks a federated identity and ends the user's sessions");
}
