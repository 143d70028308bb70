using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Licensing.Kernel.Dialects;

/// <summary>The Channel API: RFC 9457 problem details; bearer token or API key.</summary>
public sealed class ChannelDialect : Dialect
{
    public override IReadOnlyList<string> Prefixes => ["/"];

    public override IReadOnlyList<string> Schemes => ["Bearer", "ApiKey"];

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        var problem = new JsonObject
        {
            ["type"] = $"urn:licensing:problem:{refusal.Code}",
            ["title"] = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status,
            ["detail"] = refusal.Message,
            ["instance"] = context.Request.Path.Value,
            ["code"] = refusal.Code,
            ["traceId"] = TraceOf(context),
        };
        if (refusal.Fields.Count > 0)
            problem["errors"] = new JsonArray([.. refusal.Fields.Select(f =>
                new JsonObject { ["pointer"] = f.Pointer, ["code"] = f.Code, ["message"] = f.Message })]);
        if (refusal.Content is { } content)
            problem["content"] = content.DeepClone();
        return context.WriteJsonAsync(status, problem, "application/problem+json");
    }
}

/// <summary>Signed licence updates: <c>{code,message}</c>; a JWT bound to the body.</summary>
public sealed class SignedDialect : Dialect
{
    public override IReadOnlyList<string> Prefixes => ["/api/v1/licensing/update", "/v1/licensing/update"];

    public override IReadOnlyList<string> Schemes => ["SignedUpdate"];

    // This door has no 422 and no 403: what breaks a rule is 400, what lies outside the scope is unknown.
    public override int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid or RefusalKind.Conflict => StatusCodes.Status400BadRequest,
        RefusalKind.Forbidden => StatusCodes.Status404NotFound,
        _ => base.StatusOf(kind),
    };

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal) => context.WriteJsonAsync(status, new JsonObject
    {
        ["code"] = status switch
        {
            _ when Codes.Contains(refusal.Code) => refusal.Code.ToUpperInvariant(),
            StatusCodes.Status401Unauthorized => "INVALID_TOKEN",
            StatusCodes.Status404NotFound => "CUSTOMER_NOT_FOUND",
            StatusCodes.Status429TooManyRequests => "RATE_LIMITED",
            >= 500 => "INTERNAL_ERROR",
            _ => "VALIDATION_ERROR",
        },
        ["message"] = refusal.Fields.Count > 1 ? string.Join(' ', refusal.Fields.Select(f => f.Message)) : refusal.Message,
    });

    // What only this door refuses with; all else is one of the above.
    private static readonly string[] Codes = ["expired_token", "invalid_jti", "invalid_signature", "invalid_certificate", "duplicate_jti"];
}

/// <summary>The customer area: <c>{code,message,errors}</c> with a true status, snake_case, amounts as numbers; an API key in X-API-KEY.</summary>
public sealed class CustomerAreaDialect : Dialect
{
    public override IReadOnlyList<string> Prefixes => ["/customerarea"];

    public override IReadOnlyList<string> Schemes => ["ApiKey"];

    public override JsonSerializerOptions Json { get; } = ApiJson.Configure(new(), JsonNamingPolicy.SnakeCaseLower, new PlainDecimalJsonConverter());

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        if (status == StatusCodes.Status401Unauthorized)
            return context.WriteJsonAsync(status, new JsonObject { ["message"] = "Invalid token or unauthorized admin" });
        var body = new JsonObject { ["code"] = status, ["message"] = refusal.Message };
        if (refusal.Kind is RefusalKind.Invalid)
        {
            body["message"] = "The given data was invalid.";
            body["errors"] = new JsonObject(refusal.Fields.GroupBy(f => f.Pointer.TrimStart('/', '?')).Select(field =>
                KeyValuePair.Create(field.Key, (JsonNode?)new JsonArray([.. field.Select(f => (JsonNode?)f.Message)]))));
        }

        if (refusal.Content is { } content)
            body["content"] = content.DeepClone();

        return context.WriteJsonAsync(status, body);
    }
}

/// <summary>The reseller service: <c>{ErrorDetail,ErrorType}</c>, XML unless JSON is asked for; HTTP Basic.</summary>
public sealed class ResellerDialect : Dialect
{
    public override IReadOnlyList<string> Prefixes => ["/WebApi/ResellerService", "/WebApi/ResellerServices"];

    public override IReadOnlyList<string> Schemes => ["Basic"];

    public override int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid or RefusalKind.TooLarge or RefusalKind.UnsupportedMediaType or RefusalKind.PreconditionFailed
            or RefusalKind.PaymentRequired => StatusCodes.Status400BadRequest,
        _ => base.StatusOf(kind),
    };

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"ResellerService\", charset=\"UTF-8\"";
        var type = status switch
        {
            StatusCodes.Status401Unauthorized => "AuthenticationFaultContract",
            StatusCodes.Status403Forbidden => "AuthorizationFaultContract",
            StatusCodes.Status404NotFound => "NotFoundFaultContract",
            StatusCodes.Status409Conflict => "ConflictFaultContract",
            StatusCodes.Status504GatewayTimeout => "TimeoutFaultContract",
            >= 500 => "GeneralFaultContract",
            _ => "ArgumentFaultContract",
        };
        if (WantsJson(context.Request))
            return context.WriteJsonAsync(status, new JsonObject
            {
                ["ErrorDetail"] = new JsonObject { ["Message"] = refusal.Message },
                ["ErrorType"] = type,
            });

        var fault = new XElement("Fault", new XElement("ErrorDetail", new XElement("Message", refusal.Message)), new XElement("ErrorType", type));
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml; charset=utf-8";
        return context.Response.WriteAsync(fault.ToString(SaveOptions.DisableFormatting), context.RequestAborted);
    }

    /// <summary>JSON only where the Accept header prefers it to XML; quality values honoured, XML on a tie.</summary>
    public static bool WantsJson(HttpRequest request)
    {
        var accepted = MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var parsed) ? parsed : [];
        double Quality(string subtype) => accepted
            .Where(a => a.SubType.Equals(subtype, StringComparison.OrdinalIgnoreCase))
            .Select(a => a.Quality ?? 1).DefaultIfEmpty(0).Max();
        return Quality("json") > Quality("xml");
    }
}

/// <summary>The OAuth endpoints: <c>{error,error_description}</c> (RFC 6749 §5.2). Who the client is they ask themselves.</summary>
public sealed class OAuthDialect : Dialect
{
    public override IReadOnlyList<string> Prefixes => ["/connect"];

    public override IReadOnlyList<string> Schemes => [];

    public override int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid or RefusalKind.Conflict or RefusalKind.UnsupportedMediaType => StatusCodes.Status400BadRequest,
        _ => base.StatusOf(kind),
    };

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        context.Response.Headers.CacheControl = "no-store";
        // The standard knows no 415.
        if (status == StatusCodes.Status415UnsupportedMediaType)
            (status, refusal) = (StatusCodes.Status400BadRequest, refusal with { Message = "The body must be application/x-www-form-urlencoded." });
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"clients\", charset=\"UTF-8\"";
        return context.WriteJsonAsync(status, new JsonObject
        {
            ["error"] = status switch
            {
                StatusCodes.Status401Unauthorized => "invalid_client",
                StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable => "temporarily_unavailable",
                >= 500 => "server_error",
                _ when Codes.Contains(refusal.Code) => refusal.Code,
                _ => "invalid_request",
            },
            ["error_description"] = refusal.Message,
        });
    }

    // Slices refuse with these; what the pipeline refuses for all doors is an invalid request here.
    private static readonly string[] Codes = ["invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "unsupported_token_type"];
}

internal static class EnvelopeWriting
{
    public static Task WriteJsonAsync(this HttpContext context, int status, JsonObject body, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body.ToJsonString(JsonSerializerOptions.Web), context.RequestAborted);
    }
}
