using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Lets a credential be proved only while not too many from its address failed, so that what ends in a 429 costs no query. One that held
/// within the hour is looked up all the same: a stranger at its address does not keep its owner out.
/// </summary>
internal sealed class CredentialGate(CredentialCache cache, RateLimits limits)
{
    public async ValueTask<Proof> ProveAsync(
        HttpContext context, string credential, Func<string, CancellationToken, Task<Proven>> prove, CancellationToken ct) =>
        limits.RefusalOfAddress(context) is { } spent && !cache.HeldLately(credential) ? spent
        : LastingEffect.IsOf(context) ? await cache.ProveAnewAsync(credential, prove)
        : await cache.ProveAsync(credential, prove, ct);
}
