using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Licensing.Benchmarks;

/// <param name="Answers">How many there were.</param>
/// <param name="Rate">Answers per second, or whatever else is measured.</param>
/// <param name="Cost">Processor time of what that is of, where it is known.</param>
internal readonly record struct Load(int Answers, double Rate, TimeSpan? Cost);

/// <summary>
/// Sends requests one after the other on several connections. Written on sockets, because a full HTTP client costs about as much as the
/// server and would hide half of what is measured; every answer is read to its end and must be 200 or 201.
/// </summary>
internal static class LoadClient
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    /// <summary>Answers per second over <see cref="Long"/>, to one request sent again and again.</summary>
    public static Task<Load> MeasureAsync(BenchHost host, string path, string? authorization, CancellationToken ct)
    {
        var request = Request(host.Address, "GET", path, authorization);
        return MeasureAsync(host, _ => request, ct);
    }

    /// <summary>Answers per second over <see cref="Long"/>, or until there are no more requests.</summary>
    /// <param name="host">The server.</param>
    /// <param name="next">The n-th request of a measurement; null ends it.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="connections">How many ask at the same time.</param>
    /// <param name="header">What each answer must tell beside its status.</param>
    public static async Task<Load> MeasureAsync(
        BenchHost host, Func<int, byte[]?> next, CancellationToken ct, int connections = 16, string header = "")
    {
        var told = Encoding.ASCII.GetBytes($"\r\n{header}");
        var until = Stopwatch.GetTimestamp() + (long)(Long.TotalSeconds * Stopwatch.Frequency);
        var start = Stopwatch.GetTimestamp();
        var used = host.Processor.Used();
        var sent = -1;
        var counts = await Task.WhenAll(Enumerable.Range(0, connections)
            .Select(_ => Task.Run(() => RepeatAsync(host.Address, () => next(Interlocked.Increment(ref sent)), until, told, ct), ct)));
        var answers = counts.Sum();
        return new Load(answers, answers / Stopwatch.GetElapsedTime(start).TotalSeconds, (host.Processor.Used() - used) / answers);
    }

    /// <summary>A request as it goes over the wire.</summary>
    public static byte[] Request(Uri address, string method, string path, string? authorization, string? json = null)
    {
        var body = json is null ? "" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n";
        var credential = authorization is null ? "" : $"Authorization: {authorization}\r\n";
        return Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {address.Authority}\r\n{credential}{body}\r\n{json}");
    }

    private static async Task<int> RepeatAsync(Uri address, Func<byte[]?> next, long until, byte[] told, CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port, ct);
        var buffer = new byte[1024 * 1024];
        var answers = 0;
        while (Stopwatch.GetTimestamp() < until && next() is { } request)
        {
            await socket.SendAsync(request, ct);
            var length = 0;
            while (!IsWhole(buffer.AsSpan(0, length)))
                length += await socket.ReceiveAsync(buffer.AsMemory(length), ct) is > 0 and var read
                    ? read
                    : throw new InvalidOperationException("The server closed the connection.");
            if (!buffer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8) && !buffer.AsSpan(0, length).StartsWith("HTTP/1.1 201"u8))
                throw new InvalidOperationException($"Neither 200 nor 201: {Encoding.UTF8.GetString(buffer, 0, length)}");
            if (buffer.AsSpan(0, length).IndexOf(told) < 0)
                throw new InvalidOperationException(
                    $"Not with {Encoding.UTF8.GetString(told).Trim()}: {Encoding.UTF8.GetString(buffer, 0, length)}");
            answers++;
        }

        return answers;
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        const string Length = "\r\nContent-Length: ";
        var at = answer[..head].IndexOf("\r\nContent-Length: "u8);
        if (at < 0)
            return answer.EndsWith("0\r\n\r\n"u8);
        return Utf8Parser.TryParse(answer[(at + Length.Length)..], out int body, out _) && answer.Length >= head + 4 + body;
    }
}
