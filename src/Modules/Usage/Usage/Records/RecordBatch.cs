using System.Buffers;
using System.Text;
using Licensing.Usage.Data;

namespace Licensing.Usage.Records;

internal enum RecordFate : byte { Unknown, Stored, Duplicate, Conflict }

/// <summary>A record that may be stored: what it is recognised by, and where its row lies in its batch.</summary>
internal struct RecordEntry
{
    public UInt128 Key;
    public UInt128 Tenant;
    public UInt128 Hash;
    public int Index;
    public int Day;
    public int RowAt;
    public int RowLength;
    public int IdAt;
    public int IdLength;
    public RecordFate Fate;
}

/// <summary>What was read of one request: rows ready to be stored, and what was refused.</summary>
internal sealed class RecordBatch : IDisposable
{
    private const int FirstRows = 64 * 1024;
    private const int FirstEntries = 256;

    // What is said of a refused record, at most, beside its id: longer reasons are those of a meter, which all of its records share.
    private const int OneRefused = 384;

    private RecordEntry[] _entries = ArrayPool<RecordEntry>.Shared.Rent(FirstEntries);
    private readonly List<(RejectedRecord, string)> _refused = [];
    private byte[] _rows = ArrayPool<byte>.Shared.Rent(FirstRows);
    private int _length;
    private int _refusedBytes;

    public RecordBatch(DateTimeOffset receivedAt)
    {
        (ReceivedAt, Id) = (receivedAt, Licensing.Kernel.Id.NewGuid(receivedAt));
        Key = Uuids.NumberOf(Id);
    }

    public DateTimeOffset ReceivedAt { get; }

    /// <summary>Ordered by time, so that what is rolled up by batch and what is listed newest first lies together.</summary>
    public Guid Id { get; }

    public UInt128 Key { get; }

    /// <summary>How many records there were, whatever becomes of them.</summary>
    public int Records { get; set; }

    /// <summary>With the field at fault; in the order in which they were sent.</summary>
    public IReadOnlyList<(RejectedRecord Record, string Field)> Rejected { get; private set; } = [];

    public Span<RecordEntry> Entries => _entries.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>What is answered, once it is settled.</summary>
    public UsageBatchView? View { get; set; }

    /// <summary>How much memory it holds.</summary>
    public int Held => _rows.Length + _entries.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<RecordEntry>() + _refusedBytes;

    /// <summary>The rows of what is to be stored, as few pieces as may be.</summary>
    public void StoredRows(List<ReadOnlyMemory<byte>> into)
    {
        var (from, until) = (0, 0);
        foreach (ref readonly var entry in Entries)
        {
            if (entry.Fate is RecordFate.Stored && entry.RowAt != until)
            {
                Add(into, from, until);
                from = entry.RowAt;
            }

            if (entry.Fate is RecordFate.Stored)
                until = entry.RowAt + entry.RowLength;
        }

        Add(into, from, until);
    }

    private void Add(List<ReadOnlyMemory<byte>> into, int from, int until)
    {
        if (until > from)
            into.Add(_rows.AsMemory(from, until - from));
    }

    /// <summary>The days of tenants that gain records, and how many.</summary>
    public IReadOnlyDictionary<(UInt128 Tenant, int Day), int> StoredDays()
    {
        var days = new Dictionary<(UInt128, int), int>();
        // Records of one day mostly come one after the other.
        ((UInt128, int) Day, int Records) same = default;
        foreach (ref readonly var entry in Entries)
            if (entry.Fate is RecordFate.Stored)
            {
                if (same.Day != (entry.Tenant, entry.Day))
                {
                    Add(days, same);
                    same = ((entry.Tenant, entry.Day), 0);
                }

                same.Records++;
            }

        Add(days, same);
        return days;
    }

    private static void Add(Dictionary<(UInt128, int), int> days, ((UInt128, int) Day, int Records) more)
    {
        if (more.Records > 0)
            days[more.Day] = days.GetValueOrDefault(more.Day) + more.Records;
    }

    public void Add(RecordDraft record, ArrayBufferWriter<byte> scratch)
    {
        Grow(ref _rows, _length, RecordRow.MostLength(record));
        Grow(ref _entries, Count, 1);
        ref var entry = ref _entries[Count++];
        entry.Key = RecordKey.Of(record.Id.Span);
        entry.Tenant = record.Target!.Tenant;
        entry.Hash = RecordContent.HashOf(record, record.Target, scratch);
        (entry.Index, entry.Day, entry.Fate) = (record.Index, record.Day.DayNumber, RecordFate.Unknown);
        entry.RowLength = RecordRow.Write(record, Key, ReceivedAt, _rows.AsSpan(_length), out var idAt);
        (entry.RowAt, entry.IdAt, entry.IdLength) = (_length, _length + idAt, record.Id.Length);
        _length += entry.RowLength;
    }

    public void Reject(RecordDraft record)
    {
        _refused.Add(Rejection(record.Index, record.Id.IsEmpty ? null : Encoding.UTF8.GetString(record.Id.Span), record.Refusal!));
        _refusedBytes += OneRefused + sizeof(char) * record.Id.Length;
    }

    /// <summary>Rejects those whose id was taken before with other content, and counts what was stored.</summary>
    public (int Stored, int Conflicts) Settle()
    {
        var stored = 0;
        // Anew each time: a batch whose transaction failed is stored in another.
        var rejected = new List<(RejectedRecord Record, string Field)>(_refused);
        foreach (ref readonly var entry in Entries)
            if (entry.Fate is RecordFate.Stored)
            {
                stored++;
            }
            else if (entry.Fate is RecordFate.Conflict)
            {
                rejected.Add(Rejection(entry.Index, Encoding.UTF8.GetString(_rows, entry.IdAt, entry.IdLength), RecordRefusals.IdConflict));
            }

        if (rejected.Count > _refused.Count)
            rejected.Sort(static (a, b) => a.Record.Index.CompareTo(b.Record.Index));
        Rejected = rejected;
        return (stored, rejected.Count - _refused.Count);
    }

    private static (RejectedRecord, string) Rejection(int index, string? id, RecordRefusal refusal) =>
        (new RejectedRecord(index, id, refusal.Code, refusal.Message), refusal.Field);

    private static void Grow<T>(ref T[] array, int used, int more)
    {
        if (used + more <= array.Length)
            return;
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(used + more, array.Length * 2));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    public void Dispose()
    {
        ArrayPool<RecordEntry>.Shared.Return(_entries);
        ArrayPool<byte>.Shared.Return(_rows);
    }
}
