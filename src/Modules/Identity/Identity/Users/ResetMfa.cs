using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>Takes the second factor from a user who has lost it, ends his sessions, and tells him.</summary>
internal static class ResetMfa
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(UserId Id) : ICommand<UserView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, ManagedUsers users, Enrolment enrolment, Letters letters,
        CredentialCache cache, Precondition precondition, Principal principal, TimeProvider clock) : ICommandHandler<Command, UserView>
    {
        public async Task<Result<UserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (precondition.Fails(user))
                return Precondition.Failed;
            // With his password or a code he may (RemoveMfa); whoever only has his token has neither.
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            if (!user.MfaEnabled)
                return UserRefusals.MfaNotActive;

            await enrolment.EndAsync(user);
            await sessions.EndAllAsync(user, clock.GetUtcNow(), cancellationToken);
            letters.SecondFactorWasReset(user);
            cache.ForgetAfterCommit(session);
            return await UserView.SavedAsync(db, user.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/{id:guid}/reset-mfa", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new UserId(id)), ct))
        .Slice<Command, UserView>(nameof(ResetMfa), "Takes the second factor from a user")
        .WithMetadata(new TakesIfMatch());
}
