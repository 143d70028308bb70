using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Gives a user a role at an organisation; giving it again changes nothing.</summary>
internal static class AssignRole
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId UserId, string Role, OrganizationId OrganizationId) : ICommand<RoleAssignmentView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.BesideUser(UserId);
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Role).NotEmpty().MaximumLength(CustomRoleName.Longest);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, HeldOrganizations organizations, RoleBook roles, CredentialCache cache, Principal principal,
        TimeProvider clock)
        : ICommandHandler<Command, RoleAssignmentView>
    {
        public async Task<Result<RoleAssignmentView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            var user = await db.Users.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.UserId, cancellationToken);
            if (user is null)
                return UserRefusals.UnknownUser(command.UserId.Value);
            if (organization.Status is OrganizationStatus.Closed)
                return OrganizationRefusals.Closed;

            if ((await roles.GiveableAsync(command.Role, organization, cancellationToken)).Refused(out refusal, out var role))
                return refusal;
            var held = await db.RoleAssignments.AsNoTracking().SingleOrDefaultAsync(
                x => x.UserId == command.UserId && x.Role == role.Name && x.OrganizationId == command.OrganizationId, cancellationToken);
            if (held is not null)
                return RoleAssignmentView.Of(held);
            if (RoleAssignment.Give(user, role, organization, clock.GetUtcNow()).Refused(out refusal, out var given))
                return refusal;

            db.Add(given);
            cache.ForgetAfterCommit(session);
            return RoleAssignmentView.Of(given);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapPut("/assignments", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, RoleAssignmentView>(nameof(AssignRole), "Gives a user a role at an organization");
}
