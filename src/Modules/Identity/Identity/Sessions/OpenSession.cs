using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// The writing half of a log-in. The slow half, the password's hash, comes before it and outside any transaction, so that a flood of
/// guesses does not hold the connections that everyone else needs. No endpoint sends it.
/// </summary>
internal static class OpenSession
{
    /// <param name="Proven">The password that was right a moment ago.</param>
    /// <param name="Code">A one-time code, where the user has a second factor.</param>
    [Anyone]
    public sealed record Command(ProvenPassword Proven, string? Code = null) : ICommand<SessionView>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, SecondFactor secondFactor, SessionTokens tokens, Principal principal)
        : ICommandHandler<Command, SessionView>
    {
        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var proven = command.Proven;
            // A change of password that came between is seen here; one that comes later waits, and then ends this session too.
            await session.LockUserAsync(proven.UserId, alone: false, cancellationToken);
            var user = await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == proven.UserId, cancellationToken);
            if (user?.PasswordNumber != proven.PasswordNumber)
                return SessionRefusals.BadCredentials;
            if (user.MfaEnabled)
            {
                if (command.Code is null)
                    return SessionRefusals.MfaRequired;
                if (!await secondFactor.ProveAsync(user, command.Code, cancellationToken))
                    return SessionRefusals.BadCode;
                await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            }

            if (proven.NewHash is { } hash)
                await RehashAsync(proven, hash, cancellationToken);
            return await tokens.OpenAsync(user, SignIn.ByPassword(user.MfaEnabled), cancellationToken);
        }

        // Another log-in may share the lock on the row; then it stays as it is until the next one, because two that wait for each
        // other would fail one of them.
        private async Task RehashAsync(ProvenPassword proven, string hash, CancellationToken ct)
        {
            await using var rehash = new NpgsqlCommand(
                """
                update identity.users set password_hash = $2
                where id = (select id from identity.users where id = $1 and password_number = $3 for no key update skip locked)
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = proven.UserId.Value }, new() { Value = hash }, new() { Value = proven.PasswordNumber } } };
            await rehash.ExecuteNonQueryAsync(ct);
        }
    }
}
