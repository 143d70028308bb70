using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Licensing.Scenarios.Tests.Authorization;
using Microsoft.AspNetCore.WebUtilities;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>One object of a body: where it stands, what it is, and the names that the reference says it has.</summary>
internal sealed record Part(string Pointer, JsonObject Object, string Form, IReadOnlySet<string> Documented);

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

    /// <summary>What its body is made of; of a GET of the customer area, its parameters, because that takes them from a body, too.</summary>
    public JsonNode? BodySchema(Expectation endpoint) =>
        IsReadFromBody(endpoint) ? Query(endpoint) : Operation(endpoint)["requestBody"]?["content"]?["application/json"]?["schema"];

    /// <summary>
    /// A body of the endpoint's own with every field that it takes: the reference's example, and over it what the expectation names.
    /// </summary>
    public JsonObject Body(Expectation endpoint, Ids ids)
    {
        var named = endpoint.BodyOf(ids) is { } body ? JsonNode.Parse(body)
            : new JsonObject(QueryHelpers.ParseQuery(endpoint.QueryOf(ids)).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value.ToString())));
        return Over(Example(endpoint), named)!.AsObject();
    }

    /// <summary>The reference's own example of a body, with every field that it takes.</summary>
    public JsonObject Example(Expectation endpoint)
    {
        if (IsReadFromBody(endpoint))
            return new JsonObject(Parameters(endpoint).Where(p => p["example"] is not null)
                .Select(p => KeyValuePair.Create((string)p["name"]!, p["example"]?.DeepClone())));
        var content = Operation(endpoint)["requestBody"]!["content"]!["application/json"]!;
        // One that takes no field has none.
        return (content["example"] ?? content["examples"]?.AsObject().First().Value!["value"])?.DeepClone().AsObject() ?? [];
    }

    public JsonNode? AnswerSchema(Expectation endpoint) => AnswerOf(Operation(endpoint)["responses"]!.AsObject().Single(r => r.Key[0] == '2').Value!);

    /// <summary>What it answers with a status that need not be that of success.</summary>
    public JsonNode? AnswerSchema(Expectation endpoint, int status) => Operation(endpoint)["responses"]![$"{status}"] is { } answer
        ? AnswerOf((string?)answer["$ref"] is { } reference ? root["components"]!["responses"]![reference.Split('/')[^1]]! : answer)
        : null;

    private static JsonNode? AnswerOf(JsonNode answer) => answer["content"]?["application/json"]?["schema"];

    private static bool IsReadFromBody(Expectation endpoint) => endpoint is { Method: "GET", OfCustomerArea: true };

    private JsonObject Query(Expectation endpoint)
    {
        var parameters = Parameters(endpoint).ToList();
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(parameters.Select(p => KeyValuePair.Create((string)p["name"]!, p["schema"]?.DeepClone()))),
            ["required"] = new JsonArray([.. parameters.Where(p => (bool?)p["required"] == true).Select(p => p["name"]!.DeepClone())]),
            ["additionalProperties"] = false,
        };
    }

    public IEnumerable<JsonNode> Parameters(Expectation endpoint) => Operation(endpoint)["parameters"]?.AsArray().Select(p => p!) ?? [];

    /// <summary>What a schema is in the end, and the name that it goes by.</summary>
    public (JsonNode Schema, string? Name) Resolve(JsonNode schema)
    {
        if (schema["oneOf"] is JsonArray choices)
            return Resolve(choices.First(c => (string?)c!["type"]! is not "null")!);
        return (string?)schema["$ref"] is { } reference
            ? (root["components"]!["schemas"]![reference.Split('/')[^1]]!, reference.Split('/')[^1])
            : (schema, null);
    }

    /// <summary>The schema of what <paramref name="pointer"/> points at in a body.</summary>
    public JsonNode Property(JsonNode schema, string pointer) => pointer.Split('/', StringSplitOptions.RemoveEmptyEntries)
        .Aggregate(schema,
            (at, name) => Resolve(at).Schema is var whole && whole["items"] is { } items
            ? items
            : whole["properties"]?[name] ?? whole["additionalProperties"]!);

    public static bool IsObject(JsonNode schema) => schema["properties"] is not null;

    /// <summary>
    /// Where a value is not what its schema says: of another type or form, something required missing, something there that is not told of.
    /// </summary>
    public IEnumerable<string> Mismatches(JsonNode? value, JsonNode schema, string at = "")
    {
        if (schema["oneOf"] is JsonArray choices)
        {
            var each = choices.Select(c => Mismatches(value, c!, at).ToList()).ToList();
            return each.Exists(m => m.Count == 0) ? [] : each.MaxBy(m => m.Count)!;
        }

        (schema, _) = Resolve(schema);
        var types = schema["type"] switch { null => null, JsonArray several => several.Select(t => (string)t!).ToList(), var one => [(string)one!] };
        if (types?.Contains(TypeOf(value)) == false && !(TypeOf(value) == "integer" && types.Contains("number")))
            return [$"{at} is {value?.ToJsonString() ?? "null"}, no {string.Join(" or ", types)}"];
        return value switch
        {
            JsonObject members when schema["properties"] is not null || schema["additionalProperties"] is JsonObject => Members(members, schema, at),
            JsonArray items when schema["items"] is not null => items.SelectMany((item, i) => Mismatches(item, schema["items"]!, $"{at}/{i}")),
            JsonValue single when !HasForm(single, schema) => [$"{at} is {single.ToJsonString()}, not {schema.ToJsonString()}"],
            _ => [],
        };
    }

    private IEnumerable<string> Members(JsonObject members, JsonNode schema, string at)
    {
        var properties = schema["properties"] as JsonObject ?? [];
        var rest = schema["additionalProperties"] as JsonObject;
        foreach (var (name, value) in members)
            foreach (var mismatch in (properties[name] ?? rest) is { } known
                ? Mismatches(value, known, $"{at}/{name}")
                : [$"{at}/{name} is not told of"])
                yield return mismatch;
        foreach (var name in (schema["required"] as JsonArray ?? []).Select(r => (string)r!).Where(r => !members.ContainsKey(r)))
            yield return $"{at}/{name} is missing";
    }

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.ToJsonString().All(c => char.IsAsciiDigit(c) || c == '-') ? "integer" : "number",
        _ => "boolean",
    };

    private static bool HasForm(JsonValue value, JsonNode schema)
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
            return false;
        if (value.GetValueKind() is not JsonValueKind.String)
            return true;
        var text = value.GetValue<string>();
        return (schema["pattern"] is not { } pattern || Regex.IsMatch(text, (string)pattern!)) && (string?)schema["format"] switch
        {
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            _ => true,
        };
    }

    /// <summary>Each object of fixed fields in <paramref name="value"/>, with what it is and the names that the reference says it has.</summary>
    public IEnumerable<Part> Objects(JsonNode schema, JsonNode? value, string pointer = "")
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
            .Prepend(new Part(pointer, members, form ?? pointer, properties.Select(p => p.Key).ToHashSet()));
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
