using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Users;

/// <summary>
/// Gives a user a new password, made up and shown once, and ends his sessions. Only at the terminal: it is for the administrator
/// whose first password nobody has seen, or has any more.
/// </summary>
internal static class ResetPassword
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(string Email) : ICommand<NewPasswordView>;

    public sealed record NewPasswordView(string Email, string Password);

    internal sealed class Handler(
        IdentityDb db, DbSession session, OpenSessions sessions, UserManager<User> manager, LoginAttempts attempts, Letters letters,
        CredentialCache cache, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, NewPasswordView>
    {
        public async Task<Result<NewPasswordView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var email = command.Email.ToLowerInvariant();
            var users = db.Users.Within(principal.Scope).Where(x => x.Email == email);
            if (await users.AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not { } known)
                return UserRefusals.UnknownEmail(email);
            if (known.FederatedOnly)
                return UserRefusals.NoPasswordHere;

            await session.LockUserAsync(known.Id, alone: true, cancellationToken);
            var user = await users.SingleAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var password = InitialPassword.New();
            if (await manager.GivePasswordAsync(user, password, mustChange: true, principal.AsMaker(), now) is { } weak)
                return weak;
            await sessions.EndAllAsync(user, now, cancellationToken);
            // Whoever guessed at the old password must not keep its owner from the new one.
            await attempts.UnlockAsync(session, user, cancellationToken);
            letters.PasswordWasGiven(user);
            cache.ForgetAfterCommit(session);
            return new NewPasswordView(user.Email, password);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "users reset-password", "Gives a user a new password, shown once; he must change it.",
        [new("email", "His e-mail address.", OpsArgumentKind.Required)],
        async (call, ct) =>
        {
            var command = new Command(call["email"]!);
            return (await call.Services.GetRequiredService<ISender>().Send(command, ct)).Refused(out var refusal, out var view)
                ? refusal
                : new OpsAnswer(view);
        });
}
