using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <inheritdoc cref="ICustomerAccounts"/>
internal sealed class CustomerAccounts(
    IdentityDb db, DbSession session, OrganizationDirectory directory, OrganizationOpening opening, HeldOrganizations organizations,
    RoleBook roles, UserManager<User> users, OpenSessions sessions, Letters letters, LetterLimits limits, CredentialCache cache,
    Principal principal, TimeProvider clock) : ICustomerAccounts
{
    public async Task<Result<OrganizationRef>> OpenAsync(NewCustomer customer, CancellationToken ct)
    {
        var outcome = await new Rules().ValidateAsync(customer, ct);
        if (!outcome.IsValid)
            return Refusal.AllFields(FieldErrors.Of(outcome));
        var now = clock.GetUtcNow();
        // The caller knows it by its number; what it is called below its partner only has to be its own.
        var details = new CreateTenant.Command(
            customer.Partner, $"customer-{Id.NewGuid(now):N}", customer.DisplayName, Country: customer.Country,
            Contact: new Contact(customer.PersonName, customer.Email, customer.Phone));
        if ((await opening.OpenAsync(OrganizationKind.Tenant, customer.Partner, "partner", details, ct)).Refused(out var refusal, out var opened))
            return refusal;
        await db.SaveChangesAsync(ct);
        if ((await organizations.FindAsync(opened.Id, ct)).Refused(out refusal, out var organization))
            return refusal;
        if (!principal.May(IdentityPermissions.UsersManage, organization.OwnerPath))
            return OrganizationRefusals.MayNotAddUsers;

        var user = User.Add(organization, customer.Email, customer.PersonName, federatedOnly: false, now);
        if (users.SetCustomerPassword(user, customer.Password, "/password", principal.AsMaker(), now) is { } weak)
            return weak;
        await users.CreateAsync(user);
        if ((await roles.GiveAsync(user, Roles.TenantAdministrator, organization, now, ct)).Refused(out refusal, out var given))
            return refusal;
        db.Add(given);
        await db.SaveChangesAsync(ct);
        // What his organisation holds counts for him too, and whoever makes him knows how to get in.
        return await roles.ExceedingAsync(user.Id, ct) is { } more ? UserRefusals.Stronger(more) : (await directory.FindAsync(opened.Id, ct))!;
    }

    public async Task<Result<Done>> SetPasswordAsync(OrganizationId tenant, string password, CancellationToken ct)
    {
        // Who is only invited has no use for one: he chooses his own.
        var administrator = db.Users.Where(u => u.Status == UserStatus.Active).WhoAdministers(tenant, db).Within(principal.Scope).AsNoTracking()
            .Select(x => (UserId?)x.Id);
        if (await administrator.FirstOrDefaultAsync(ct) is not { } id)
            return LoginLinks.LoginLinkRefusals.NoAdministrator;
        // With the roles that are looked at below, and in one statement: who changes one of them may be he.
        await session.LockForCommandAsync([], Concern.OfUser(id), principal.Scope, ct);
        await session.LockUserAsync(id, alone: true, ct);
        // Who was the first before the wait need not administer it any more.
        if (await administrator.FirstOrDefaultAsync(ct) != id)
            return CredentialRefusals.AdministratorChanged;
        var user = await db.Users.SingleAsync(x => x.Id == id, ct);
        if (!principal.May(IdentityPermissions.UsersManage, user.OwnerPath))
            return OrganizationRefusals.MayNotAddUsers;
        if (user.FederatedOnly)
            return UserRefusals.NoPasswordHere;
        if (principal.MayBe(id))
            return UserRefusals.OwnAccount;
        if (await roles.ExceedingAsync(id, ct) is { } more)
            return UserRefusals.Stronger(more);
        var now = clock.GetUtcNow();
        if (users.SetCustomerPassword(user, password, "/password", principal.AsMaker(), now) is { } weak)
            return weak;
        // He must be told, so what cannot be told is not done.
        if (await limits.RefuseAsync([user.Email], ct) is { } tooMany)
            return tooMany;
        await sessions.EndAllAsync(user, now, ct);
        letters.PasswordWasChanged(user);
        cache.ForgetAfterCommit(session);
        return new Done();
    }

    public async Task<NoticeTurn?> TakeNoticeTurnAsync(OrganizationId tenant, CancellationToken ct) =>
        (await db.Users.Where(u => u.Status != UserStatus.Disabled).WhoAdministers(tenant, db).Select(x => x.Email).FirstOrDefaultAsync(ct)
            ?? (await db.Organizations.AsNoTracking().SingleOrDefaultAsync(x => x.Id == tenant, ct))?.Contact?.Email) is { } address
            ? new(address, await limits.TurnOfNoticeAsync(address.ToLowerInvariant(), ct))
            : null;

    private sealed class Rules : AbstractValidator<NewCustomer>
    {
        public Rules()
        {
            RuleFor(x => x.DisplayName).DisplayName();
            RuleFor(x => x.PersonName).DisplayName();
            RuleFor(x => x.Country).Country();
            RuleFor(x => x.Email).MailAddress();
            RuleFor(x => x.Phone).MaximumLength(50);
        }
    }
}
