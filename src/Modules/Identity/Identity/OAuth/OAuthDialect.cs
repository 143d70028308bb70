using System.Text.Json.Nodes;
using Licensing.Kernel.Dialects;

namespace Licensing.Identity.OAuth;

/// <summary>The OAuth endpoints: <c>{error,error_description}</c> (RFC 6749 §5.2). Who the client is they ask themselves.</summary>
internal sealed class OAuthDialect : Dialect
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
    private static readonly string[] Codes =
        ["invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "unsupported_token_type"];
}
