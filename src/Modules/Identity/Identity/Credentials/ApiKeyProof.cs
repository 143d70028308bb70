using Licensing.Identity.ApiKeys;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>Proves an API key, whichever header it came in.</summary>
internal sealed class ApiKeyProof(CredentialGate gate, AccessReader reader)
{
    public ValueTask<Proof> ProveAsync(HttpContext context, string key, CancellationToken ct) => gate.ProveAsync(context, key, ReadAsync, ct);

    // A mistyped key fails its checksum and costs no read.
    private Task<Proven> ReadAsync(string key, CancellationToken ct) => ApiKeySecret.PrefixOf(key) is { } prefix
        ? reader.ApiKeyAsync(prefix, stored => ApiKeySecret.Is(key, stored), ct)
        : Task.FromResult<Proven>(CredentialRefusals.Invalid);
}
