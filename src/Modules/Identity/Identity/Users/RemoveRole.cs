using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Users;

/// <summary>Takes a role away.</summary>
internal static class RemoveRole
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(Guid Id) : ICommand<Done>;

    internal sealed class Handler(IdentityDb db, DbSession session, CredentialCache cache, Precondition precondition, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var assignment = await db.RoleAssignments.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (assignment is null)
                return UserRefusals.AssignmentNotFound(command.Id);
            if (precondition.Fails(assignment))
                return Precondition.Failed;
            if (assignment.Role == Roles.PlatformAdministrator && await CountAdministratorsAsync(cancellationToken) == 1)
                return UserRefusals.LastAdministrator;

            db.Remove(assignment);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }

        // Locked, or two administrators could remove each other at the same moment.
        private async Task<int> CountAdministratorsAsync(CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(
                "select count(*)::int from (select 1 from identity.role_assignments where role = $1 order by id for update) held",
                await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = Roles.PlatformAdministrator } } };
            return (int)(await command.ExecuteScalarAsync(ct))!;
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapDelete("/assignments/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(RemoveRole), "Takes a role away");
}
