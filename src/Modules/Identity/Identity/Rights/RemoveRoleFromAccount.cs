using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Takes a role from an organisation; its users keep what they were given themselves.</summary>
internal static class RemoveRoleFromAccount
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(Guid Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfAccountRole(Id);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, RoleBook roles, CredentialCache cache, Precondition precondition, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var held = await db.AccountRoles.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (held is null)
                return RoleRefusals.AccountRoleNotFound(command.Id);
            if (precondition.Fails(held))
                return Precondition.Failed;
            if (await roles.RefusalOfTakingAsync(held.Role, held.CustomRoleId, held.OwnerPath, cancellationToken) is { } exceeding)
                return exceeding;

            db.Remove(held);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapDelete("/account-assignments/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(RemoveRoleFromAccount), "Takes a role from an organization");
}
