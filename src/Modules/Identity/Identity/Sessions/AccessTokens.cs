using System.Collections.Frozen;
using Licensing.Identity.Clients;
using Licensing.Identity.Credentials;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Access tokens: short-lived JWTs (RFC 9068) that say who, never what he may; that is read when one is first seen.</summary>
internal sealed class AccessTokens(
    SigningKeys keys, AccessReader users, ClientReader clients, LoginLinkRight links, NpgsqlDataSource database, TokenSettings settings,
    TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>The client of tokens that come from a log-in here; RFC 9068 demands one.</summary>
    public const string OwnLogIn = "licensing";

    public const string Type = "at+jwt";
    private const string ClientIdClaim = "client_id";
    private const string SessionClaim = "sid";
    private const string EpochClaim = "epoch";
    private const string ScopeClaim = "scope";
    private const string EnrolmentClaim = "mfa_enrolment";

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    /// <param name="session">In whose transaction it is made.</param>
    /// <param name="user">The subject.</param>
    /// <param name="sessionId">His log-in; the token ends with it.</param>
    /// <param name="scope">The permissions to which it is narrowed; null is all of them.</param>
    /// <param name="enrolment">Whether it opens nothing but the setting up of a second factor.</param>
    /// <param name="ct">Gives up.</param>
    public Task<string> IssueAsync(
        DbSession session, User user, Guid sessionId, IReadOnlyCollection<string>? scope, bool enrolment, CancellationToken ct)
    {
        var claims = new Dictionary<string, object>
        {
            [ClientIdClaim] = OwnLogIn,
            [SessionClaim] = sessionId.ToString(),
            [EpochClaim] = user.PasswordNumber,
        };
        if (enrolment)
            claims[EnrolmentClaim] = true;
        return IssueAsync(session, user.Id.Value, scope, claims, Lifetime, ct);
    }

    /// <summary>A client's, which is over with the secret that it was asked for with, should that end sooner.</summary>
    public async Task<(string Token, TimeSpan Lasts)> IssueAsync(
        DbSession session, KnownClient client, IReadOnlyCollection<string>? scope, CancellationToken ct)
    {
        var left = client.ProvenUntil - clock.GetUtcNow();
        var lasts = left < Lifetime ? left : Lifetime;
        var claims = new Dictionary<string, object> { [ClientIdClaim] = client.Id.Value.ToString(), [EpochClaim] = client.Epoch };
        return (await IssueAsync(session, client.Id.Value, scope, claims, lasts, ct), lasts);
    }

    private async Task<string> IssueAsync(
        DbSession session, Guid subject, IReadOnlyCollection<string>? scope, Dictionary<string, object> claims, TimeSpan lasts, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        claims[JwtRegisteredClaimNames.Sub] = subject.ToString();
        claims[JwtRegisteredClaimNames.Jti] = Id.NewGuid(now).ToString();
        if (scope is not null)
            claims[ScopeClaim] = string.Join(' ', scope);
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = Type,
            Issuer = settings.Issuer,
            Audience = settings.Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + lasts).UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(await keys.CurrentAsync(session, ct), SecurityAlgorithms.EcdsaSha256),
        });
    }

    public async Task<Proven> ProveAsync(string token, CancellationToken ct) =>
        await ReadAsync(token, ct) is { } read ? await ProveAsync(read, ct) : CredentialRefusals.Invalid;

    /// <summary>Who a token that holds stands for now.</summary>
    public async Task<Proven> ProveAsync(AccessToken token, CancellationToken ct)
    {
        var (stands, openedBy) = await StandsAsync(token, ct);
        if (!stands)
            return CredentialRefusals.Invalid;
        var proven = token.IsOfClient
            ? await clients.AccessAsync(new ClientId(token.Subject), token.Epoch ?? 0, token.Until, ct)
            : await users.UserAsync(token.Subject, token.Epoch, token.Until, ct);
        if (proven.Access is { } logged)
            proven = proven with
            {
                Access = (openedBy is null ? logged : logged.Within(logged.Path)) with
                {
                    SessionId = token.SessionId,
                    OpenedBy = openedBy,
                    TokenId = token.Id,
                },
            };
        if (token.Enrolment && proven.Access is { } entering)
            proven = proven with
            {
                // Before a suspension, which would still let him read.
                Access = entering.WritesRefused == SessionRefusals.PasswordChangeRequired
                    ? entering
                    : entering with { WritesRefused = SessionRefusals.MfaEnrolmentRequired },
            };
        return token.Scope is { } scope && proven.Access is { } access ? proven with { Access = access.NarrowedTo(scope) } : proven;
    }

    /// <returns>Null when anything about it is wrong; the reason stays here.</returns>
    public async Task<AccessToken?> ReadAsync(string token, CancellationToken ct)
    {
        var checkedToken = await CheckAsync(token, await keys.RingAsync(ct));
        if (checkedToken.Exception is SecurityTokenSignatureKeyNotFoundException)
            checkedToken = await CheckAsync(token, await keys.LookedAgainAsync(ct));
        if (!checkedToken.IsValid || checkedToken.SecurityToken is not JsonWebToken jwt
            || !Guid.TryParse(jwt.Subject, out var subject) || !Guid.TryParse(jwt.Id, out var id))
            return null;

        return new AccessToken(
            id, subject, Text(jwt, ClientIdClaim) ?? OwnLogIn, Guid.TryParse(Text(jwt, SessionClaim), out var session) ? session : null,
            jwt.TryGetPayloadValue<int>(EpochClaim, out var epoch) ? epoch : null,
            Text(jwt, ScopeClaim)?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal),
            jwt.TryGetPayloadValue<bool>(EnrolmentClaim, out var enrolment) && enrolment,
            new DateTimeOffset(jwt.IssuedAt, TimeSpan.Zero), new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero));
    }

    private static string? Text(JsonWebToken token, string claim) => token.TryGetPayloadValue<string>(claim, out var value) ? value : null;

    // The handler gives failures back instead of throwing them, whatever the text is.
    private Task<TokenValidationResult> CheckAsync(string token, KeyRing ring) => _handler.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = settings.Issuer,
        ValidAudience = settings.Audience,
        ValidTypes = [Type],
        ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
        // Only the key that the token names, and only from here: never from its jku, x5u or jwk.
        IssuerSigningKeyResolver = (_, _, kid, _) => ring.Believed(clock.GetUtcNow()).Where(k => k.Key.KeyId == kid).Select(k => k.Key),
        TryAllIssuerSigningKeys = false,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = IsNow,
    });

    // The handler would ask the wall clock. What another host has just made is good here, too, though its clock is ahead.
    private bool IsNow(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires > now && !(notBefore > now + HostClocks.Slack);
    }

    // A session whose row is gone has ended: housekeeping removes it when every token of it is over.
    private async Task<(bool Stands, Guid? OpenedBy)> StandsAsync(AccessToken token, CancellationToken ct)
    {
        (Guid Maker, string Path)? link = null;
        await using (var command = database.CreateCommand(
            """
            select r.id is null and (t.session_id is null or (s.id is not null and s.revoked_at is null)), s.link_maker, s.owner_path
            from (values ($1, $2)) as t (id, session_id)
            left join identity.revoked_access_tokens r on r.id = t.id left join identity.sessions s on s.id = t.session_id
            """))
        {
            command.Parameters.Add(new() { Value = token.Id });
            command.Parameters.Add(new() { Value = (object?)token.SessionId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
            await using var row = await command.ExecuteReaderAsync(ct);
            await row.ReadAsync(ct);
            if (!row.GetBoolean(0))
                return (false, null);
            if (!await row.IsDBNullAsync(1, ct))
                link = (row.GetGuid(1), row.GetString(2));
        }

        return link is var (maker, path) ? (await links.StandsAsync(maker, new UserId(token.Subject), path, ct), maker) : (true, null);
    }
}

internal static class Narrowing
{
    extension(Access access)
    {
        /// <summary>
        /// The same caller without what he holds outside <paramref name="path"/>: who came by a login link reads nothing of where the user's
        /// organisation stood before, which whoever made the link may never have reached.
        /// </summary>
        public Access Within(string path) =>
            access with { Grants = [.. access.Grants.Where(g => g.Path.StartsWith(path, StringComparison.Ordinal))] };

        /// <summary>The same caller with no more than <paramref name="scope"/>.</summary>
        public Access NarrowedTo(FrozenSet<string> scope) => access with
        {
            Grants = [.. access.Grants.Select(g => g with { Permissions = g.Permissions.Where(scope.Contains).ToFrozenSet(StringComparer.Ordinal) })],
        };
    }
}
