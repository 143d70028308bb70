using Licensing.Kernel.Http;
using Microsoft.Extensions.Configuration.Memory;

namespace Licensing.Host.Observability;

internal static class ObservabilitySetup
{
    // Below every other source, so that any of them can say otherwise.
    private static readonly Dictionary<string, string?> Quiet = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
        // What fails there is thrown, and told once by whoever catches it; a lost race is no error at all.
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Update"] = "Critical",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Model"] = "Error",
        ["Logging:LogLevel:Npgsql"] = "Warning",
    };

    extension(WebApplicationBuilder builder)
    {
        public void AddObservability()
        {
            // Spans of requests carry the attributes of the OpenTelemetry conventions; the framework leaves them out by default.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
            builder.Services.AddSingleton<PrometheusMetrics>();
            builder.Services.AddSingleton(builder.Configuration.GetSection("Health").Get<HealthSettings>() ?? new HealthSettings());
            builder.Services.AddSingleton<Readiness>();
            builder.Services.AddHostedService<Telemetry>();
        }

        /// <summary>One line per entry on the console; JSON where <c>Logging:Console:FormatterName</c> is <c>json</c>.</summary>
        public void LogToConsole()
        {
            ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Quiet });
            builder.Logging.ClearProviders();
            if (builder.Configuration["Logging:Console:FormatterName"] == "json")
                builder.Logging.AddJsonConsole(json => (json.TimestampFormat, json.UseUtcTimestamp) = ("O", true));
            else
                builder.Logging.AddSimpleConsole(line =>
                    (line.SingleLine, line.TimestampFormat, line.UseUtcTimestamp) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", true));
        }
    }

    extension(WebApplication app)
    {
        public void MapObservability()
        {
            // Made now: it counts from here on, not from the first time that someone asks.
            var metrics = app.Services.GetRequiredService<PrometheusMetrics>();
            app.MapGet("/metrics", () => TypedResults.Text(metrics.Write(), PrometheusMetrics.ContentType))
                .WithMetadata(new NeverLimited()).ExcludeFromDescription();
            app.MapGet("/health/live", () => TypedResults.Json(new { Status = "live" }, ApiJson.Options))
                .WithMetadata(new NeverLimited()).ExcludeFromDescription();
            app.MapGet("/health/ready", async (HttpContext context, Readiness readiness) =>
            {
                var answer = await readiness.AskAsync(context.RequestAborted);
                context.Response.Headers.CacheControl = "no-store";
                return TypedResults.Json(
                    new { Status = answer.Ready ? "ready" : "unready", answer.Checks }, ApiJson.Options,
                    statusCode: answer.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
            }).WithMetadata(new NeverLimited()).ExcludeFromDescription();
        }
    }
}
