using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Identity;

namespace Licensing.Identity.Users;

/// <summary>
/// Adds a person to an organisation: invited to choose his password, with a first one that is given or made up and shown once, or without
/// any when he comes through a provider.
/// </summary>
internal static class CreateUser
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(
        string Email, string DisplayName, OrganizationId OrganizationId, string? Role = null, string? Password = null,
        bool MustChangePassword = true) : ICommand<CreatedUserView>
    {
        /// <summary>He chooses his password himself, with the token of a mail.</summary>
        public bool Invite { get; init; }

        /// <summary>He comes through a provider and gets no password.</summary>
        public bool FederatedOnly { get; init; }

        public string? Username { get; init; }
        public string? FirstName { get; init; }
        public string? LastName { get; init; }
        public string? MobilePhone { get; init; }
        public string? LandlinePhone { get; init; }
        public string? Notes { get; init; }

        /// <summary>Whether the password is one of the reseller service, whose contract takes shorter ones (ADR 0067).</summary>
        [JsonIgnore]
        public bool OfResellerService { get; init; }
    }

    /// <summary>The user, and the password where none was given.</summary>
    public sealed record CreatedUserView(
        UserId Id, int Code, UserStatus Status, string Email, string DisplayName, OrganizationId OrganizationId,
        IReadOnlyList<RoleAssignmentView> Roles, bool MustChangePassword, DateTimeOffset CreatedAt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? InitialPassword);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Email).MailAddress();
            RuleFor(x => x.DisplayName).DisplayName();
            RuleFor(x => x.Password).NewPassword().When(x => x.Password is not null);
            RuleFor(x => x.Password).Null().When(x => x.Invite || x.FederatedOnly).WithErrorCode("not_with_password")
                .WithMessage("password goes neither with invite nor with federatedOnly.");
            RuleFor(x => x.Invite).Equal(false).When(x => x.FederatedOnly).WithErrorCode("not_with_federated_only")
                .WithMessage("invite is for users who choose a password, and federatedOnly for those who have none.");
            RuleFor(x => x.Username).Username();
            RuleFor(x => x.FirstName).PersonName();
            RuleFor(x => x.LastName).PersonName();
            RuleFor(x => x.MobilePhone).Phone();
            RuleFor(x => x.LandlinePhone).Phone();
            RuleFor(x => x.Notes).Notes();
        }
    }

    internal sealed class Handler(
        IdentityDb db, UserManager<User> users, HeldOrganizations organizations, Invitations invitations, RoleBook roles,
        Principal principal, TimeProvider clock) : ICommandHandler<Command, CreatedUserView>
    {
        public async Task<Result<CreatedUserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (organization.Status is OrganizationStatus.Closed)
                return OrganizationRefusals.Closed;

            var now = clock.GetUtcNow();
            var user = command.Invite
                ? User.Invite(organization, command.Email, command.DisplayName, now)
                : User.Add(organization, command.Email, command.DisplayName, command.FederatedOnly, now);
            user.Describe(command.Username, command.FirstName, command.LastName, command.MobilePhone, command.LandlinePhone, command.Notes);
            var initial = command.Password is null && !command.Invite && !command.FederatedOnly ? InitialPassword.New() : null;
            if (command is { OfResellerService: true, Password: { } chosen })
            {
                if (users.SetResellerPassword(user, chosen, command.MustChangePassword, principal.AsMaker(), now) is { } refused)
                    return refused;
            }
            else if ((command.Password ?? initial) is { } password
                && await users.GivePasswordAsync(
                    user, password, command.MustChangePassword || initial is not null, principal.AsMaker(), now) is { } weak)
                return weak;

            await users.CreateAsync(user);
            RoleAssignment? given = null;
            if (command.Role is { } role
                && (await roles.GiveAsync(user, role, organization, now, cancellationToken)).Refused(out refusal, out given))
                return refusal;
            if (given is not null)
                db.Add(given);

            // What his organisation holds counts for him too, and whoever makes him knows how to get in.
            await db.SaveChangesAsync(cancellationToken);
            if (await roles.ExceedingAsync(user.Id, cancellationToken) is { } more)
                return UserRefusals.Stronger(more);
            if (command.Invite && await invitations.SendAsync(user, cancellationToken) is { } tooMany)
                return tooMany;
            // Saved here, because the view tells the number that the database gives.
            await db.SaveChangesAsync(cancellationToken);
            return new CreatedUserView(
                user.Id, user.Code, user.Status, user.Email, user.DisplayName, user.OrganizationId,
                given is null ? [] : [RoleAssignmentView.Of(given)], user.MustChangePassword, user.CreatedAt, initial);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/users/{x.Id.Value}", ct))
        .Slice<Command, CreatedUserView>(nameof(CreateUser), "Adds a user to an organization", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret())
        .WithMetadata(new SliceExample(new
        {
            email = "ada@example.com",
            displayName = "Ada Lovelace",
            organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            role = "TenantAdministrator",
            invite = true,
        }));
}
