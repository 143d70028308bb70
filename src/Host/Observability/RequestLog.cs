using System.Diagnostics;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Licensing.Host.Observability;

/// <summary>
/// One line per request. The route's template stands for the path: ids and cursors are in the trace, and what a caller puts into a
/// path or query may be a secret.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var endpoint = context.GetEndpoint();
            var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText;
            if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span)
                Name(span, context, route);
            var level = endpoint?.Metadata.GetMetadata<NeverLimited>() is null ? LogLevel.Information : LogLevel.Debug;
            if (log.IsEnabled(level))
                Answered(
                    log, level, context.Request.Method, route ?? "(no route)",
                    context.Response.StatusCode, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds, Dialect.TraceOf(context));
        }
    }

    // The framework's span is named after its method and knows no route.
    private static void Name(Activity span, HttpContext context, string? route)
    {
        span.DisplayName = route is null ? context.Request.Method : $"{context.Request.Method} {route}";
        span.SetTag("http.route", route).SetTag("http.response.status_code", context.Response.StatusCode);
    }

    [LoggerMessage(EventId = 1, Message = "{Method} {Route} {Status} {Milliseconds} ms {TraceId}")]
    private static partial void Answered(ILogger log, LogLevel level, string method, string route, int status, long milliseconds, string traceId);
}
