using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Licensing.Scenarios.Tests.Guides;

/// <summary>The client of the jobs at a server that answers as ours does on a bad day.</summary>
public sealed class JobClientTests
{
    private const string Call =
        "from licensing import Licensing, main; main(lambda: print(Licensing().post('/tenants', {'a': 1}, key='acme')['id']) or 0)";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // Not now, cut off by a proxy, the same write still under way: again, with the same key.
    [InlineData("503,429,502,409 idempotency_in_progress,409 concurrent_change,201", 0, "made")]
    // A no is a no.
    [InlineData("422 validation_failed,201", 2, "could not run: Refused('422 validation_failed")]
    [InlineData("409 external_id_taken,201", 2, "could not run: Refused('409 external_id_taken")]
    [InlineData("401 invalid_credential,201", 2, "could not run: Refused('401 invalid_credential")]
    [InlineData("503,503,503,503,503,503,201", 2, "could not run: Refused('503")]
    public async Task What_passes_is_tried_again_and_what_does_not_is_told(string answers, int exitCode, string said)
    {
        var (left, keys) = (new ConcurrentQueue<string>(answers.Split(',')), new ConcurrentBag<string>());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.Run(async context =>
        {
            keys.Add($"{context.Request.Method} {context.Request.Path} {context.Request.Headers["Idempotency-Key"]}");
            left.TryDequeue(out var next).ShouldBeTrue();
            var (status, code) = next!.Split(' ') is [var s, var c] ? (s, c) : (next, "");
            context.Response.StatusCode = int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers.RetryAfter = "0";
            await context.Response.WriteAsync(status == "502" ? "<html>" : $$"""{"id":"made","code":"{{code}}","detail":"no"}""");
        });
        await server.StartAsync(Ct);

        var start = new ProcessStartInfo("python3", ["-c", Call])
        {
            WorkingDirectory = Path.Combine(Checkout.Folder, "docs", "examples", "automation"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new[] { ("LICENSING", server.Urls.Single()), ("KEY", "lk_x"), ("PYTHONDONTWRITEBYTECODE", "1") })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromMinutes(1), Ct);

        var printed = await output + await errors;
        process.ExitCode.ShouldBe(exitCode, printed);
        printed.ShouldStartWith(said);
        // The digest of the key, which may have letters that no header can.
        keys.Distinct().ShouldBe(["POST /api/v1/tenants 822b33ad87c148a0a20a5ba7cd5ebcaa68d36a18e7aad165554903f52ca82757"]);
        keys.Count.ShouldBe(answers.Split(',').Length - (exitCode == 0 ? 0 : 1));
    }
}
