using System.Buffers;

namespace Licensing.Usage.Records;

/// <summary>One of the forms in which a batch may come.</summary>
internal interface IRecordSource
{
    /// <summary>Reads records into <paramref name="into"/> until it is full or the rest of one has not come yet.</summary>
    /// <param name="body">What came and is not read yet.</param>
    /// <param name="whole">Whether nothing comes after it.</param>
    /// <param name="into">Takes them.</param>
    /// <returns>How much of it was read.</returns>
    int Read(ReadOnlyMemory<byte> body, bool whole, Drafts into);

    /// <summary>Whether the batch was read to its end.</summary>
    bool IsDone { get; }

    /// <summary>What is to be answered although nothing is wrong with the syntax, or null.</summary>
    Refusal? Refusal { get; }
}

internal static class RecordSources
{
    public static IReadOnlyList<string> MediaTypes { get; } =
        ["application/json", "application/x-ndjson", "application/cloudevents-batch+json", "text/csv"];

    /// <summary>For the media type of a Content-Type header; null for one that is not taken.</summary>
    public static IRecordSource? For(string? contentType) =>
        (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant() switch
        {
            "application/json" => new JsonRecords(JsonBatch.Object),
            "application/x-ndjson" => new JsonRecords(JsonBatch.Lines),
            "application/cloudevents-batch+json" => new JsonRecords(JsonBatch.Events),
            "text/csv" => new CsvRecords(),
            _ => null,
        };
}

/// <summary>A few records at a time, in objects that are used again.</summary>
internal sealed class Drafts : IDisposable
{
    private const int AtOnce = 256;
    private readonly RecordDraft[] _drafts = ArrayPool<RecordDraft>.Shared.Rent(AtOnce);

    /// <summary>How many there were before these.</summary>
    public int Before { get; private set; }

    public int Count { get; private set; }

    public bool IsFull => Count == AtOnce;

    /// <summary>Whether no further record may come.</summary>
    public bool IsAtLimit => Before + Count == IngestUsage.MostRecords;

    public ReadOnlySpan<RecordDraft> All => _drafts.AsSpan(0, Count);

    public ReadOnlyMemory<RecordDraft> Memory => _drafts.AsMemory(0, Count);

    /// <summary>The next one, which counts only once it was <see cref="Take"/>n.</summary>
    public RecordDraft Next() => (_drafts[Count] ??= new RecordDraft()).Begin(Before + Count);

    public void Take() => Count++;

    public void Clear() => (Before, Count) = (Before + Count, 0);

    // The objects stay in the array for the next one; of the body they point to nothing that would be read again.
    public void Dispose() => ArrayPool<RecordDraft>.Shared.Return(_drafts);
}
