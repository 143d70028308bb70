using System.Diagnostics;

namespace Licensing.Benchmarks;

/// <summary>
/// Something done at a rate by several senders in turn, whatever it takes: one that is late for its turn has waited since then.
/// </summary>
internal static class Paced
{
    /// <param name="senders">How many.</param>
    /// <param name="rate">Per second, of all of them.</param>
    /// <param name="time">For how long.</param>
    /// <param name="each">Makes the n-th sender ready and has it do its part, by what it is given.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>How long each took, in ms.</returns>
    public static async Task<List<double>> LatenciesAsync(
        int senders, double rate, TimeSpan time, Func<int, Func<Func<Task>, Task>, Task> each, CancellationToken ct)
    {
        var taken = new List<double>[senders];
        var start = Stopwatch.GetTimestamp();
        var between = TimeSpan.FromSeconds(senders / rate);
        await Task.WhenAll(Enumerable.Range(0, senders).Select(n => Task.Run(
            () => each(n, async one => taken[n] = await SendAsync(one, start, between * ((double)n / senders), between, time, ct)), ct)));
        return [.. taken.SelectMany(x => x)];
    }

    private static async Task<List<double>> SendAsync(
        Func<Task> one, long start, TimeSpan due, TimeSpan between, TimeSpan time, CancellationToken ct)
    {
        var taken = new List<double>();
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        // What came while it was made ready was never due.
        while (due < Stopwatch.GetElapsedTime(start))
            due += between;
        for (; due < time; due += between)
        {
            var isEarly = Stopwatch.GetElapsedTime(start) < due;
            while (Stopwatch.GetElapsedTime(start) < due)
                await turns.WaitForNextTickAsync(ct);
            // The timer's own lateness is not the server's.
            var from = isEarly ? Stopwatch.GetElapsedTime(start) : due;
            await one();
            taken.Add((Stopwatch.GetElapsedTime(start) - from).TotalMilliseconds);
        }

        return taken;
    }
}
