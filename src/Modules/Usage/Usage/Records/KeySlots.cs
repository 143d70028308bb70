using System.Buffers;
using Licensing.Usage.Data;

namespace Licensing.Usage.Records;

/// <summary>Where a record of one of several batches is, in the order of its key.</summary>
internal readonly record struct KeySlot(UInt128 Key, UInt128 Tenant, int Batch, int Entry) : IComparable<KeySlot>
{
    // One order for everybody. Of several with one key the first to come is the one to store, as it would be in batches of one.
    public int CompareTo(KeySlot other) =>
        Key != other.Key ? Key < other.Key ? -1 : 1
        : Tenant != other.Tenant ? Tenant < other.Tenant ? -1 : 1
        : Batch != other.Batch ? Batch - other.Batch : Entry - other.Entry;

    public bool IsSame(in KeySlot other) => Key == other.Key && Tenant == other.Tenant;
}

/// <summary>The records of several batches ordered by key, and what is known of each key.</summary>
internal sealed class KeySlots : IDisposable
{
    private readonly IReadOnlyList<RecordBatch> _batches;
    private readonly KeySlot[] _slots;
    private readonly KeySlot[] _open;
    private readonly Dictionary<(UInt128 Key, UInt128 Tenant), UInt128> _taken = [];

    public KeySlots(IReadOnlyList<RecordBatch> batches)
    {
        _batches = batches;
        Count = batches.Sum(b => b.Count);
        _slots = ArrayPool<KeySlot>.Shared.Rent(Count);
        _open = ArrayPool<KeySlot>.Shared.Rent(Count);
        var at = 0;
        for (var batch = 0; batch < batches.Count; batch++)
        {
            var entries = batches[batch].Entries;
            for (var entry = 0; entry < entries.Length; entry++)
            {
                entries[entry].Fate = RecordFate.Unknown;
                _slots[at++] = new(entries[entry].Key, entries[entry].Tenant, batch, entry);
            }
        }

        _slots.AsSpan(0, Count).Sort();
    }

    public int Count { get; }

    /// <summary>The first of each key, without those whose key is known to be taken or stored.</summary>
    /// <remarks>What was answered before is no longer valid.</remarks>
    public ArraySegment<KeySlot> Open()
    {
        // Not a list: one of a few thousand is a large object, and each transaction would make one.
        var count = 0;
        for (var i = 0; i < Count; i++)
            if ((i == 0 || !_slots[i].IsSame(_slots[i - 1])) && EntryOf(_slots[i]).Fate is RecordFate.Unknown
                && (_taken.Count == 0 || !_taken.ContainsKey((_slots[i].Key, _slots[i].Tenant))))
                _open[count++] = _slots[i];
        return new(_open, 0, count);
    }

    public ref RecordEntry EntryOf(in KeySlot slot) => ref _batches[slot.Batch].Entries[slot.Entry];

    public RecordBatch BatchOf(in KeySlot slot) => _batches[slot.Batch];

    public void Stored(in KeySlot slot) => EntryOf(slot).Fate = RecordFate.Stored;

    /// <param name="slot">One of the key.</param>
    /// <param name="hash">Of what was stored under it before.</param>
    public void Taken(in KeySlot slot, Guid hash) => _taken[(slot.Key, slot.Tenant)] = Uuids.NumberOf(hash);

    /// <summary>Says of those that were not stored whether they are what is.</summary>
    public void Judge()
    {
        UInt128 hash = default;
        for (var i = 0; i < Count; i++)
        {
            ref var entry = ref EntryOf(_slots[i]);
            if (i == 0 || !_slots[i].IsSame(_slots[i - 1]))
                hash = entry.Fate is RecordFate.Stored ? entry.Hash : _taken[(entry.Key, entry.Tenant)];
            if (entry.Fate is not RecordFate.Stored)
                entry.Fate = entry.Hash == hash ? RecordFate.Duplicate : RecordFate.Conflict;
        }
    }

    public void Dispose()
    {
        ArrayPool<KeySlot>.Shared.Return(_slots);
        ArrayPool<KeySlot>.Shared.Return(_open);
    }
}
