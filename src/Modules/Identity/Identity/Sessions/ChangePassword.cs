using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>Changes the caller's own password, ends all his sessions and opens a new one.</summary>
internal static class ChangePassword
{
    [AnyCaller]
    public sealed record Command(string CurrentPassword, string NewPassword) : ICommand<SessionView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.CurrentPassword).NotEmpty().MaximumLength(PasswordPolicy.LongestInput);
            RuleFor(x => x.NewPassword).NewPassword();
            RuleFor(x => x.NewPassword).NotEqual(x => x.CurrentPassword).WithMessage("newPassword must differ from currentPassword.");
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, PasswordCheck check, LoginAttempts attempts, UserManager<User> users, SessionTokens tokens, CredentialCache cache,
        Principal principal, TimeProvider clock) : ICommandHandler<Command, SessionView>
    {
        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            var id = new UserId(principal.Id);
            if (await check.HoldsAsync(principal.Access.Name, command.CurrentPassword, principal.Address, cancellationToken) is not { } proven || proven.UserId != id)
                return SessionRefusals.WrongCurrentPassword;

            // Before the sessions are listed: a log-in with the old password either has opened its own by now, or will find another hash.
            await session.LockUserAsync(id, "update", cancellationToken);
            var now = clock.GetUtcNow();
            var user = await db.Users.SingleAsync(x => x.Id == id, cancellationToken);
            if (user.PasswordNumber != proven.PasswordNumber)
                return SessionRefusals.WrongCurrentPassword;

            if (await users.SetPasswordAsync(user, command.NewPassword, "/newPassword") is { } refusal)
                return refusal;
            user.PasswordChosen(now);
            await db.EndSessionsAsync(id, now, cancellationToken);
            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            cache.ForgetAfterCommit(session);
            return await tokens.OpenAsync(user, SignIn.ByPassword(secondFactor: false), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/password", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, SessionView>(nameof(ChangePassword), "Changes the caller's password")
        .WithMetadata(new CarriesSecret());
}
