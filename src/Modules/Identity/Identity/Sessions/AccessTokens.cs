using Licensing.Identity.Credentials;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Sessions;

/// <summary>Access tokens: short-lived JWTs (RFC 9068) that say who, never what he may; that is read when one is first seen.</summary>
internal sealed class AccessTokens(SigningKeys keys, AccessReader reader, IConfiguration configuration, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private const string Type = "at+jwt";

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };
    private readonly string _issuer = configuration["Security:Issuer"] ?? "licensing";
    private readonly string _audience = configuration["Security:Audience"] ?? "licensing-api";

    public async Task<string> IssueAsync(Guid userId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = Type,
            Issuer = _issuer,
            Audience = _audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + Lifetime).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = userId.ToString(),
                [JwtRegisteredClaimNames.Jti] = Id.NewGuid(now).ToString(),
            },
            SigningCredentials = new SigningCredentials(await keys.CurrentAsync(ct), SecurityAlgorithms.EcdsaSha256),
        });
    }

    public async Task<Proven> ProveAsync(string token, CancellationToken ct)
    {
        var checkedToken = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = _issuer,
            ValidAudience = _audience,
            ValidTypes = [Type],
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            IssuerSigningKey = await keys.CurrentAsync(ct),
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = IsNow,
        });
        // The handler gives failures back instead of throwing them, whatever the text is.
        if (!checkedToken.IsValid || checkedToken.SecurityToken is not JsonWebToken jwt || !Guid.TryParse(jwt.Subject, out var userId))
            return CredentialRefusals.Invalid;
        return await reader.UserAsync(userId, new DateTimeOffset(jwt.IssuedAt, TimeSpan.Zero), new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero), ct);
    }

    // The handler would ask the wall clock.
    private bool IsNow(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires > now && !(notBefore > now);
    }
}
