using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

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
        IdentityDb db, DbSession session, Passwords passwords, CredentialCache cache, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, NewPasswordView>
    {
        public async Task<Result<NewPasswordView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var email = command.Email.ToLowerInvariant();
            var users = db.Users.Within(principal.Scope).Where(x => x.Email == email);
            if (await users.AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not { } known)
                return UserRefusals.UnknownEmail(email);

            await session.LockUserAsync(known.Id, "update", cancellationToken);
            var user = await users.SingleAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var password = InitialPassword.New();
            user.ResetPassword(passwords.Hash(password), now);
            foreach (var open in await db.Sessions.Where(x => x.UserId == user.Id.Value && x.RevokedAt == null).ToListAsync(cancellationToken))
                open.RevokedAt = now;
            await UnlockAsync(user.Id, cancellationToken);
            cache.ForgetAfterCommit(session);
            return new NewPasswordView(user.Email, password);
        }

        // Whoever guessed at the old password must not keep its owner from the new one.
        private async Task UnlockAsync(UserId id, CancellationToken ct)
        {
            await using var unlock = new NpgsqlCommand(
                "update identity.users set failed_attempts = 0, locked_until = null where id = $1", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = id.Value } } };
            await unlock.ExecuteNonQueryAsync(ct);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "users reset-password", "Gives a user a new password, shown once; he must change it.",
        [new("email", "His e-mail address.", OpsArgumentKind.Required)],
        async (call, ct) => (await call.Services.GetRequiredService<ISender>().Send(new Command(call["email"]!), ct)).Refused(out var refusal, out var view)
            ? refusal
            : new OpsAnswer(view));
}
