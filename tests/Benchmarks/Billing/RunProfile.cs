using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Licensing.Billing.Runs;

namespace Licensing.Benchmarks;

/// <summary>
/// Where the time of runs goes, with LICENSING_BENCH_PROFILE set: the time of all workers before each place of a run, since the place before it of
/// the same worker. Places are those at which tests end a run.
/// </summary>
internal sealed class RunProfile
{
    private readonly ConcurrentDictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private readonly AsyncLocal<StrongBox<(string Place, long At)>?> _last = new();

    private RunProfile(RunProbe probe) => probe.At = HitAsync;

    public static RunProfile? Of(RunProbe probe) =>
        Environment.GetEnvironmentVariable("LICENSING_BENCH_PROFILE") is null ? null : new RunProfile(probe);

    /// <summary>One line with the largest first; begins anew.</summary>
    public string Told()
    {
        var told = string.Join(", ", _shares.OrderByDescending(x => x.Value.Ticks).Take(20).Select(x => string.Create(
            CultureInfo.InvariantCulture, $"{x.Key} {x.Value.Ticks * 1_000d / Stopwatch.Frequency:0} ms")));
        _shares.Clear();
        return told;
    }

    private Task HitAsync(string place)
    {
        var now = Stopwatch.GetTimestamp();
        // A worker's first place sets what all its later ones find: this is called in its own flow, not in one of its calls.
        if (_last.Value is { } last)
        {
            var share = _shares.GetOrAdd($"{last.Value.Place}→{place}", _ => new Share());
            Interlocked.Add(ref share.Ticks, now - last.Value.At);
            last.Value = (place, now);
        }

        if (place is "claimed" or "caught up" or "locked")
            _last.Value = new((place, now));
        return Task.CompletedTask;
    }

    private sealed class Share
    {
        public long Ticks;
    }
}
