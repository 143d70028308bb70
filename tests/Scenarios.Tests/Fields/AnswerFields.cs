using System.Text.Json.Nodes;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>What answers are made of, and what of it one of them showed.</summary>
internal sealed class AnswerFields(ApiDocument document)
{
    // In the trail and in claims of others there is no fixed form.
    private const string Anything = "anything";

    /// <summary>What stands where a secret was.</summary>
    public const string Mask = "***";

    /// <summary>A line for each endpoint with what it answers, and one for each field of that.</summary>
    public string Approvable(IEnumerable<(string Key, JsonNode? Schema)> answers)
    {
        var (endpoints, fields) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var (key, schema) in answers)
            endpoints.Add($"{key} = {(schema is null ? "nothing" : FormOf(schema, fields))}");
        return string.Join('\n', endpoints.Concat(fields));
    }

    /// <summary>The fields that an answer has, by what they are fields of; what the reference does not know is a stranger.</summary>
    public void Observe(JsonNode? value, JsonNode schema, string path, ISet<string> seen, ICollection<string> strangers)
    {
        var (resolved, name) = document.Resolve(schema);
        switch (value)
        {
            case JsonArray items:
                foreach (var item in items)
                    Observe(item, resolved["items"] ?? resolved, path + "[]", seen, strangers);
                break;
            case JsonObject members when ApiDocument.IsObject(resolved):
                foreach (var (field, inner) in members)
                {
                    seen.Add($"{path}.{field}");
                    if (resolved["properties"]![field] is { } known)
                        Observe(inner, known, $"{path}.{field}", seen, strangers);
                    else
                        strangers.Add($"{name}.{field} at {path}");
                }

                break;
            case JsonObject members when resolved["additionalProperties"] is JsonObject each && each.Count > 0:
                foreach (var (_, inner) in members)
                    Observe(inner, each, path + "{}", seen, strangers);
                break;
            case JsonObject members:
                foreach (var secret in members.Where(m => AnswerFieldTests.SoundsSecret().IsMatch(m.Key)).SelectMany(m => Texts(m.Value))
                    .Where(t => t != Mask))
                    strangers.Add($"the text {secret} under a secret's name at {path}");
                foreach (var (_, inner) in members)
                    Observe(inner, new JsonObject(), path, seen, strangers);
                break;
            default:
                break;
        }
    }

    private string FormOf(JsonNode schema, ISet<string> fields)
    {
        var (resolved, name) = document.Resolve(schema);
        if (resolved["items"] is { } items)
            return FormOf(items, fields) + "[]";
        if (!ApiDocument.IsObject(resolved))
            return resolved["additionalProperties"] is JsonObject { Count: > 0 } each ? $"{{{FormOf(each, fields)}}}"
                : resolved["type"] is null || resolved["additionalProperties"] is not null ? Anything
                : "";
        foreach (var (field, inner) in resolved["properties"]!.AsObject())
        {
            // Said before what it is made of, which may be made of it again.
            var line = $"{name}.{field}";
            if (!_met.Add(line))
                continue;
            var form = FormOf(inner!, fields);
            fields.Add(form.Length == 0 ? line : $"{line} = {form}");
        }

        return name!;
    }

    private readonly HashSet<string> _met = [];

    private static IEnumerable<string> Texts(JsonNode? value) => value switch
    {
        JsonObject members => members.SelectMany(m => Texts(m.Value)),
        JsonArray items => items.SelectMany(Texts),
        JsonValue text when text.TryGetValue<string>(out var said) => [said],
        _ => [],
    };
}
