using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>Keeps a user out from now on: his sessions and tokens end at once, and what he holds stays for the day he comes back.</summary>
internal static class DisableUser
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId Id) : ICommand<UserView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, ManagedUsers users, OneTimeTokens tokens, CredentialCache cache,
        Precondition precondition, Principal principal, TimeProvider clock) : ICommandHandler<Command, UserView>
    {
        public async Task<Result<UserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (precondition.Fails(user))
                return Precondition.Failed;
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            if (await users.IsLastAdministratorAsync(user.Id, cancellationToken))
                return UserRefusals.LastAdministrator;
            var now = clock.GetUtcNow();
            if (user.Disable(now).Refused(out refusal, out _))
                return refusal;

            await sessions.EndAllAsync(user, now, cancellationToken);
            await tokens.VoidAsync(user.Id, cancellationToken);
            cache.ForgetAfterCommit(session);
            return await UserView.SavedAsync(db, user.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/{id:guid}/disable", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new UserId(id)), ct))
        .Slice<Command, UserView>(nameof(DisableUser), "Keeps a user out and ends his sessions")
        .WithMetadata(new TakesIfMatch());
}
