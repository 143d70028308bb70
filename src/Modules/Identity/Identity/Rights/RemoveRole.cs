using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Takes a role away; who could not give it to this user does not take it from him.</summary>
internal static class RemoveRole
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(Guid Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfHolder(Id);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, RoleBook roles, CredentialCache cache, ManagedUsers users, Precondition precondition, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var assignment = await db.RoleAssignments.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (assignment is null)
                return UserRefusals.AssignmentNotFound(command.Id);
            if (precondition.Fails(assignment))
                return Precondition.Failed;
            if (!await db.Users.Within(principal.Scope).AnyAsync(x => x.Id == assignment.UserId, cancellationToken))
                return RoleRefusals.HolderOutOfReach;
            if (await roles.RefusalOfTakingAsync(assignment.Role, assignment.CustomRoleId, assignment.OwnerPath, cancellationToken) is { } exceeding)
                return exceeding;
            if (assignment.Role == Roles.PlatformAdministrator && await users.IsLastAdministratorAsync(assignment.UserId, cancellationToken))
                return UserRefusals.LastAdministrator;

            db.Remove(assignment);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapDelete("/assignments/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(RemoveRole), "Takes a role away");
}
