using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Licensing.Scenarios.Tests.Authorization;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>The reference document, read for what bodies and answers are made of.</summary>
internal sealed partial class ApiDocument(JsonNode root)
{
    public static async Task<ApiDocument> OfAsync(App app) =>
        new(JsonNode.Parse(await app.Anonymous().GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!);

    /// <summary>Every name of a field that some body or answer has.</summary>
    public IEnumerable<string> FieldNames =>
        root["components"]!["schemas"]!.AsObject().SelectMany(s => s.Value!["properties"]?.AsObject().Select(p => p.Key) ?? []).Distinct();

    public JsonNode Operation(Expectation endpoint) =>
        root["paths"]![Constraint().Replace(endpoint.Pattern, "{$1}")]![endpoint.Method.ToLowerInvariant()]!;

    public JsonNode? BodySchema(Expectation endpoint) => Operation(endpoint)["requestBody"]?["content"]?["application/json"]?["schema"];

    /// <summary>A body of the endpoint's own with every field that it takes: the reference's example, and over it what the expectation names.</summary>
    public JsonObject Body(Expectation endpoint, Ids ids)
    {
        var content = Operation(endpoint)["requestBody"]!["content"]!["application/json"]!;
        var example = (content["example"] ?? content["examples"]!.AsObject().First().Value!["value"])!.DeepClone();
        return Over(example, endpoint.BodyOf(ids) is { } named ? JsonNode.Parse(named) : null)!.AsObject();
    }

    public JsonNode? AnswerSchema(Expectation endpoint) =>
        Operation(endpoint)["responses"]!.AsObject().Single(r => r.Key[0] == '2').Value!["content"]?["application/json"]?["schema"];

    public IEnumerable<JsonNode> Parameters(Expectation endpoint) => Operation(endpoint)["parameters"]?.AsArray().Select(p => p!) ?? [];

    /// <summary>What a schema is in the end, and the name that it goes by.</summary>
    public (JsonNode Schema, string? Name) Resolve(JsonNode schema)
    {
        if (schema["oneOf"] is JsonArray choices)
            return Resolve(choices.First(c => (string?)c!["type"]! is not "null")!);
        return (string?)schema["$ref"] is { } reference ? (root["components"]!["schemas"]![reference.Split('/')[^1]]!, reference.Split('/')[^1]) : (schema, null);
    }

    /// <summary>The schema of what <paramref name="pointer"/> points at in a body.</summary>
    public JsonNode Property(JsonNode schema, string pointer) => pointer.Split('/', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(schema, (at, name) => Resolve(at).Schema is var whole && whole["items"] is { } items ? items : whole["properties"]?[name] ?? whole["additionalProperties"]!);

    public static bool IsObject(JsonNode schema) => schema["properties"] is not null;

    /// <summary>Each object of fixed fields in <paramref name="value"/>, with what it is and the names that the reference says it has.</summary>
    public IEnumerable<(string Pointer, JsonObject Object, string Form, IReadOnlySet<string> Documented)> Objects(JsonNode schema, JsonNode? value, string pointer = "")
    {
        (schema, var form) = Resolve(schema);
        if (value is JsonArray { Count: > 0 } items && schema["items"] is { } item)
            return Objects(item, items[0], $"{pointer}/0");
        if (value is not JsonObject members)
            return [];
        if (!IsObject(schema))
            return schema["additionalProperties"] is JsonObject each ? members.SelectMany(m => Objects(each, m.Value, $"{pointer}/{m.Key}")) : [];
        var properties = schema["properties"]!.AsObject();
        return properties.Where(p => members[p.Key] is not null).SelectMany(p => Objects(p.Value!, members[p.Key], $"{pointer}/{p.Key}"))
            .Prepend((pointer, members, form ?? pointer, properties.Select(p => p.Key).ToHashSet()));
    }

    private static JsonNode? Over(JsonNode? below, JsonNode? above)
    {
        switch (below, above)
        {
            case (JsonObject under, JsonObject over):
                foreach (var (name, value) in over)
                    under[name] = Over(under[name]?.DeepClone(), value);
                return under;
            case (JsonArray { Count: > 0 } under, JsonArray { Count: > 0 } over):
                return new JsonArray(Over(under[0]!.DeepClone(), over[0]));
            default:
                return (above ?? below)?.DeepClone();
        }
    }

    [GeneratedRegex(@"\{(\w+):\w+\}")]
    private static partial Regex Constraint();
}
