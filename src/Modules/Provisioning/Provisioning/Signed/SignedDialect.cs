using System.Text.Json.Nodes;
using Licensing.Kernel.Dialects;

namespace Licensing.Provisioning.Signed;

/// <summary>Signed licence updates: <c>{code,message}</c>; a JWT bound to the body.</summary>
internal sealed class SignedDialect : Dialect
{
    public const string Route = "/api/v1/licensing/update";
    public const string Alias = "/v1/licensing/update";

    public override IReadOnlyList<string> Prefixes => [Route, Alias];

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
