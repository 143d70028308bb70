using System.Collections.Concurrent;

namespace Licensing.Kernel.Messaging;

/// <summary>Wakes this process's relay at once after a commit; the notifier tells the other processes.</summary>
public sealed class MessageWaker
{
    private readonly ConcurrentDictionary<string, Signal> _relays = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _unsent = new(StringComparer.Ordinal);
    private readonly Signal _notifier = new();

    /// <summary>Something in <paramref name="schema"/>'s outbox is due, and only this process knows.</summary>
    public void Wake(string schema)
    {
        WakeHere(schema);
        _unsent.TryAdd(schema, 0);
        _notifier.Raise();
    }

    /// <summary>Something is due, and the process that told it has told the others too.</summary>
    internal void WakeHere(string schema) => Relay(schema).Raise();

    internal Signal Relay(string schema) => _relays.GetOrAdd(schema, static _ => new Signal());

    /// <summary>Waits until there is something to tell the other processes, and takes it.</summary>
    internal async Task<string[]> TakeUnsentAsync(TimeProvider clock, CancellationToken ct)
    {
        await _notifier.WaitAsync(Timeout.InfiniteTimeSpan, clock, ct);
        return [.. _unsent.Keys.Where(schema => _unsent.TryRemove(schema, out _))];
    }
}

/// <summary>Remembers that it was raised until one waiter has seen it; raising twice is raising once.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _raised = New();

    public void Raise() => Volatile.Read(ref _raised).TrySetResult();

    public async Task WaitAsync(TimeSpan timeout, TimeProvider clock, CancellationToken ct)
    {
        try
        {
            await Volatile.Read(ref _raised).Task.WaitAsync(timeout, clock, ct);
        }
        catch (TimeoutException)
        {
        }

        // Lowered before the caller looks for work: what is raised while he works wakes him again.
        Interlocked.Exchange(ref _raised, New());
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
