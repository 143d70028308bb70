using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Rights;

/// <summary>Gives a role to an organisation, and so to all its users; giving it again changes nothing.</summary>
internal static class AssignRoleToAccount
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(OrganizationId OrganizationId, string Role) : ICommand<AccountRoleView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfAccount(OrganizationId, Role);
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Role).NotEmpty().MaximumLength(CustomRoleName.Longest);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, HeldOrganizations organizations, RoleBook roles, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, AccountRoleView>
    {
        public async Task<Result<AccountRoleView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (organization.Status is OrganizationStatus.Closed)
                return OrganizationRefusals.Closed;
            if ((await roles.GiveableAsync(command.Role, organization, cancellationToken)).Refused(out refusal, out var role))
                return refusal;

            var held = await db.AccountRoles.AsNoTracking().SingleOrDefaultAsync(
                x => x.OrganizationId == command.OrganizationId && x.Role == role.Name, cancellationToken);
            if (held is not null)
                return AccountRoleView.Of(held);
            var given = AccountRole.Give(role, organization, clock.GetUtcNow());
            db.Add(given);
            cache.ForgetAfterCommit(session);
            return AccountRoleView.Of(given);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapPut("/account-assignments", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, AccountRoleView>(nameof(AssignRoleToAccount), "Gives a role to an organization and all its users");
}
