using Licensing.Identity.Credentials;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>Forgets the failed log-ins of a user, so that he need not wait.</summary>
internal static class UnlockUser
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);
    }

    internal sealed class Handler(DbSession session, ManagedUsers users, LoginAttempts attempts, AuditTrail audit, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            // Whoever only has his token would guess his password, and unlock him after each few tries.
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            await attempts.UnlockAsync(session, user, cancellationToken);
            audit.Note("user", user.Id.Value.ToString(), user.OwnerPath, []);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/{id:guid}/unlock", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new UserId(id)), ct))
        .Slice<Command>(nameof(UnlockUser), "Forgets a user's failed log-ins");
}
