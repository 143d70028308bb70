using System.Threading.RateLimiting;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Licensing.Kernel.Http;

/// <summary>Settings <c>Limits</c>. Each host counts for itself, so N hosts let N times as much through.</summary>
public sealed class LimitSettings
{
    /// <summary>Requests per second that a principal may make for long.</summary>
    public int PerSecond { get; set; } = 500;

    /// <summary>Requests that a principal may make at once.</summary>
    public int Burst { get; set; } = 2_000;

    /// <summary>The same per address (IPv6: per /64): without a credential, where anyone may ask, and of credentials that do not hold.</summary>
    public int AnonymousPerSecond { get; set; } = 20;

    public int AnonymousBurst { get; set; } = 100;

    /// <summary>Bytes of a request body where the endpoint names no limit of its own.</summary>
    public long BodyBytes { get; set; } = 1 << 20;
}

/// <summary>A token bucket per principal, or per address for the unknown; and one per address for credentials that do not hold.</summary>
public sealed class RateLimits : IDisposable
{
    private readonly LimitSettings _settings;
    private readonly PartitionedRateLimiter<(Guid Principal, string Address)> _limiter;

    public RateLimits(IOptions<LimitSettings> settings)
    {
        _settings = settings.Value;
        _limiter = PartitionedRateLimiter.Create<(Guid Principal, string Address), (Guid, string)>(caller =>
        {
            var known = caller.Principal != Guid.Empty;
            return RateLimitPartition.GetTokenBucketLimiter(caller, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = known ? _settings.Burst : _settings.AnonymousBurst,
                TokensPerPeriod = Math.Max(1, (known ? _settings.PerSecond : _settings.AnonymousPerSecond) / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
                QueueLimit = 0,
            });
        });
    }

    /// <summary>
    /// Why no credential is looked up for the address now, or null: too many that came from it did not hold, and to see that costs nothing
    /// and takes nothing.
    /// </summary>
    public Refusal? RefusalOfAddress(HttpContext context) =>
        !IsNeverLimited(context) && _limiter.GetStatistics((Guid.Empty, FailuresOf(context))) is { CurrentAvailablePermits: 0 } ? Limited(_settings.AnonymousPerSecond) : null;

    /// <summary>Counts a credential that did not hold: in a bucket of its own, so that strangers without any keep nobody's from being looked up.</summary>
    internal Refusal? SpendFailure(HttpContext context) => Spend(context, (Guid.Empty, FailuresOf(context)));

    /// <summary>Takes one request from the caller's bucket, or from his address's where anyone may ask: else each credential would have a bucket there.</summary>
    /// <returns>The refusal when there was none left.</returns>
    internal Refusal? Spend(HttpContext context)
    {
        var principal = context.RequestServices.GetRequiredService<Principal>();
        var known = principal.Id != Guid.Empty && context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>()?.Policy.Anyone != true;
        return Spend(context, known ? (principal.Id, "") : (Guid.Empty, CallerNetwork.Of(context.Connection.RemoteIpAddress)));
    }

    private static string FailuresOf(HttpContext context) => $"failed {CallerNetwork.Of(context.Connection.RemoteIpAddress)}";

    private static bool IsNeverLimited(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<NeverLimited>() is not null;

    // Tells what is left, too (RateLimit header fields).
    private Refusal? Spend(HttpContext context, (Guid Principal, string Address) caller)
    {
        if (IsNeverLimited(context))
            return null;
        var known = caller.Principal != Guid.Empty;
        using var lease = _limiter.AttemptAcquire(caller);
        var (perSecond, burst) = known ? (_settings.PerSecond, _settings.Burst) : (_settings.AnonymousPerSecond, _settings.AnonymousBurst);
        var left = _limiter.GetStatistics(caller)?.CurrentAvailablePermits ?? 0;
        context.Response.Headers["RateLimit-Policy"] = $"\"default\";q={burst};w={Math.Max(1, burst / perSecond)}";
        context.Response.Headers["RateLimit"] = $"\"default\";r={left};t={Math.Max(0, (burst - left + perSecond - 1) / perSecond)}";
        return lease.IsAcquired ? null : Limited(perSecond);
    }

    private static Refusal Limited(int perSecond) =>
        new(RefusalKind.TooMany, "rate_limited", $"More than {perSecond} requests a second.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public void Dispose() => _limiter.Dispose();
}

internal sealed class RateLimitStep(RequestDelegate next, RateLimits limits)
{
    public Task InvokeAsync(HttpContext context) =>
        limits.Spend(context) is { } refusal ? context.Dialect.RefuseAsync(context, refusal) : next(context);
}
