using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Federation;

/// <summary>Reads an issuer's discovery document and key set. Follows no redirect: what is configured is what is asked.</summary>
internal sealed class IssuerDocuments(TimeProvider clock) : IDisposable
{
    private const int LongestDocument = 1024 * 1024;
    private const int SmallestRsaKey = 2048;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Asymmetric only: with HS256 the issuer's public key would be a password that everyone knows.
    private static readonly FrozenSet<string> Signing = FrozenSet.Create(StringComparer.Ordinal,
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512);

    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        MaxResponseContentBufferSize = LongestDocument,
        Timeout = Patience,
    };

    /// <exception cref="IssuerUnreadableException">It cannot be read, or must not be believed.</exception>
    public async Task<IssuerMetadata> ReadAsync(IdentityProvider provider, CancellationToken ct)
    {
        try
        {
            using var discovery = JsonDocument.Parse(await TextAsync($"{provider.Authority}/.well-known/openid-configuration", ct));
            var root = discovery.RootElement;
            if (root.GetProperty("issuer").GetString() is var issuer && issuer != provider.Issuer)
                throw new IssuerUnreadableException($"Its document names the issuer '{issuer}', and '{provider.Issuer}' is configured.");

            var said = root.TryGetProperty("id_token_signing_alg_values_supported", out var list)
                ? list.EnumerateArray().Select(a => a.GetString()!) : [SecurityAlgorithms.RsaSha256];
            var keys = new JsonWebKeySet(await TextAsync(root.GetProperty("jwks_uri").GetString()!, ct)).Keys.Where(MaySign).ToList();
            if (keys.Count == 0)
                throw new IssuerUnreadableException("Its key set holds no key that may sign.");
            return new IssuerMetadata(said.Where(Signing.Contains).ToFrozenSet(StringComparer.Ordinal), keys, clock.GetUtcNow());
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or JsonException or KeyNotFoundException
            or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new IssuerUnreadableException("It does not answer with a discovery document and a key set.", failure);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> TextAsync(string address, CancellationToken ct)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || !IdentityProvider.MayBeAsked(uri))
            throw new IssuerUnreadableException($"'{address}' is not an https address.");
        using var answer = await _http.GetAsync(uri, ct);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(ct);
    }

    private static bool MaySign(JsonWebKey key) => key.Use is null or "" or "sig" && key.Kty switch
    {
        JsonWebAlgorithmsKeyTypes.RSA => key.N is not null && key.E is not null && key.KeySize >= SmallestRsaKey,
        JsonWebAlgorithmsKeyTypes.EllipticCurve => key.Crv is not null && key.X is not null && key.Y is not null,
        _ => false,
    };
}
