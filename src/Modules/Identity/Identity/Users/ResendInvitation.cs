using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Users;

/// <summary>Sends an invited user another activation mail; the token of the one before is worthless then.</summary>
internal static class ResendInvitation
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);
    }

    internal sealed class Handler(ManagedUsers users, Invitations invitations) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (user.Status is not UserStatus.Invited)
                return UserRefusals.NotInvited;
            return await invitations.SendAsync(user, cancellationToken) is { } tooMany ? tooMany : default(Done);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/{id:guid}/invitation", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new UserId(id)), ct))
        .Slice<Command>(nameof(ResendInvitation), "Sends an invited user another activation mail");
}
