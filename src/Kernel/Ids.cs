using System.Text.Json;
using System.Text.Json.Serialization;

namespace Licensing.Kernel;

/// <summary>
/// Makes a one-line record struct usable as a JSON value and a column. Routes still take <see cref="Guid"/>:
/// minimal APIs accept an inherited TryParse at compile time and then refuse it at start-up.
/// </summary>
public interface IId<TSelf> where TSelf : struct, IId<TSelf>
{
    Guid Value { get; init; }
}

public static class Id
{
    /// <summary>A new UUID v7: its order is the order of <paramref name="now"/>, so keys stay local in an index.</summary>
    public static TId New<TId>(DateTimeOffset now) where TId : struct, IId<TId> => new() { Value = NewGuid(now) };

#pragma warning disable RS0030 // The one place that makes ids.
    /// <summary>A new UUID v7 for a row that no other module names.</summary>
    public static Guid NewGuid(DateTimeOffset now) => Guid.CreateVersion7(now);
#pragma warning restore RS0030
}

/// <summary>Writes every <see cref="IId{TSelf}"/> as a plain UUID string.</summary>
public sealed class IdJsonConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsValueType && typeToConvert.GetInterfaces().Any(i =>
        i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IId<>));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<TId> : JsonConverter<TId> where TId : struct, IId<TId>
    {
        public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new() { Value = reader.GetGuid() };

        public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Value);
    }
}
