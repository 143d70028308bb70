using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Federation;

/// <summary>Verifies ID tokens (OpenID Connect Core 1.0, 3.1.3.7).</summary>
internal sealed class IdTokens(IssuerKeys keys, TimeProvider clock, ILogger<IdTokens> log)
{
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    // Whatever the issuer says: how long a token is good is how long its use is remembered.
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    // Clocks of several hosts differ; a use must be remembered by the slowest.
    private static readonly TimeSpan RememberedLonger = TimeSpan.FromMinutes(10);
    private const int LongestSubject = 255;

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    public async Task<Result<ProvenIdentity>> VerifyAsync(IdentityProvider provider, string idToken, string? nonce, CancellationToken ct)
    {
        if (IdTokenClaims.Read(idToken) is not { IsPlainIdToken: true, Algorithm: { } algorithm } claims)
            return Refuse(provider, "it is not a signed ID token");
        if (provider.IssuerOf(claims) is not { } issuer)
            return Refuse(provider, "it is another issuer's, or of a directory that may not enter");
        if (FlawOf(claims, provider, nonce) is { } flaw)
            return Refuse(provider, flaw);
        if (await keys.OfAsync(provider, claims.KeyId, ct) is not { } metadata)
            return FederationRefusals.ProviderUnavailable;
        if (metadata.KeyFor(claims.KeyId, algorithm) is not { } key || !provider.IsKeyFor(KeyIssuer(key), issuer, claims))
            return Refuse(provider, "no key of the issuer is meant for it");
        if (!await IsSignedAsync(claims, metadata, key))
            return Refuse(provider, "its signature does not hold, or its algorithm is none that the issuer uses");

        return new ProvenIdentity(
            provider, issuer, claims.Text("sub")!, provider.VerifiedEmailOf(claims), provider.TrustsMfa && claims.Texts("amr").Contains("mfa"),
            nonce is null ? Digest(issuer, "token", claims.SignedPart) : Digest(issuer, "nonce", Encoding.UTF8.GetBytes(nonce)),
            EndOf(claims)!.Value + Skew + RememberedLonger);
    }

    private string? FlawOf(IdTokenClaims claims, IdentityProvider provider, string? nonce)
    {
        var now = clock.GetUtcNow();
        var audiences = claims.Audiences;
        if (audiences.Count == 0 || !audiences.All(provider.IsOurs))
            return "it is meant for another application";
        if ((audiences.Count > 1 || claims.Has("azp")) && !(claims.Text("azp") is { } party && provider.IsOurs(party)))
            return "it was given to another application";
        if (EndOf(claims) is not { } end || claims.Instant("iat") is not { } issuedAt)
            return "it does not say from when to when it is good";
        if (now >= end + Skew)
            return "it has expired";
        if (issuedAt > now + Skew || (claims.Has("nbf") && !(claims.Instant("nbf") <= now + Skew)))
            return "it is not good yet";
        // Without the client's nonce nobody can tell whose log-in the token came from.
        if (nonce is null ? claims.Has("nonce") : claims.Text("nonce") != nonce)
            return "its nonce is not the one that came with it";
        if (claims.Text("sub") is not { Length: > 0 and <= LongestSubject } subject || !subject.All(c => c is >= ' ' and < '\x7f'))
            return "its subject is none";
        return provider.MayEnter(claims) ? null : "it is of a domain that may not enter";
    }

    // Times and names are checked above, by our clock and our settings.
    private async Task<bool> IsSignedAsync(IdTokenClaims claims, IssuerMetadata metadata, JsonWebKey key)
    {
        var outcome = await _handler.ValidateTokenAsync(claims.Token, new TokenValidationParameters
        {
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
            RequireSignedTokens = true,
            ValidAlgorithms = metadata.Algorithms,
            // The kid has chosen it already; one without kid is tried too.
            IssuerSigningKeyResolver = (_, _, _, _) => [key],
            TryAllIssuerSigningKeys = true,
            // The stock factory remembers keys of all issuers by their ids.
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        });
        return outcome.IsValid;
    }

    private static DateTimeOffset? EndOf(IdTokenClaims claims) =>
        claims.Instant("exp") is not { } end || claims.Instant("iat") is not { } issuedAt ? null
        : end - issuedAt < LongestLife ? end
        : issuedAt + LongestLife;

    private static string? KeyIssuer(JsonWebKey key) => key.AdditionalData.TryGetValue("issuer", out var issuer) ? issuer?.ToString() : null;

    private static byte[] Digest(string issuer, string kind, byte[] what) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes($"{issuer}\n{kind}\n"), .. what]);

    // The caller learns nothing from trying; who runs the system finds the reason here.
    private Refusal Refuse(IdentityProvider provider, string reason)
    {
        log.LogInformation("An ID token through {Provider} is refused: {Reason}.", provider.Name, reason);
        return FederationRefusals.NotAccepted;
    }
}
