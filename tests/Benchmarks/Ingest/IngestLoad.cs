using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Licensing.Benchmarks;

/// <summary>
/// Sends batches of new records on several connections, on sockets: a body is made once per connection and only its ids change.
/// </summary>
/// <param name="stand">Where to.</param>
/// <param name="size">Records of a batch.</param>
/// <param name="duplicates">How many of them were in the batch before.</param>
/// <param name="key">Whose they are, if not the stand's service's.</param>
internal sealed class IngestLoad(IngestStand stand, int size, int duplicates = 0, string? key = null)
{
    private const int SubscriptionsPerBatch = 4;
    private long _acknowledged;

    /// <summary>New records that were answered as accepted.</summary>
    public long Acknowledged => _acknowledged;

    /// <summary>Records per second with nobody waiting between an answer and the next request.</summary>
    public async Task<Load> MeasureAsync(int connections, TimeSpan time, CancellationToken ct)
    {
        var (start, used) = (Stopwatch.GetTimestamp(), stand.Host.Processor.Used());
        var counts = await Task.WhenAll(Enumerable.Range(0, connections).Select(n => Task.Run(
            async () =>
            {
                using var sender = await Sender.ConnectAsync(stand, key ?? stand.Key, size, duplicates, n, ct);
                for (; Stopwatch.GetElapsedTime(start) < time;)
                    await sender.SendAsync(ct);
                Interlocked.Add(ref _acknowledged, sender.Accepted);
                return sender.Sent;
            }, ct)));
        var sent = counts.Sum();
        return new Load(sent, sent / Stopwatch.GetElapsedTime(start).TotalSeconds, (stand.Host.Processor.Used() - used) / sent);
    }

    /// <summary>How long answers take, in ms, at a rate of records per second.</summary>
    public Task<List<double>> LatenciesAsync(double rate, int connections, TimeSpan time, CancellationToken ct) =>
        Paced.LatenciesAsync(connections, rate / size, time, async (n, one) =>
        {
            using var sender = await Sender.ConnectAsync(stand, key ?? stand.Key, size, duplicates, n, ct);
            await one(() => sender.SendAsync(ct));
            Interlocked.Add(ref _acknowledged, sender.Accepted);
        }, ct);

    private sealed class Sender : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _answer = new byte[64 * 1024];
        private readonly byte[] _expected;
        private readonly byte[] _request;
        private readonly int[] _ids;
        private readonly int _again;
        private bool _isFirst = true;

        private Sender(IngestStand stand, string key, int size, int again, int number)
        {
            var body = new StringBuilder("{\"records\":[");
            var places = new int[size];
            for (var i = 0; i < size; i++)
            {
                body.Append(i == 0 ? "{\"id\":\"" : ",{\"id\":\"");
                places[i] = body.Length;
                // 4 divides what comes again, too: a record that comes again is of the same subscription.
                var subscription = stand.Subscriptions[(number * SubscriptionsPerBatch + i % SubscriptionsPerBatch) % stand.Subscriptions.Count];
                body.Append(Guid.Empty).Append("\",\"subscriptionId\":\"").Append(subscription)
                    .Append("\",\"meter\":\"").Append(IngestStand.Meter).Append("\",\"quantity\":\"1.25\",\"start\":\"")
                    .Append(IngestStand.Today().ToString("yyyy-MM-dd")).Append("T00:00:00Z\",\"resourceId\":\"vm-17\"}");
            }

            body.Append("]}");
            var head = $"POST /api/v1/usage HTTP/1.1\r\nHost: {stand.Host.Address.Authority}\r\nAuthorization: Bearer {key}\r\n"
                + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
            _request = Encoding.ASCII.GetBytes(head + body);
            _ids = [.. places.Select(p => p + head.Length)];
            _again = again;
            _expected = Encoding.ASCII.GetBytes($"{{\"accepted\":{size - again},\"duplicates\":{again},\"rejected\":[]}}");
        }

        public long Accepted { get; private set; }

        public int Sent { get; private set; }

        public static async Task<Sender> ConnectAsync(
            IngestStand stand, string key, int size, int duplicates, int number, CancellationToken ct)
        {
            var sender = new Sender(stand, key, size, duplicates, number);
            await sender._socket.ConnectAsync(stand.Host.Address.Host, stand.Host.Address.Port, ct);
            return sender;
        }

        public async Task SendAsync(CancellationToken ct)
        {
            // The last ones of the batch before come first again, each as it was, as from a sender that resumes too early.
            var again = _isFirst ? 0 : _again;
            for (var i = 0; i < again; i++)
                _request.AsSpan(_ids[_ids.Length - again + i], 36).CopyTo(_request.AsSpan(_ids[i]));
            for (var i = again; i < _ids.Length; i++)
                RecordIds.Next().TryFormat(_request.AsSpan(_ids[i]), out _);
            await _socket.SendAsync(_request, ct);
            var length = 0;
            while (!_answer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8))
                length += await _socket.ReceiveAsync(_answer.AsMemory(length), ct) is > 0 and var read
                    ? read
                    : throw new InvalidOperationException("The server closed the connection.");
            var answer = _answer.AsSpan(0, length);
            if (!answer.StartsWith("HTTP/1.1 200"u8) || (again == _again && answer.IndexOf(_expected) < 0))
                throw new InvalidOperationException($"Not what was expected: {Encoding.UTF8.GetString(answer)}");
            Accepted += _ids.Length - again;
            Sent += _ids.Length;
            _isFirst = false;
        }

        public void Dispose() => _socket.Dispose();
    }
}
