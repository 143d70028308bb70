using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <param name="PasswordChangeRequired">Until then the token opens nothing else.</param>
/// <param name="MfaEnrolmentRequired">The same, until a second factor has been shown: set up (<c>POST /auth/mfa</c>) in this session, or at another log-in.</param>
internal sealed record SessionView(
    string AccessToken, int ExpiresIn, string RefreshToken, string TokenType, bool PasswordChangeRequired, bool MfaEnrolmentRequired);

/// <summary>Makes the tokens of a user who has proved who he is, and lets the audit trail name him.</summary>
internal sealed class SessionTokens(
    IdentityDb db, DbSession transaction, AccessTokens tokens, TokenSettings settings, SignInRules rules, Principal principal, TimeProvider clock)
{
    /// <summary>Opens a session, if the user's organisation takes this way in.</summary>
    public async Task<Result<SessionView>> OpenAsync(User user, SignIn how, CancellationToken ct)
    {
        if (await rules.RefuseAsync(user, how, ct) is { } refusal)
            return refusal;
        var now = clock.GetUtcNow();
        var session = Session.Open(user, how, principal.Address, now);
        db.Add(session);
        return await GoOnAsync(user, session.Id, now, how, null, ct);
    }

    /// <summary>The next pair of tokens of a session.</summary>
    public async Task<SessionView> GoOnAsync(
        User user, Guid sessionId, DateTimeOffset openedAt, SignIn how, IReadOnlyCollection<string>? scope, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (hours, enrolment) = await rules.OfSessionAsync(user, how.SecondFactor, ct);
        var (idle, longest) = (now + settings.SessionIdle, openedAt + (hours < settings.SessionLongest ? hours : settings.SessionLongest));
        var refresh = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        db.Add(new RefreshToken
        {
            Id = Id.NewGuid(now),
            SessionId = sessionId,
            TokenHash = Digest(refresh),
            CreatedAt = now,
            ExpiresAt = idle < longest ? idle : longest,
        });
        principal.Become(new Access
        {
            Kind = PrincipalKind.User,
            Id = user.Id.Value,
            Name = user.Email,
            OrganizationId = user.OrganizationId.Value,
            Path = user.OwnerPath,
            SessionId = sessionId,
            OpenedBy = how.LinkMaker,
        });
        return new SessionView(
            await tokens.IssueAsync(transaction, user.Id.Value, sessionId, scope, enrolment, ct), (int)AccessTokens.Lifetime.TotalSeconds, refresh, "Bearer",
            user.MustChangePassword, enrolment);
    }

    public static byte[] Digest(string refreshToken) => SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken));
}

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
            await session.LockUserAsync(proven.UserId, "share", cancellationToken);
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

internal static class UserLocks
{
    extension(DbSession session)
    {
        /// <summary>Holds a user's row until the transaction ends; <c>share</c> against changes of password, <c>update</c> to make one.</summary>
        public async Task LockUserAsync(UserId id, string strength, CancellationToken ct)
        {
            await using var locking = new NpgsqlCommand($"select 1 from identity.users where id = $1 for {strength}", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = id.Value } } };
            await locking.ExecuteNonQueryAsync(ct);
        }
    }
}
