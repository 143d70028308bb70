using System.Text;
using System.Text.Json;

namespace Licensing.Usage.Records;

/// <summary>How records stand in a JSON body.</summary>
internal enum JsonBatch
{
    /// <summary><c>{"records":[…]}</c>.</summary>
    Object,

    /// <summary>One after the other.</summary>
    Lines,

    /// <summary>An array of CloudEvents, each with a record as its data.</summary>
    Events,
}

/// <summary>
/// Reads a batch in JSON. What is not its form is a <see cref="JsonException"/> and refuses the batch; what is wrong within one record
/// refuses that record.
/// </summary>
internal sealed class JsonRecords(JsonBatch form) : IRecordSource
{
    private const int MostDepth = 32;

    private readonly RecordReader _records = new();
    private readonly EventReader _events = new();

    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = MostDepth, AllowMultipleValues = form is JsonBatch.Lines });
    private Place _place = form is JsonBatch.Lines ? Place.Records : Place.Start;
    private bool _hadRecords;

    private enum Place { Start, Root, Records, End }

    public bool IsDone { get; private set; }

    public Refusal? Refusal { get; private set; }

    public int Read(ReadOnlyMemory<byte> body, bool whole, Drafts into)
    {
        var reader = new Utf8JsonReader(body.Span, whole, _state);
        while (!IsDone && Refusal is null && !into.IsFull)
        {
            // A step that finds too little to read is taken again from its beginning once there is more.
            var step = reader;
            if (!TryStep(ref step, body, whole, into))
                break;
            reader = step;
        }

        _state = reader.CurrentState;
        return (int)reader.BytesConsumed;
    }

    private bool TryStep(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, bool whole, Drafts into)
    {
        if (!reader.Read())
        {
            // Anything but space behind the end is an error of the reader's own.
            IsDone = whole && (_place is Place.End || form is JsonBatch.Lines);
            return IsDone ? true : !whole ? false : throw BatchBody.Malformed("The body ends too early.", "$");
        }

        switch (_place)
        {
            case Place.Start when form is JsonBatch.Object:
                if (reader.TokenType is not JsonTokenType.StartObject)
                    throw BatchBody.Malformed("The body must be an object with records.", "$");
                _place = Place.Root;
                return true;
            case Place.Start:
                if (reader.TokenType is not JsonTokenType.StartArray)
                    throw BatchBody.Malformed("The body must be an array of events.", "$");
                _place = Place.Records;
                return true;
            case Place.Root:
                return TryRoot(ref reader);
            case Place.Records when form is not JsonBatch.Lines && reader.TokenType is JsonTokenType.EndArray:
                _place = form is JsonBatch.Object ? Place.Root : Place.End;
                return true;
            case Place.Records:
                return TryRecord(ref reader, body, into);
            default:
                throw BatchBody.Malformed("The body goes on behind its end.", "$");
        }
    }

    private bool TryRoot(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.EndObject)
        {
            if (!_hadRecords)
                throw BatchBody.Malformed("Required properties are missing: 'records'.", "$");
            _place = Place.End;
            return true;
        }

        if (RecordReader.Text(ref reader) is var name and not "records")
            throw BatchBody.Malformed($"Unknown property {name}.", "$");
        if (_hadRecords)
            throw BatchBody.Malformed("records is given twice.", "$.records");
        if (!reader.Read())
            return false;
        if (reader.TokenType is not JsonTokenType.StartArray)
            throw BatchBody.Malformed("records must be an array.", "$.records");
        (_hadRecords, _place) = (true, Place.Records);
        return true;
    }

    private bool TryRecord(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, Drafts into)
    {
        if (into.IsAtLimit)
        {
            Refusal = BatchRefusals.TooManyRecords;
            return true;
        }

        var record = into.Next();
        var read = form is JsonBatch.Events ? _events.TryRead(ref reader, body, record, _records) : _records.TryRead(ref reader, body, record);
        if (read)
            into.Take();
        return read;
    }
}

/// <summary>
/// Reads a CloudEvent whose data is a record. Source and id together name an event, so together they are the record's id. What the
/// data leaves out the envelope says: time the start, type the meter, subject the subscription or the tenant's external id.
/// </summary>
internal sealed class EventReader
{
    private static readonly string[] Members = ["source", "id", "type", "subject", "time", "specversion", "datacontenttype", "data"];

    private ReadOnlyMemory<byte> _source, _id, _type, _subject, _time, _version, _content;

    public bool TryRead(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, RecordDraft record, RecordReader records)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            record.Refuse(RecordRefusals.NotAnObject);
            return reader.TrySkip();
        }

        _source = _id = _type = _subject = _time = _version = _content = default;
        var (hasData, seen) = (false, 0);
        while (true)
        {
            if (!reader.Read())
                return false;
            if (reader.TokenType is JsonTokenType.EndObject)
                break;
            var name = RecordReader.Text(ref reader);
            // Whatever else there is are extensions, which anybody may add.
            var member = Array.IndexOf(Members, name);
            var again = member >= 0 && (seen & (1 << member)) != 0;
            if (again)
                record.Refuse(RecordRefusals.DuplicateProperty(name));
            if (member >= 0)
                seen |= 1 << member;
            if (!reader.Read())
                return false;
            if (name == "data" && !again)
            {
                hasData = true;
                if (!records.TryRead(ref reader, body, record))
                    return false;
            }
            else
            {
                if (reader.TokenType is JsonTokenType.String && !again)
                    Keep(name, RecordReader.Bytes(ref reader, body));
                if (!reader.TrySkip())
                    return false;
            }
        }

        if (!_version.Span.SequenceEqual("1.0"u8) || !hasData || _source.IsEmpty || _id.IsEmpty
            || !(_content.IsEmpty || _content.Span.StartsWith("application/json"u8)))
            record.Refuse(RecordRefusals.NotAnEvent);
        else
            Complete(record);
        return true;
    }

    private void Keep(string name, ReadOnlyMemory<byte> text)
    {
        switch (name)
        {
            case "source": _source = text; break;
            case "id": _id = text; break;
            case "type": _type = text; break;
            case "subject": _subject = text; break;
            case "time": _time = text; break;
            case "specversion": _version = text; break;
            case "datacontenttype": _content = text; break;
        }
    }

    private void Complete(RecordDraft record)
    {
        if (!record.Id.IsEmpty)
            record.Refuse(RecordRefusals.IdInData);
        // No source has a space in it, so no two events have one id.
        if (_source.Span.Contains((byte)' '))
            record.Refuse(RecordRefusals.NotAnEvent);
        record.Id = RecordFields.Text(record, "id", (byte[])[.. _source.Span, (byte)' ', .. _id.Span], RecordFields.LongestId);
        if (record.Meter.IsEmpty && !_type.IsEmpty)
            record.Meter = RecordFields.Text(record, "meter", _type);
        if (record.Start is null && !_time.IsEmpty)
            record.Start = RecordFields.Time(record, "start", _time.Span);
        if (record.SubscriptionId is not null || !record.TenantExternalId.IsEmpty || _subject.IsEmpty)
            return;
        if (Guid.TryParseExact(Encoding.UTF8.GetString(_subject.Span), "D", out var subscription))
            record.SubscriptionId = subscription;
        else
            record.TenantExternalId = RecordFields.Text(record, "tenantExternalId", _subject);
    }
}
