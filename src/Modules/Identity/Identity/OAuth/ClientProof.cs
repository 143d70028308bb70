using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Clients;
using Licensing.Identity.Sessions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Licensing.Identity.OAuth;

/// <summary>
/// Proves which client is asking: by a secret, or by an assertion that it signed for this server, for minutes and for one use (RFC 7523).
/// On connections of its own: what a refused request has used up stays used.
/// </summary>
internal sealed class ClientProof(ClientReader clients, NpgsqlDataSource database, TokenSettings settings, TimeProvider clock)
{
    private const int LongestAssertion = 16 * 1024;
    private const int LongestJti = 256;
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(10);

    // What clients' clocks may differ by.
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <summary>The ways to prove oneself, as the server's metadata names them.</summary>
    public static IReadOnlyList<string> Methods { get; } = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

    public static IReadOnlyList<string> Algorithms { get; } =
    [
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestAssertion };

    public async Task<Result<KnownClient>> ProveAsync(ClientCredentials shown, CancellationToken ct)
    {
        var client = shown.Assertion is { } assertion
            ? await OfAssertionAsync(shown.Id, assertion, ct)
            : await OfSecretAsync(shown.Id, shown.Secret!, ct);
        if (client is null)
            return OAuthRefusals.InvalidClient;
        await clients.TouchAsync(client, ct);
        return client;
    }

    private async Task<KnownClient?> OfSecretAsync(string? id, string secret, CancellationToken ct) =>
        Guid.TryParse(id, out var known) ? await clients.FindAsync(new ClientId(known), secret, ct) : null;

    private async Task<KnownClient?> OfAssertionAsync(string? id, string assertion, CancellationToken ct)
    {
        if (assertion.Length > LongestAssertion || ClaimedSubject(assertion) is not { } subject || (id is not null && id != subject)
            || !Guid.TryParseExact(subject, "D", out var known)
            || await clients.FindAsync(new ClientId(known), ct) is not { AuthMethod: ClientAuthMethod.PrivateKeyJwt } client)
            return null;

        var opened = client.Keys.Select(k => k.Open()).ToList();
        try
        {
            var found = await _handler.ValidateTokenAsync(assertion, Demands(subject, [.. opened.Select(k => k.Key)]));
            return found is { IsValid: true, SecurityToken: JsonWebToken { Subject: var signedFor, Id: { Length: > 0 and <= LongestJti } jti } jwt }
                && signedFor == subject
                && await UseOnceAsync(client.Id, jti, new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero) + Skew, ct)
                ? client
                : null;
        }
        finally
        {
            opened.ForEach(k => k.Owned.Dispose());
        }
    }

    private TokenValidationParameters Demands(string clientId, IReadOnlyList<SecurityKey> keys) => new()
    {
        ValidIssuer = clientId,
        AudienceValidator = (audiences, _, _) => audiences.ToList() is [var only] && IsUs(only),
        ValidAlgorithms = Algorithms,
        // A key without a name is tried for every name.
        IssuerSigningKeyResolver = (_, _, kid, _) => keys.Where(k => string.IsNullOrEmpty(kid) || k.KeyId is null || k.KeyId == kid),
        TryAllIssuerSigningKeys = false,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = IsShortAndNow,
    };

    // For us alone: an assertion that names another server too could be carried from there to here. Never what a Host header says.
    private bool IsUs(string audience) => audience == settings.Issuer
        || (settings.PublicUrl is { } url && (audience == url || audience == url + GetServerMetadata.TokenPath));

    private bool IsShortAndNow(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return expires > now - Skew && expires <= now + LongestLife + Skew && !(notBefore > now + Skew);
    }

    // The key decides, so that of two who show one assertion, on whichever hosts, one is first.
    private async Task<bool> UseOnceAsync(ClientId client, string jti, DateTimeOffset until, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "insert into identity.used_assertions (client_id, jti_hash, ends_at) values ($1, $2, $3) on conflict do nothing");
        command.Parameters.Add(new() { Value = client.Value });
        command.Parameters.Add(new() { Value = SHA256.HashData(Encoding.UTF8.GetBytes(jti)) });
        command.Parameters.Add(new() { Value = until });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    // Only to find the keys with which to look whether it is true.
    private static string? ClaimedSubject(string assertion)
    {
        try
        {
            if (assertion.Split('.') is not [_, var payload, _])
                return null;
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            return claims.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("sub", out var subject)
                && subject.ValueKind is JsonValueKind.String ? subject.GetString() : null;
        }
        catch (Exception failure) when (failure is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
