using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.LoginLinks;

/// <summary>Makes a token that logs a user in once; shown this once, to someone who may do all that the user may.</summary>
internal static class CreateLoginLink
{
    [Needs(IdentityPermissions.LoginLinksCreate), InPerson]
    public sealed record Command(UserId? UserId = null, OrganizationId? OrganizationId = null) : ICommand<IssuedLoginLink>, IConcerns
    {
        Concern? IConcerns.Concern =>
            UserId is { } user ? Concern.BesideUser(user) : OrganizationId is { } tenant ? Concern.BesideAdministratorOf(tenant) : null;
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, HeldOrganizations organizations, RoleBook roles, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, IssuedLoginLink>
    {
        public async Task<Result<IssuedLoginLink>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await FindAsync(command, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            // A log-in that its owner's would not end: who has his token now would have it for good.
            if (principal.MayBe(user.Id))
                return LoginLinkRefusals.ToOneself;
            if (await roles.ExceedingAsync(user.Id, cancellationToken) is { } more)
                return UserRefusals.Stronger(more);

            var now = clock.GetUtcNow();
            await db.LoginLinks.Where(x => x.UserId == user.Id && x.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
            var (row, token) = LoginLink.Issue(user.Id, user.OwnerPath, principal.Access, now);
            db.Add(row);
            return new IssuedLoginLink(token, user.Id.Value, row.ExpiresAt);
        }

        private async Task<Result<User>> FindAsync(Command command, CancellationToken ct)
        {
            if (command.UserId is null == command.OrganizationId is null)
                return LoginLinkRefusals.UserOrOrganization;
            var users = db.Users.AsNoTracking().Within(principal.Scope).WhereMayEnter(db);
            if (command.UserId is { } id)
                return await organizations.HoldOwnerAsync("users", id.Value, "key share", ct)
                    && await users.SingleOrDefaultAsync(x => x.Id == id, ct) is { } one
                    ? one
                    : UserRefusals.UnknownUser(id.Value);

            var tenant = command.OrganizationId!.Value;
            if ((await organizations.FindAsync(tenant, ct)).Refused(out var refusal, out var found))
                return refusal;
            if (found.Kind is not OrganizationKind.Tenant)
                return OrganizationRefusals.UnknownInField("organizationId", tenant.Value);
            if (await users.WhoAdministers(tenant, db).FirstOrDefaultAsync(ct) is not { } first)
                return LoginLinkRefusals.NoAdministrator;
            // Who was the first before the wait is held, and need not be any more.
            return await session.HoldsAsync(first.Id.Value, ct) ? first : CredentialRefusals.AdministratorChanged;
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/login-links", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, IssuedLoginLink>(nameof(CreateLoginLink), "Makes a one-time login link for a user, or for a tenant's first administrator")
        .WithMetadata(new CarriesSecret());
}
