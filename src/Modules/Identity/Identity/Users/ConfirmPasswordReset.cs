using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Replaces a forgotten password with the token of a mail: ends all sessions and unlocks the account. A second factor stays.</summary>
internal static class ConfirmPasswordReset
{
    [Anyone]
    public sealed record Command(string Token, string NewPassword) : ICommand<Done>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Token).OneTimeToken();
            RuleFor(x => x.NewPassword).NewPassword();
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, OneTimeTokens tokens, UserManager<User> users, LoginAttempts attempts,
        Letters letters, CredentialCache cache, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await tokens.RedeemAsync(command.Token, TokenPurpose.PasswordReset, cancellationToken) is not { } id)
                return UserRefusals.BadToken;
            // His row is held: a log-in with the old password either has opened its session by now, or will find another password.
            var user = await db.Users.WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id && !x.FederatedOnly, cancellationToken);
            if (user is null)
                return UserRefusals.BadToken;
            if (await users.SetPasswordAsync(user, command.NewPassword, "/newPassword") is { } weak)
                return weak;

            var now = clock.GetUtcNow();
            user.PasswordChosen(now);
            await sessions.EndAllAsync(user, now, cancellationToken);
            await attempts.UnlockAsync(session, user, cancellationToken);
            letters.PasswordWasReset(user);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/password-reset/confirm", (Command body, ISender sender, CancellationToken ct) => sender.NoContent(body, ct))
        .Slice<Command>(nameof(ConfirmPasswordReset), "Replaces a forgotten password");
}
