using System.Collections.Concurrent;
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

    /// <summary>Stops the start of a host that would let nothing through.</summary>
    internal void Check()
    {
        foreach (var (name, value) in ((string, int)[])[(nameof(PerSecond), PerSecond), (nameof(Burst), Burst),
            (nameof(AnonymousPerSecond), AnonymousPerSecond), (nameof(AnonymousBurst), AnonymousBurst)])
            if (value <= 0)
                throw new InvalidOperationException($"Limits:{name} must be at least 1, not {value}.");
    }
}

/// <summary>A token bucket per principal, or per address for the unknown; and one per address for credentials that do not hold.</summary>
public sealed class RateLimits(IOptions<LimitSettings> settings, TimeProvider clock)
{
    // When each bucket will be full again, which is all that there is to say of it: time fills them. One that is full is as one that never was.
    private readonly ConcurrentDictionary<(Guid Principal, string Address), long> _fullAt = new();
    private long _forgetAt;

    /// <summary>How many buckets are remembered.</summary>
    public int Count => _fullAt.Count;

    /// <summary>
    /// Why no credential is looked up for the address now, or null: too many that came from it did not hold, and to see that costs nothing
    /// and takes nothing. Less than none are left where another has taken the last since this one looked at the clock.
    /// </summary>
    public Refusal? RefusalOfAddress(HttpContext context) =>
        !IsNeverLimited(context) && TokensOf((Guid.Empty, FailuresOf(context)), take: false) <= 0 ? Limited(settings.Value.AnonymousPerSecond) : null;

    /// <summary>
    /// Counts a credential that did not hold: in a bucket of its own, so that strangers without any keep nobody's from being looked up.
    /// </summary>
    internal Refusal? SpendFailure(HttpContext context) => Spend(context, (Guid.Empty, FailuresOf(context)));

    /// <summary>
    /// Takes one request from the caller's bucket, or from his address's where anyone may ask: else each credential would have a bucket there.
    /// </summary>
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
        ForgetFull(clock.GetTimestamp());
        var tokens = TokensOf(caller, take: true);
        var left = Math.Max(0, tokens - 1);
        var (perSecond, burst) = SettingsOf(caller);
        context.Response.Headers["RateLimit-Policy"] = $"\"default\";q={burst};w={Math.Max(1, burst / perSecond)}";
        context.Response.Headers["RateLimit"] = $"\"default\";r={left};t={Math.Max(0, (burst - left + perSecond - 1) / perSecond)}";
        return tokens > 0 ? null : Limited(perSecond);
    }

    private (int PerSecond, int Burst) SettingsOf((Guid Principal, string Address) caller) =>
        caller.Principal != Guid.Empty
            ? (settings.Value.PerSecond, settings.Value.Burst)
            : (settings.Value.AnonymousPerSecond, settings.Value.AnonymousBurst);

    /// <returns>What was in the bucket, less one by now where one was taken.</returns>
    private long TokensOf((Guid Principal, string Address) caller, bool take)
    {
        var (perSecond, burst) = SettingsOf(caller);
        var (now, each) = (clock.GetTimestamp(), Math.Max(1, clock.TimestampFrequency / perSecond));
        while (true)
        {
            var seen = _fullAt.TryGetValue(caller, out var before);
            var fullAt = Math.Max(before, now);
            var tokens = burst - (fullAt - now + each - 1) / each;
            if (!take || tokens <= 0 || (seen ? _fullAt.TryUpdate(caller, fullAt + each, before) : _fullAt.TryAdd(caller, fullAt + each)))
                return tokens;
        }
    }

    // One that is just being taken from has another value by then, and stays.
    private void ForgetFull(long now)
    {
        if (now >= Interlocked.Read(ref _forgetAt) && now >= Interlocked.Exchange(ref _forgetAt, now + 10 * clock.TimestampFrequency))
            foreach (var full in _fullAt.Where(x => x.Value <= now))
                _fullAt.TryRemove(full);
    }

    private static Refusal Limited(int perSecond) =>
        new(RefusalKind.TooMany, "rate_limited", $"More than {perSecond} requests a second.") { RetryAfter = TimeSpan.FromSeconds(1) };
}

internal sealed class RateLimitStep(RequestDelegate next, RateLimits limits)
{
    public Task InvokeAsync(HttpContext context) =>
        limits.Spend(context) is { } refusal ? context.Dialect.RefuseAsync(context, refusal) : next(context);
}
