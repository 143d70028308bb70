using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Licensing.Host.Observability;

/// <summary>Traces and metrics over OTLP while the host runs; nothing is collected for export where no endpoint is set.</summary>
internal sealed class Telemetry(IConfiguration configuration) : IHostedService, IDisposable
{
    public const string EndpointSetting = "Telemetry:Otlp:Endpoint";
    public const string ProtocolSetting = "Telemetry:Otlp:Protocol";
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public bool Exports => _traces is not null;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if ((configuration[EndpointSetting] ?? configuration[EndpointVariable]) is not { Length: > 0 } endpoint)
            return Task.CompletedTask;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out _))
            throw new InvalidOperationException($"{EndpointSetting} must be a URL such as http://localhost:4317, not '{endpoint}'.");

        // OTEL_* variables and OTEL_SERVICE_NAME win, as everywhere else.
        var resource = ResourceBuilder.CreateEmpty().AddService("licensing", autoGenerateServiceInstanceId: true)
            .AddTelemetrySdk().AddEnvironmentVariableDetector();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource("Microsoft.AspNetCore", "Npgsql", "Licensing.*")
            .AddOtlpExporter(options => Apply(options, "v1/traces"))
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter("Microsoft.AspNetCore.*", "System.Runtime", "Npgsql", "Licensing.*")
            .AddOtlpExporter((options, _) => Apply(options, "v1/metrics"))
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // What is still in the queues leaves before the process does.
        _traces?.ForceFlush(2_000);
        _metrics?.ForceFlush(2_000);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    // The exporter reads its variables by itself; a setting is completed here as the exporter completes the variable.
    private void Apply(OtlpExporterOptions options, string path)
    {
        if (configuration[EndpointSetting] is not { Length: > 0 } endpoint)
            return;
        if (configuration[ProtocolSetting] == "http/protobuf")
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = options.Protocol is OtlpExportProtocol.HttpProtobuf ? new Uri($"{endpoint.TrimEnd('/')}/{path}") : new Uri(endpoint);
    }
}
