using System.Text.Json.Serialization;
using Licensing.Identity.Clients;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.OAuth;

/// <summary>
/// Says whether a token is good now, and whose it is (RFC 7662). Only to a client, and only of users and clients inside the subtree
/// where the client stands: any other token is not active for it.
/// </summary>
internal static class IntrospectToken
{
    [Anyone]
    public sealed record Request(string? Token, ClientCredentials? Client) : IRequest<Result<IntrospectionView>>
    {
        public override string ToString() => $"{Client}";
    }

    /// <summary>Whether the token is good, and if so what it says; scope is what its bearer may do now.</summary>
    public sealed record IntrospectionView([property: JsonPropertyName("active")] bool Active)
    {
        [JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Scope { get; init; }

        [JsonPropertyName("client_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? ClientId { get; init; }

        [JsonPropertyName("username"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Username { get; init; }

        [JsonPropertyName("token_type"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? TokenType { get; init; }

        [JsonPropertyName("exp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public long? Exp { get; init; }

        [JsonPropertyName("iat"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public long? Iat { get; init; }

        [JsonPropertyName("sub"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Sub { get; init; }

        [JsonPropertyName("aud"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Aud { get; init; }

        [JsonPropertyName("iss"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Iss { get; init; }

        [JsonPropertyName("jti"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Jti { get; init; }
    }

    internal sealed class Handler(
        ClientProof proof, AccessTokens tokens, IdentityDb db, SignInRules rules, TokenSettings settings, TimeProvider clock)
        : IRequestHandler<Request, Result<IntrospectionView>>
    {
        private static readonly IntrospectionView Inactive = new(false);

        public async Task<Result<IntrospectionView>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Client is not { } shown)
                return OAuthRefusals.InvalidClient;
            if ((await proof.ProveAsync(shown, cancellationToken)).Refused(out var refusal, out var client))
                return refusal;
            if (request.Token is not { } token)
                return OAuthRefusals.InvalidRequest("token is missing.");
            return token.Contains('.')
                ? await OfAccessTokenAsync(token, client, cancellationToken)
                : await OfRefreshTokenAsync(token, client, cancellationToken);
        }

        // Asked of the database, not of what this process remembers.
        private async Task<IntrospectionView> OfAccessTokenAsync(string token, KnownClient client, CancellationToken ct)
        {
            if (await tokens.ReadAsync(token, ct) is not { } read || (await tokens.ProveAsync(read, ct)).Access is not { } access
                || !access.Path.StartsWith(client.Path, StringComparison.Ordinal)
                || access.WritesRefused == SessionRefusals.PasswordChangeRequired || access.WritesRefused == SessionRefusals.MfaEnrolmentRequired)
                return Inactive;
            return new IntrospectionView(true)
            {
                Scope = string.Join(' ', access.Grants.SelectMany(g => g.Permissions).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)),
                ClientId = read.ClientId,
                Username = access.Name,
                TokenType = "Bearer",
                Exp = read.Until.ToUnixTimeSeconds(),
                Iat = read.IssuedAt.ToUnixTimeSeconds(),
                Sub = read.Subject.ToString(),
                Aud = settings.Audience,
                Iss = settings.Issuer,
                Jti = read.Id.ToString(),
            };
        }

        private async Task<IntrospectionView> OfRefreshTokenAsync(string token, KnownClient client, CancellationToken ct)
        {
            var (digest, now) = (SessionTokens.Digest(token), clock.GetUtcNow());
            var found = await db.RefreshTokens.AsNoTracking().Where(t => t.TokenHash == digest && t.UsedAt == null && t.ExpiresAt > now)
                .Join(db.Sessions.Where(s => s.RevokedAt == null), t => t.SessionId, s => s.Id, (Token, Session) => new { Token, Session })
                .SingleOrDefaultAsync(ct);
            var id = new UserId(found?.Session.UserId ?? Guid.Empty);
            // What a refresh would be refused for is no good here either.
            if (found is null || await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } user
                || !user.OwnerPath.StartsWith(client.Path, StringComparison.Ordinal)
                || await rules.RefuseAsync(user, SignIn.Of(found.Session), ct) is not null)
                return Inactive;
            return new IntrospectionView(true)
            {
                ClientId = AccessTokens.OwnLogIn,
                Username = user.Email,
                TokenType = "refresh_token",
                Exp = found.Token.ExpiresAt.ToUnixTimeSeconds(),
                Iat = found.Token.CreatedAt.ToUnixTimeSeconds(),
                Sub = user.Id.Value.ToString(),
                Iss = settings.Issuer,
            };
        }
    }

    public static void Map(RouteGroupBuilder connect) => connect
        .MapForm(GetServerMetadata.IntrospectionPath, form => new Request(form["token"], form.Client))
        .Slice<Request, IntrospectionView>(nameof(IntrospectToken), "Says whether a token is good, and whose it is (RFC 7662)")
        .Accepts<RevokeToken.Form>(OAuthForm.ContentType);
}
