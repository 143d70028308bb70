using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The customer area: <c>{code,message,errors}</c> with a true status, snake_case, amounts as numbers; an API key in X-API-KEY.</summary>
internal sealed class CustomerAreaDialect : Dialect
{
    public const string Root = "/customerarea";

    public override IReadOnlyList<string> Prefixes => [Root];

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
