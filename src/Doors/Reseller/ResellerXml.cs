using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Xml;

namespace Licensing.Doors.Reseller;

/// <summary>
/// Writes what the door's JSON has as a namespace-free document: the type's name around its fields, a list as its items, each by the name of
/// its type. What is null is left out of both.
/// </summary>
internal static class ResellerXml
{
    public static XmlWriterSettings Settings { get; } = new()
    {
        Async = true,
        Encoding = new UTF8Encoding(false),
        OmitXmlDeclaration = false,
        NewLineHandling = NewLineHandling.Entitize,
    };

    /// <summary>The name of a type's document.</summary>
    public static string NameOf(Type type) => type.Name;

    public static byte[] Document(object value, JsonSerializerOptions json)
    {
        var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, Settings))
            Write(
                xml, NameOf(value.GetType()), JsonSerializer.SerializeToNode(value, value.GetType(), json), json.GetTypeInfo(value.GetType()), json);
        return buffer.ToArray();
    }

    public static void Write(XmlWriter xml, string name, JsonNode? node, JsonTypeInfo type, JsonSerializerOptions json)
    {
        if (node is null)
            return;
        xml.WriteStartElement(name);
        switch (node)
        {
            case JsonObject fields:
                var types = type.Properties.ToDictionary(p => p.Name, p => p.PropertyType);
                foreach (var (field, value) in fields)
                    Write(xml, field, value, json.GetTypeInfo(types[field]), json);
                break;
            case JsonArray items:
                var item = json.GetTypeInfo(type.ElementType!);
                foreach (var value in items)
                    Write(xml, NameOf(item.Type), value, item, json);
                break;
            default:
                xml.WriteString(node.GetValueKind() is JsonValueKind.String ? XmlText.Storable(node.GetValue<string>()) : node.ToJsonString());
                break;
        }

        xml.WriteEndElement();
    }
}
