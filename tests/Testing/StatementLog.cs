using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace Licensing.Testing;

/// <summary>
/// What requests ask of the database. A request's statements are those of its trace, so others may run beside it. Two requests that
/// must not be told apart by their time have the same statements here, which no clock could show as surely.
/// </summary>
public sealed class StatementLog : IDisposable
{
    private readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<string>> _traces = [];
    private readonly ActivityListener _listener;

    public StatementLog()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                // Opening a connection is no statement, and who has to is chance.
                if (_traces.TryGetValue(activity.TraceId, out var statements)
                    && (activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) is string sql)
                    statements.Enqueue(sql);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Sends a request, and tells what was asked of the database until its answer was complete.</summary>
    public async Task<(HttpResponseMessage Answer, IReadOnlyList<string> Statements)> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        var trace = ActivityTraceId.CreateRandom();
        var statements = _traces[trace] = [];
        request.Headers.TryAddWithoutValidation("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        _traces.TryRemove(trace, out _);
        return (answer, [.. statements]);
    }

    public void Dispose() => _listener.Dispose();
}
