using System.Text;
using System.Text.Unicode;

namespace Licensing.Usage.Records;

/// <summary>
/// Reads a batch in CSV (RFC 4180) with a header of a record's fields; <c>dimensions.&lt;key&gt;</c> is a dimension, always a text. An empty
/// cell is a field that is not given.
/// </summary>
internal sealed class CsvRecords : IRecordSource
{
    private const string DimensionPrefix = "dimensions.";

    // Of a row; records have few dimensions each, and not all the same ones. Without a bound a body of commas is all cells.
    private const int MostCells = 512;

    private static readonly Action<RecordDraft, ReadOnlyMemory<byte>>[] Takes =
    [
        (r, t) => r.Id = RecordFields.Text(r, "id", t, RecordFields.LongestId),
        RecordFields.Subscription,
        (r, t) => r.TenantExternalId = RecordFields.Text(r, "tenantExternalId", t),
        (r, t) => r.Sku = RecordFields.Text(r, "sku", t),
        (r, t) => r.Meter = RecordFields.Text(r, "meter", t),
        (r, t) => r.Quantity = RecordFields.Quantity(r, t),
        (r, t) => r.Start = RecordFields.Time(r, "start", t.Span),
        (r, t) => r.End = RecordFields.Time(r, "end", t.Span),
        (r, t) => r.Region = RecordFields.Text(r, "region", t),
        (r, t) => r.ResourceId = RecordFields.Text(r, "resourceId", t),
    ];

    private static readonly string[] Names =
        ["id", "subscriptionId", "tenantExternalId", "sku", "meter", "quantity", "start", "end", "region", "resourceId"];

    private readonly List<ReadOnlyMemory<byte>> _cells = [];
    private List<(Action<RecordDraft, ReadOnlyMemory<byte>>? Take, string Dimension)>? _columns;
    private bool _hasDimensions;

    public bool IsDone { get; private set; }

    public Refusal? Refusal { get; private set; }

    public int Read(ReadOnlyMemory<byte> body, bool whole, Drafts into)
    {
        var read = 0;
        while (!into.IsFull && Refusal is null)
        {
            if (read == body.Length && whole)
            {
                IsDone = true;
                Refusal = _columns is null ? BatchRefusals.InvalidCsv("there is no header") : null;
                break;
            }

            if (!TryRow(body[read..], whole, out var length))
                break;
            read += length;
            // A line with nothing on it is no row.
            if (_cells is [{ IsEmpty: true }])
                continue;
            if (_columns is null)
                Refusal = ReadHeader();
            else if (into.IsAtLimit)
                Refusal = BatchRefusals.TooManyRecords;
            else
                Take(into);
        }

        return read;
    }

    private Refusal? ReadHeader()
    {
        _columns = [];
        foreach (var cell in _cells)
        {
            var name = TextOf(cell);
            var field = Array.IndexOf(Names, name);
            var dimension = name.StartsWith(DimensionPrefix, StringComparison.Ordinal) ? name[DimensionPrefix.Length..] : "";
            if (field < 0 && dimension.Length is 0 or > RecordFields.LongestDimensionKey)
                return BatchRefusals.InvalidCsv($"{(name.Length <= 64 ? name : name[..64] + "…")} is not a column");
            var column = (field < 0 ? null : Takes[field], dimension);
            if (_columns.Contains(column))
                return BatchRefusals.InvalidCsv($"{name} is there twice");
            _columns.Add(column);
            _hasDimensions |= field < 0;
        }

        return null;
    }

    private void Take(Drafts into)
    {
        var record = into.Next();
        if (_cells.Count > _columns!.Count)
            record.Refuse(RecordRefusals.TooManyCells);
        else
            Fill(record);
        into.Take();
    }

    private void Fill(RecordDraft record)
    {
        var dimensions = _hasDimensions ? new SortedDictionary<string, string>(StringComparer.Ordinal) : null;
        for (var i = 0; i < _cells.Count; i++)
        {
            if (_cells[i].IsEmpty)
                continue;
            if (_columns![i].Take is { } take)
                take(record, _cells[i]);
            else if (RecordFields.Add(dimensions!, _columns[i].Dimension, RecordFields.DimensionText(TextOf(_cells[i]))) is { } broken)
                record.Refuse(RecordRefusals.InvalidDimensions(broken));
        }

        if (dimensions is not null)
            record.Dimensions = RecordFields.Json(dimensions);
    }

    private static string TextOf(ReadOnlyMemory<byte> cell) =>
        Utf8.IsValid(cell.Span) ? Encoding.UTF8.GetString(cell.Span) : throw BatchBody.NotText();

    /// <returns>False where the rest of the row is still to come; the length is with its line break.</returns>
    private bool TryRow(ReadOnlyMemory<byte> body, bool whole, out int length)
    {
        _cells.Clear();
        length = 0;
        while (true)
        {
            if (!TryCell(body[length..], whole, out var cell, out var used))
                return false;
            if (_cells.Count == MostCells)
            {
                Refusal = BatchRefusals.InvalidCsv($"a row has more than {MostCells} cells");
                return false;
            }

            _cells.Add(cell);
            length += used;
            if (length == body.Length)
                return whole;
            var end = body.Span[length++];
            if (end == ',')
                continue;
            if (end == '\r')
            {
                if (length == body.Length && !whole)
                    return false;
                if (length < body.Length && body.Span[length] == '\n')
                    length++;
            }

            return true;
        }
    }

    private bool TryCell(ReadOnlyMemory<byte> body, bool whole, out ReadOnlyMemory<byte> cell, out int used)
    {
        if (body.Span is [(byte)'"', ..])
            return TryQuoted(body, whole, out cell, out used);
        used = body.Span.IndexOfAny((byte)',', (byte)'\r', (byte)'\n');
        if (used < 0)
            used = body.Length;
        cell = body[..used];
        return true;
    }

    private bool TryQuoted(ReadOnlyMemory<byte> body, bool whole, out ReadOnlyMemory<byte> cell, out int used)
    {
        var doubled = false;
        for (used = 1; ; used += 2, doubled = true)
        {
            var quote = body.Span[used..].IndexOf((byte)'"');
            used += quote;
            // The quote may be the first of two of which the second has not come yet.
            if (quote < 0 || (used + 1 == body.Length && !whole))
            {
                if (whole)
                    Refusal = BatchRefusals.InvalidCsv("a quote is not closed");
                cell = default;
                return false;
            }

            if (used + 1 == body.Length || body.Span[used + 1] != '"')
                break;
        }

        cell = body[1..used++];
        if (doubled)
            cell = Encoding.UTF8.GetBytes(TextOf(cell).Replace("\"\"", "\"", StringComparison.Ordinal));
        if (used < body.Length && body.Span[used] is not ((byte)',' or (byte)'\r' or (byte)'\n'))
            Refusal = BatchRefusals.InvalidCsv("text stands behind a closed quote");
        return Refusal is null;
    }
}
