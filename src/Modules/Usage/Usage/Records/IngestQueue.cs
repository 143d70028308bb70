using System.Diagnostics;

namespace Licensing.Usage.Records;

/// <summary>A batch that waits to be stored.</summary>
/// <param name="Batch">Its rows.</param>
/// <param name="By">Who sent it.</param>
/// <param name="Trace">The request it came in.</param>
internal sealed record WaitingBatch(RecordBatch Batch, Access By, string? Trace)
{
    private readonly TaskCompletionSource<Refusal?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why it is not known to be stored, or null.</summary>
    public Task<Refusal?> Answer => _answer.Task;

    public void Stored() => _answer.TrySetResult(null);

    public void Refused(Refusal refusal) => _answer.TrySetResult(refusal);

    public void Failed(Exception failure) => _answer.TrySetException(failure);
}

/// <summary>
/// Batches of all senders that go into one transaction. Nobody waits for company: what comes while others are being stored goes next,
/// one batch of each sender in turn, so that many of one are not before the one of another. A sender is an organisation: whoever makes
/// himself more keys has no more turns.
/// </summary>
internal sealed class IngestQueue
{
    private readonly RecordWriter _writer;
    private readonly UsageSettings _settings;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Queue<WaitingBatch>> _lines = [];
    private readonly Queue<Guid> _turns = new();
    private int _working;

    public IngestQueue(RecordWriter writer, UsageMeter meter, UsageSettings settings)
    {
        (_writer, _settings) = (writer, settings);
        meter.Watch(() => Waiting);
    }

    /// <summary>How many batches are not being stored yet.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _lines.Values.Sum(line => line.Count);
        }
    }

    /// <summary>Answers once the batch is stored, with the fate of each of its records, or once it is known not to be.</summary>
    /// <remarks>Is not given up: the batch's memory is the writer's until then.</remarks>
    public Task<Refusal?> StoreAsync(RecordBatch batch, Access by)
    {
        var waiting = new WaitingBatch(batch, by, Activity.Current?.TraceId.ToString());
        lock (_gate)
        {
            if (!_lines.TryGetValue(by.OrganizationId, out var line))
            {
                _lines[by.OrganizationId] = line = new();
                _turns.Enqueue(by.OrganizationId);
            }

            line.Enqueue(waiting);
            if (_working == _settings.Writers)
                return waiting.Answer;
            _working++;
        }

        // On nobody's time: neither its caller's log scope nor its trace is that of the others.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(StoreAllAsync, CancellationToken.None);
        return waiting.Answer;
    }

    private async Task StoreAllAsync()
    {
        while (Next() is { Count: > 0 } next)
            await _writer.StoreAsync(next);
    }

    private List<WaitingBatch> Next()
    {
        lock (_gate)
        {
            var next = new List<WaitingBatch>();
            for (var records = 0; records < _settings.RecordsTogether && _turns.TryDequeue(out var sender);)
            {
                var line = _lines[sender];
                var one = line.Dequeue();
                records += one.Batch.Count;
                next.Add(one);
                if (line.Count > 0)
                    _turns.Enqueue(sender);
                else
                    _lines.Remove(sender);
            }

            if (next.Count == 0)
                _working--;
            return next;
        }
    }
}
