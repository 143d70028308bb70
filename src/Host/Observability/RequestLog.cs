using System.Diagnostics;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;

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
            var level = endpoint?.Metadata.GetMetadata<NeverLimited>() is null ? LogLevel.Information : LogLevel.Debug;
            if (log.IsEnabled(level))
                Answered(
                    log, level, context.Request.Method, (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)",
                    context.Response.StatusCode, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds, Dialect.TraceOf(context));
        }
    }

    [LoggerMessage(EventId = 1, Message = "{Method} {Route} {Status} {Milliseconds} ms {TraceId}")]
    private static partial void Answered(ILogger log, LogLevel level, string method, string route, int status, long milliseconds, string traceId);
}
