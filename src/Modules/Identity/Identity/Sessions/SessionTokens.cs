using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Sessions;

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
            await tokens.IssueAsync(transaction, user, sessionId, scope, enrolment, ct), (int)AccessTokens.Lifetime.TotalSeconds,
            refresh, "Bearer", user.MustChangePassword, enrolment);
    }

    public static byte[] Digest(string refreshToken) => SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken));
}
