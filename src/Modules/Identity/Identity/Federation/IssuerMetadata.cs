using System.Collections.Frozen;
using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Federation;

/// <summary>What an issuer's discovery document and key set said.</summary>
internal sealed record IssuerMetadata(FrozenSet<string> Algorithms, IReadOnlyList<JsonWebKey> Keys, DateTimeOffset ReadAt)
{
    /// <summary>A token that names no key can only mean the one there is.</summary>
    public JsonWebKey? KeyFor(string? id, string algorithm)
    {
        var type = algorithm.StartsWith("ES", StringComparison.Ordinal) ? JsonWebAlgorithmsKeyTypes.EllipticCurve : JsonWebAlgorithmsKeyTypes.RSA;
        var fitting = Keys
            .Where(k => (id is null || k.KeyId == id) && k.Kty == type && (string.IsNullOrEmpty(k.Alg) || k.Alg == algorithm))
            .ToList();
        return fitting is [var key] ? key : null;
    }
}
