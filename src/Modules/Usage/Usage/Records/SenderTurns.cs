namespace Licensing.Usage.Records;

/// <summary>
/// How many transactions of its own a sender's batches with an Idempotency-Key, or all or nothing, have at once: as many as all that go together
/// have, so that with them nobody goes round the line in which everybody has his turn. The others of a sender wait, before they take a connection.
/// </summary>
internal sealed class SenderTurns(UsageSettings settings)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Line> _lines = [];
    private int _waiting;

    /// <summary>How many wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <returns>To be disposed of when the transaction is over.</returns>
    public async Task<IDisposable> TakeAsync(Access sender, CancellationToken ct)
    {
        var line = Enter(sender.OrganizationId);
        Interlocked.Increment(ref _waiting);
        try
        {
            await line.Free.WaitAsync(ct);
            return new Turn(this, sender.OrganizationId, line);
        }
        catch
        {
            Leave(sender.OrganizationId, line);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private Line Enter(Guid sender)
    {
        lock (_gate)
        {
            if (!_lines.TryGetValue(sender, out var line))
                _lines[sender] = line = new Line(new SemaphoreSlim(settings.Writers));
            line.Entered++;
            return line;
        }
    }

    private void Leave(Guid sender, Line line)
    {
        lock (_gate)
        {
            if (--line.Entered > 0)
                return;
            _lines.Remove(sender);
        }

        line.Free.Dispose();
    }

    private sealed class Line(SemaphoreSlim free)
    {
        public SemaphoreSlim Free => free;

        /// <summary>Those that wait and those whose turn it is.</summary>
        public int Entered { get; set; }
    }

    private sealed class Turn(SenderTurns turns, Guid sender, Line line) : IDisposable
    {
        private bool _over;

        public void Dispose()
        {
            if (_over)
                return;
            _over = true;
            line.Free.Release();
            turns.Leave(sender, line);
        }
    }
}
