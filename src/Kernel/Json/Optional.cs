using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>A PATCH field: absent leaves the value as it is, null clears it.</summary>
public readonly record struct Optional<T>(T Value)
{
    private readonly bool _present = true;

    public bool IsPresent => _present;

    public T Or(T unchanged) => IsPresent ? Value : unchanged;
}

/// <summary>
/// Reads what is there as present; what is absent keeps the struct's default, which is not. Bind it to properties with
/// <c>init</c>, or constructor parameters with <c>= default</c>.
/// </summary>
public sealed class OptionalJsonConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Optional<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;

    private sealed class Converter<T> : JsonConverter<Optional<T>>
    {
        public override bool HandleNull => true;

        public override Optional<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return new(JsonSerializer.Deserialize<T>(ref reader, options)!);
            }
            catch (JsonException inner)
            {
                // Its path begins at this field; the serializer gives the field's own only to an exception that has none.
                throw new JsonException(inner.Message, inner);
            }
        }

        public override void Write(Utf8JsonWriter writer, Optional<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, options);
    }
}
