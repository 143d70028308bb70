using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Licensing.Host.Reference;

/// <summary>The documentation comments of our assemblies, from the files that the compiler puts beside them.</summary>
internal sealed partial class XmlDocs
{
    private readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> _files = new();

    public string? Summary(Type type) => Text(Find(type)?.Element("summary"));

    /// <summary>Of a property: its own comment, or the <c>param</c> of its record.</summary>
    public string? Summary(Type type, string property) =>
        Text(Members(type.Assembly).GetValueOrDefault($"P:{IdOf(type)}.{property}")?.Element("summary"))
        ?? Text(Find(type)?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == property));

    private XElement? Find(Type type) => Members(type.Assembly).GetValueOrDefault("T:" + IdOf(type));

    private Dictionary<string, XElement> Members(Assembly assembly) => _files.GetOrAdd(assembly, static from =>
    {
        var file = Path.ChangeExtension(from.Location, ".xml");
        return File.Exists(file)
            ? XDocument.Load(file).Descendants("member").DistinctBy(m => m.Attribute("name")!.Value).ToDictionary(m => m.Attribute("name")!.Value)
            : [];
    });

    private static string IdOf(Type type) => ((type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName ?? type.Name).Replace('+', '.');

    private static string? Text(XElement? element)
    {
        if (element is null)
            return null;
        var words = string.Concat(element.DescendantNodes().Select(node => node switch
        {
            XText { Parent.Name.LocalName: "c" } code => $"`{code.Value}`",
            XText text => text.Value,
            XElement reference when (reference.Attribute("cref") ?? reference.Attribute("name") ?? reference.Attribute("langword")) is { } to =>
                to.Value[(to.Value.LastIndexOfAny(['.', ':']) + 1)..],
            _ => "",
        }));
        var text = Spaces().Replace(words, " ").Trim();
        return text.Length == 0 ? null : text;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
