using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Licensing.Kernel;

/// <summary>
/// Refuses null inside lists and dictionaries, which the serializer lets through whatever the element's annotation says. No request
/// has a list in which null means something.
/// </summary>
internal static class NoNullElements
{
    public static void Refuse(JsonTypeInfo type)
    {
        if (type.Kind is JsonTypeInfoKind.Enumerable && IsReference(ElementOf(type.Type, typeof(IEnumerable<>), 0)))
            type.OnDeserialized = list => Check((IEnumerable)list);
        else if (type.Kind is JsonTypeInfoKind.Dictionary
            && IsReference(ElementOf(type.Type, typeof(IReadOnlyDictionary<,>), 1) ?? ElementOf(type.Type, typeof(IDictionary<,>), 1)))
            type.OnDeserialized = dictionary => Check((IDictionary)dictionary);
    }

    private static void Check(IEnumerable list)
    {
        var (count, missing) = (0, -1);
        foreach (var element in list)
        {
            if (element is null && missing < 0)
                missing = count;
            count++;
        }

        if (missing >= 0)
            throw new NullElementException(missing.ToString(), count);
    }

    private static void Check(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary)
            if (entry.Value is null)
                throw new NullElementException(entry.Key.ToString()!, dictionary.Count);
    }

    private static bool IsReference(Type? element) => element is { IsValueType: false };

    private static Type? ElementOf(Type type, Type contract, int argument) => type.GetInterfaces().Append(type)
        .FirstOrDefault(t => t.IsGenericType && t.GetGenericTypeDefinition() == contract)?.GetGenericArguments()[argument];
}

/// <summary>Which element is null; the serializer adds the way to the list itself.</summary>
internal sealed class NullElementException(string element, int count) : JsonException("An element of a list must not be null.")
{
    /// <summary>The whole way to the element.</summary>
    public string ElementPath
    {
        get
        {
            // Read at one go, a list that has just ended still counts as being read, and its path ends with the place after the last.
            var end = $"[{count}]";
            var list = Path ?? "$";
            return $"{(list.EndsWith(end, StringComparison.Ordinal) ? list[..^end.Length] : list)}[{element}]";
        }
    }
}
