namespace Licensing.Kernel;

/// <summary>
/// Work of which several pieces cost hardly more than one. Nobody waits for company: a piece that comes alone is done at once, and those
/// that come while others are being done are done together next.
/// </summary>
/// <param name="most">How many together.</param>
/// <param name="work">Does them all; answers in their order. What it throws all of them are told.</param>
/// <param name="atOnce">How many times at the same time: while the database works for one, the process can for another.</param>
public sealed class Gathered<TItem, TResult>(int most, Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> work, int atOnce = 1)
{
    private readonly Lock _gate = new();
    private readonly Queue<(TItem Item, TaskCompletionSource<TResult> Result)> _waiting = new();
    private int _working;

    /// <param name="item">One piece.</param>
    /// <param name="ct">Stops the waiting, not the work: one who hangs up leaves the others their answers.</param>
    public Task<TResult> DoAsync(TItem item, CancellationToken ct)
    {
        var result = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((item, result));
            // More than once at a time only for as many as may be: the fewer go together the more each costs.
            if (_working == atOnce || (_working > 0 && _waiting.Count < most))
                return result.Task.WaitAsync(ct);
            _working++;
        }

        // On nobody's time: neither its caller's log scope nor its trace is that of the others.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(DoAllAsync, CancellationToken.None);
        return result.Task.WaitAsync(ct);
    }

    private async Task DoAllAsync()
    {
        while (await NextAsync() is { Count: > 0 } next)
            try
            {
                var results = await work([.. next.Select(n => n.Item)]);
                for (var i = 0; i < next.Count; i++)
                    next[i].Result.SetResult(results[i]);
            }
            catch (Exception failure)
            {
                foreach (var (_, result) in next)
                    result.TrySetException(failure);
            }
    }

    private async Task<List<(TItem Item, TaskCompletionSource<TResult> Result)>> NextAsync()
    {
        // Behind what the process has begun already: those who are at the door come along.
        await Task.Yield();
        lock (_gate)
        {
            var next = new List<(TItem, TaskCompletionSource<TResult>)>(Math.Min(most, _waiting.Count));
            while (next.Count < most && _waiting.TryDequeue(out var one))
                next.Add(one);
            if (next.Count == 0)
                _working--;
            return next;
        }
    }
}
