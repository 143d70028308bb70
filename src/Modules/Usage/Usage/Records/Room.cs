namespace Licensing.Usage.Records;

/// <summary>
/// How much memory requests that are read or wait may hold, all of them and those of one sender, which is an organisation. Nobody may hold more
/// than he leaves free: each who sends all he can leaves half of what he found, so that whoever comes next still finds room (ADR 0052).
/// </summary>
internal sealed class Rooms(UsageSettings settings)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, long> _bySender = [];
    private long _held;

    /// <summary>Bytes held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    public Room Of(Access sender) => new(this, sender.OrganizationId);

    internal Refusal? Take(Guid sender, long bytes)
    {
        lock (_gate)
        {
            var own = _bySender.GetValueOrDefault(sender) + bytes;
            // Who is alone in having too much is told so, whoever else waits.
            if (own > settings.WaitingBytesOfOne)
                return BatchRefusals.ShareTaken;
            // So nobody is the one that fills it.
            if (own > settings.WaitingBytes - _held - bytes)
                return BatchRefusals.Busy;
            _bySender[sender] = own;
            _held += bytes;
            return null;
        }
    }

    internal void Give(Guid sender, long bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            if ((_bySender[sender] -= bytes) == 0)
                _bySender.Remove(sender);
        }
    }
}

/// <summary>What one request holds, until it is answered.</summary>
internal sealed class Room(Rooms rooms, Guid sender) : IDisposable
{
    private long _held;

    /// <summary>Takes so much that it is <paramref name="bytes"/> in all; why it may not, or null.</summary>
    public Refusal? Refuses(long bytes)
    {
        if (bytes <= _held)
            return null;
        if (rooms.Take(sender, bytes - _held) is { } refusal)
            return refusal;
        _held = bytes;
        return null;
    }

    public void Dispose()
    {
        if (_held > 0)
            rooms.Give(sender, _held);
        _held = 0;
    }
}
