using System.Collections.Concurrent;
using System.Text;
using Licensing.Host.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Licensing.Scenarios.Observability;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Requests_and_statements_reach_the_collector()
    {
        var received = new ConcurrentQueue<(string Path, string Body)>();
        await using var collector = await CollectorAsync(received);
        await using (var app = new ExportingApp(collector.Urls.First()))
        {
            await app.InitializeAsync();
            using var client = app.Anonymous();
            (await client.GetAsync("/health/ready", Ct)).EnsureSuccessStatusCode();
            await app.Services.GetServices<IHostedService>().OfType<Telemetry>().Single().StopAsync(Ct);
        }

        received.Where(r => r.Path == "/v1/traces").Select(r => r.Body).ShouldContain(b => b.Contains("http.route") && b.Contains("/health/ready"));
        received.ShouldContain(r => r.Path == "/v1/traces" && r.Body.Contains("Npgsql"));
        received.ShouldContain(r => r.Path == "/v1/metrics" && r.Body.Contains("http.server.request.duration"));
        received.ShouldContain(r => r.Path == "/v1/metrics" && r.Body.Contains("dotnet.gc.collections"));
        received.ShouldAllBe(r => r.Body.Contains("service.name") && r.Body.Contains("licensing"));
    }

    [Fact]
    public async Task Nothing_is_exported_unless_a_collector_is_named()
    {
        using var telemetry = new Telemetry(new ConfigurationBuilder().Build());
        await telemetry.StartAsync(Ct);
        telemetry.Exports.ShouldBeFalse();
    }

    [Fact]
    public async Task A_wrong_endpoint_stops_the_start_with_a_sentence()
    {
        using var telemetry = new Telemetry(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [Telemetry.EndpointSetting] = "collector" }).Build());
        (await Should.ThrowAsync<InvalidOperationException>(() => telemetry.StartAsync(Ct)))
            .Message.ShouldBe("Telemetry:Otlp:Endpoint must be a URL such as http://localhost:4317, not 'collector'.");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<WebApplication> CollectorAsync(ConcurrentQueue<(string Path, string Body)> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            received.Enqueue((context.Request.Path.Value!, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector.StartAsync(Ct);
        return collector;
    }

    private sealed class ExportingApp(string endpoint) : App
    {
        protected override void Configure(WebApplicationBuilder builder) =>
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                [Telemetry.EndpointSetting] = endpoint,
                [Telemetry.ProtocolSetting] = "http/protobuf",
            });
    }
}
