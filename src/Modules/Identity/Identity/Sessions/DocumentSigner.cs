using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Sessions;

/// <inheritdoc cref="IDocumentSigner"/>
internal sealed class DocumentSigner(SigningKeys keys, DbSession session, TokenSettings settings, TimeProvider clock) : IDocumentSigner
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    public async Task<SignedDocument> SignAsync(
        string type, string subject, IReadOnlyDictionary<string, object> claims, TimeSpan lasts, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lasts, IDocumentSigner.Longest);
        if (type == AccessTokens.Type)
            throw new ArgumentException("A document must not look like an access token.", nameof(type));
        // A token's instants are whole seconds.
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        var until = now + lasts;
        return new SignedDocument(
            _handler.CreateToken(new SecurityTokenDescriptor
            {
                TokenType = type,
                Issuer = settings.Issuer,
                IssuedAt = now.UtcDateTime,
                NotBefore = now.UtcDateTime,
                Expires = until.UtcDateTime,
                Claims = new Dictionary<string, object>(claims)
                {
                    [JwtRegisteredClaimNames.Sub] = subject,
                    [JwtRegisteredClaimNames.Jti] = Id.NewGuid(now).ToString(),
                },
                SigningCredentials = new SigningCredentials(await keys.CurrentAsync(session, ct), SecurityAlgorithms.EcdsaSha256),
            }),
            until);
    }
}
