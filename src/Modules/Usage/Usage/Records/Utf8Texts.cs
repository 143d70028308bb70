using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Licensing.Catalog.Contracts;

namespace Licensing.Usage.Records;

/// <summary>Finds what is kept under a text by the bytes of that text as they came.</summary>
internal sealed class Utf8Texts<T>
{
    private readonly Dictionary<byte[], T> _byText = new(ByBytes.Instance);

    public int Count => _byText.Count;

    public bool TryGet(ReadOnlySpan<byte> text, [MaybeNullWhen(false)] out T value) =>
        _byText.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(text, out value);

    public void Add(ReadOnlySpan<byte> text, T value) => _byText[text.ToArray()] = value;

    private sealed class ByBytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static ByBytes Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // Seeded by process, so that nobody can choose texts that collide.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

/// <summary>A meter with what is said of records that do not keep to it: once for all of them, since a batch may have many.</summary>
internal sealed class KnownMeter(MeterRef meter)
{
    public MeterAggregation Aggregation => meter.Aggregation;

    public RecordRefusal UndeclaredDimension { get; } = RecordRefusals.UndeclaredDimension(meter.Dimensions);

    /// <summary>Whether a record's dimensions are among those that its meter declares; one that declares none takes any.</summary>
    /// <param name="dimensions">A JSON object of texts, read before.</param>
    public bool Takes(ReadOnlySpan<byte> dimensions)
    {
        if (meter.Dimensions.Count == 0 || dimensions.IsEmpty)
            return true;
        var reader = new Utf8JsonReader(dimensions);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.PropertyName && !Declares(ref reader))
                return false;
        return true;
    }

    private bool Declares(ref Utf8JsonReader key)
    {
        for (var i = 0; i < meter.Dimensions.Count; i++)
            if (key.ValueTextEquals(meter.Dimensions[i]))
                return true;
        return false;
    }
}

/// <summary>The meters as they were when they were asked for.</summary>
internal sealed class Meters
{
    private readonly Utf8Texts<KnownMeter> _byKey = new();

    public Meters(IEnumerable<MeterRef> meters)
    {
        foreach (var meter in meters)
            _byKey.Add(System.Text.Encoding.UTF8.GetBytes(meter.Key), new(meter));
    }

    public KnownMeter? Find(ReadOnlySpan<byte> key) => _byKey.TryGet(key, out var meter) ? meter : null;
}
