using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

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
