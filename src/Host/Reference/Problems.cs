using System.Text.Json.Nodes;
using Licensing.Kernel;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Licensing.Host.Reference;

/// <summary>The error answers of each door as shared components, and which of them an operation can give.</summary>
internal sealed class Problems(OpenApiDocument document)
{
    private static readonly RefusalKind[] Waits = [RefusalKind.TooMany, RefusalKind.Unavailable];

    /// <summary>One answer of a door by status; made on first use.</summary>
    public OpenApiResponseReference Of(Dialect dialect, int status)
    {
        var door = dialect.GetType().Name.Replace("Dialect", "");
        var name = $"{(dialect is ChannelDialect ? "" : door)}{ReasonPhrases.GetReasonPhrase(status).Replace(" ", "")}";
        document.Components!.Responses ??= new Dictionary<string, IOpenApiResponse>();
        if (!document.Components.Responses.ContainsKey(name))
        {
            var (mediaType, example) = Envelope(door, status);
            var schema = door switch { "Channel" => "ProblemDetails", "Reseller" => "ResellerFault", _ => $"{door}Error" };
            document.Components.Schemas!.TryAdd(schema, SchemaOf(door));
            var response = new OpenApiResponse
            {
                Description = Sentence(status),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [mediaType] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(schema, document), Example = example },
                },
            };
            if (Array.Exists(Waits, k => dialect.StatusOf(k) == status))
                response.Headers = new Dictionary<string, IOpenApiHeader>
                {
                    ["Retry-After"] = new OpenApiHeader
                    {
                        Description = "Seconds to wait.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.Integer }
                    },
                };
            document.Components.Responses.Add(name, response);
        }

        return new OpenApiResponseReference(name, document);
    }

    private static string Sentence(int status) => status switch
    {
        400 => "The request cannot be read: no JSON, an unknown property or parameter, a wrong type.",
        401 => "No valid credential.",
        402 => "Prepaid credit does not cover it.",
        403 => "The caller may see it but not do it.",
        404 => "It does not exist for this caller.",
        409 => "The present state forbids it, or the same Idempotency-Key is still at work.",
        412 => "If-Match names another version.",
        413 => "The body is larger than this endpoint takes.",
        415 => "A content type that this endpoint does not take.",
        422 => "Well-formed, but it breaks a rule, or the Idempotency-Key was used for another request.",
        429 => "Over the caller's rate.",
        503 => "Not possible now; the same call may succeed later.",
        _ => ReasonPhrases.GetReasonPhrase(status) + ".",
    };

    private static (string Code, bool Fields) CodeOf(int status) => status switch
    {
        400 => ("malformed_json", true),
        401 => ("unauthenticated", false),
        402 => ("credit_exhausted", false),
        403 => ("not_allowed", false),
        404 => ("not_found", false),
        409 => ("concurrent_change", false),
        412 => ("precondition_failed", false),
        413 => ("body_too_large", false),
        415 => ("unsupported_media_type", false),
        422 => ("validation_failed", true),
        429 => ("rate_limited", false),
        503 => ("database_unavailable", false),
        _ => ($"http_{status}", false),
    };

    private static (string MediaType, JsonObject Example) Envelope(string door, int status)
    {
        var (code, fields) = CodeOf(status);
        var message = Sentence(status);
        switch (door)
        {
            case "Signed":
                return ("application/json", new() { ["code"] = "VALIDATION_ERROR", ["message"] = message });
            case "CustomerArea":
                return ("application/json", new() { ["code"] = status, ["message"] = message });
            case "OAuth":
                return ("application/json", new()
                {
                    ["error"] = status switch { 401 => "invalid_client", 429 or 503 => "temporarily_unavailable", _ => "invalid_request" },
                    ["error_description"] = message,
                });
            case "Reseller":
                return ("application/json",
                    new() { ["ErrorDetail"] = new JsonObject { ["Message"] = message }, ["ErrorType"] = "ArgumentFaultContract" });
        }

        var problem = new JsonObject
        {
            ["type"] = $"urn:licensing:problem:{code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status,
            ["detail"] = message,
            ["instance"] = "/api/v1/things",
            ["code"] = code,
            ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736",
        };
        if (fields)
            problem["errors"] = new JsonArray(
                new JsonObject { ["pointer"] = "/name", ["code"] = "not_empty", ["message"] = "name must not be empty." });
        return ("application/problem+json", problem);
    }

    private static OpenApiSchema SchemaOf(string door) => door switch
    {
        "Signed" => Object(
            "An error of the signed door.", ["code", "message"], ("code", Text("Upper case, stable.")), ("message", Text("A sentence."))),
        "OAuth" => Object("An error of the OAuth endpoints (RFC 6749).", ["error", "error_description"],
            ("error", Text("A code of the standard; switch on this.")), ("error_description", Text("A sentence for people."))),
        "CustomerArea" => Object("An error of the customer area.", ["message"],
            ("code", new() { Type = JsonSchemaType.Integer, Description = "The status again." }), ("message", Text("A sentence.")),
            ("content", Content),
            ("errors", new()
            {
                Type = JsonSchemaType.Object,
                Description = "Messages by field.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text(null) }
            })),
        "Reseller" => Object("A fault of the reseller service.", ["ErrorDetail", "ErrorType"],
            ("ErrorDetail", Object("What went wrong.", ["Message"], ("Message", Text("A sentence.")))),
            ("ErrorType", Text("Name of the fault contract."))),
        _ => Object("Why something is refused (RFC 9457).", ["type", "title", "status", "code", "traceId"],
            ("type", Text("A URN made from the code.")), ("title", Text("The status in words.")),
            ("status", new() { Type = JsonSchemaType.Integer, Format = "int32", Description = "The status again." }),
            ("detail", Text("A sentence for people.")), ("instance", Text("The path that was asked.")),
            ("code", Text("Stable, snake_case; switch on this.")), ("traceId", Text("Quote it when you report a problem.")),
            ("errors", new()
            {
                Type = JsonSchemaType.Array,
                Description = "The fields at fault; absent where no single field is.",
                Items = Object("One field that breaks a rule.", ["pointer", "code", "message"],
                    ("pointer", Text("JSON pointer into the body, or ?name for a query parameter.")), ("code", Text("The rule, snake_case.")),
                    ("message", Text("A sentence."))),
            }),
            ("content", Content)),
    };

    private static OpenApiSchema Content => new()
    {
        Type = JsonSchemaType.Object,
        Description = "With 402: what is required, what there is, and in which currency.",
        AdditionalProperties = new OpenApiSchema(),
    };

    private static OpenApiSchema Text(string? description) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema Object(string description, IEnumerable<string> required, params (string Name, OpenApiSchema Schema)[] properties) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description = description,
            Properties = properties.ToDictionary(p => p.Name, p => (IOpenApiSchema)p.Schema),
            Required = required.ToHashSet(),
        };
}
