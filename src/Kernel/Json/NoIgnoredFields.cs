using System.Text.Json.Serialization.Metadata;

namespace Licensing.Kernel;

/// <summary>
/// Makes what <c>[JsonIgnore]</c> keeps for the code alone unknown to senders. The serializer knows such a name, so it would be taken
/// from a body and thrown away, and its sender believe that it was heard.
/// </summary>
internal static class NoIgnoredFields
{
    public static void Refuse(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
            // A parameter of the constructor must stay: views have them, and nobody sends views.
            if (type.Properties[i] is { Get: null, Set: null, AssociatedParameter: null })
                type.Properties.RemoveAt(i);
    }
}
