using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>A decimal that travels as a JSON number, without the zeros that a column's scale leaves at the end.</summary>
internal sealed class PlainDecimalJsonConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value / 1.0000000000000000000000000000m);
}
