using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>
/// The machine's clock in whole microseconds. The database keeps no finer ones, and what is told of an instant is what is kept of it.
/// </summary>
public sealed class MicrosecondClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => Kept(base.GetUtcNow());

    /// <summary>An instant as the database gives it back: in UTC and whole microseconds.</summary>
    public static DateTimeOffset Kept(DateTimeOffset instant) => instant.ToUniversalTime().AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond));
}

/// <summary>Takes instants from bodies as they will be kept, for the same reason.</summary>
internal sealed class InstantJsonConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        MicrosecondClock.Kept(reader.GetDateTimeOffset());

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
