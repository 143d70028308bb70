using System.Text.Json.Nodes;

namespace Licensing.Scenarios.Tests.Month;

/// <summary>A data folder, and the server in it stopped when the test is over.</summary>
internal sealed class MonthFolder : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("licensing-month-").FullName;

    public string Json => System.IO.Path.Combine(Path, "month.json");

    /// <summary>What the last run reported, without what differs from start to start.</summary>
    public JsonObject Report()
    {
        var report = JsonNode.Parse(File.ReadAllText(Json))!.AsObject();
        report.Remove("url");
        report.Remove("admin");
        report.Remove("apiKeys");
        return report;
    }

    public async Task<HostProcess> FinishedAsync(CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        var host = HostProcess.Start(Path, Json, environment);
        var code = await host.EndAsync(ct);
        code.ShouldBe(0, host.Output);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        // A killed host leaves its server running: adopting it and ending in order stops it.
        if (Directory.Exists(System.IO.Path.Combine(Path, "postgres")))
            await using (await Licensing.Host.Database.EmbeddedPostgres.StartAsync(
                new Licensing.Host.Database.EmbeddedPostgresSettings(System.IO.Path.Combine(Path, "postgres")), _ => { }, CancellationToken.None))
            {
            }

        Directory.Delete(Path, recursive: true);
    }
}
