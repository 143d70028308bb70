using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Users;

/// <summary>
/// Makes a platform administrator at the terminal: the first one, or another when the others cannot log in. The password is made up,
/// shown once and must be changed.
/// </summary>
internal static class CreateAdministrator
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(string Email, string DisplayName) : ICommand<NewAdministratorView>;

    public sealed record NewAdministratorView(UserId Id, string Email, string Password);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Email).MailAddress();
            RuleFor(x => x.DisplayName).DisplayName();
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, UserManager<User> users, RoleBook roles, CredentialCache cache, Principal principal,
        TimeProvider clock) : ICommandHandler<Command, NewAdministratorView>
    {
        public async Task<Result<NewAdministratorView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var platform = await db.Organizations.AsNoTracking().SingleAsync(x => x.Kind == OrganizationKind.Platform, cancellationToken);
            var user = User.Add(platform, command.Email, command.DisplayName, federatedOnly: false, now);
            var password = InitialPassword.New();
            if (await users.GivePasswordAsync(user, password, mustChange: true, principal.AsMaker(), now) is { } weak)
                return weak;
            await users.CreateAsync(user);
            if ((await roles.GiveAsync(user, Roles.PlatformAdministrator, platform, now, cancellationToken))
                .Refused(out var refusal, out var assignment))
                return refusal;
            db.Add(assignment);
            cache.ForgetAfterCommit(session);
            return new NewAdministratorView(user.Id, user.Email, password);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "users create-administrator", "Makes a platform administrator; his password is shown once and must be changed.",
        [new("--email", "His e-mail address.", OpsArgumentKind.Required), new("--name", "His name, else Platform administrator.")],
        async (call, ct) => (await call.Services.GetRequiredService<ISender>().Send(
            new Command(call["--email"]!, call["--name"] ?? "Platform administrator"), ct)).Refused(out var refusal, out var view)
            ? refusal
            : new OpsAnswer(view));
}
