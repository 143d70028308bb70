using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>Lets a disabled user in again; one who never chose a password is invited as before.</summary>
internal static class EnableUser
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(UserId Id) : ICommand<UserView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedUsers users, CredentialCache cache, Precondition precondition, Principal principal)
        : ICommandHandler<Command, UserView>
    {
        public async Task<Result<UserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (precondition.Fails(user))
                return Precondition.Failed;
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            if (user.Enable().Refused(out refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return await UserView.SavedAsync(db, user.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/{id:guid}/enable", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new UserId(id)), ct))
        .Slice<Command, UserView>(nameof(EnableUser), "Lets a disabled user in again")
        .WithMetadata(new TakesIfMatch());
}
