using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
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

/// <summary>How dialects write what they say in JSON.</summary>
public static class EnvelopeWriting
{
    public static Task WriteJsonAsync(this HttpContext context, int status, JsonObject body, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body.ToJsonString(JsonSerializerOptions.Web), context.RequestAborted);
    }
}
