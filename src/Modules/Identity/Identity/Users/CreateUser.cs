using System.Security.Cryptography;
using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Adds a person to an organisation, with his first password: the one given, or one made up and shown once.</summary>
internal static class CreateUser
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(
        string Email, string DisplayName, OrganizationId OrganizationId, string? Role = null, string? Password = null,
        bool MustChangePassword = true) : ICommand<CreatedUserView>;

    /// <summary>The user, and the password where none was given.</summary>
    public sealed record CreatedUserView(
        UserId Id, string Email, string DisplayName, OrganizationId OrganizationId, IReadOnlyList<RoleAssignmentView> Roles, bool MustChangePassword,
        DateTimeOffset CreatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? InitialPassword);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Email).NotEmpty().MaximumLength(254).EmailAddress();
            RuleFor(x => x.DisplayName).DisplayName();
            RuleFor(x => x.Password).Password().When(x => x.Password is not null);
        }
    }

    internal sealed class Handler(IdentityDb db, Passwords passwords, Principal principal, TimeProvider clock) : ICommandHandler<Command, CreatedUserView>
    {
        public async Task<Result<CreatedUserView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var organization = await db.Organizations.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == command.OrganizationId, cancellationToken);
            if (organization is null)
                return UserRefusals.UnknownOrganization(command.OrganizationId.Value);
            if (organization.Status is OrganizationStatus.Closed)
                return UserRefusals.OrganizationClosed;

            var now = clock.GetUtcNow();
            var initial = command.Password is null ? InitialPassword.New() : null;
            var user = new User(
                organization, command.Email, command.DisplayName, passwords.Hash(command.Password ?? initial!), command.MustChangePassword || initial is not null, now);
            db.Add(user);
            RoleAssignmentView[] roles = [];
            if (command.Role is not null)
            {
                if (RoleAssignment.Give(user, command.Role, organization, now).Refused(out var refusal, out var assignment))
                    return refusal;
                db.Add(assignment);
                roles = [RoleAssignmentView.Of(assignment)];
            }

            return new CreatedUserView(
                user.Id, user.Email, user.DisplayName, user.OrganizationId, roles, user.MustChangePassword, user.CreatedAt, initial);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/users/{x.Id.Value}", ct))
        .Slice<Command, CreatedUserView>(nameof(CreateUser), "Adds a user to an organization", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret());
}

internal static class InitialPassword
{
    public static string New() => RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 24);
}
