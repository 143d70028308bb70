using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Examples;

/// <summary>The programs under <c>docs/examples/signed-update</c>, run as a reader runs them, against a host that listens.</summary>
public sealed class SignedUpdateExampleTests(SignedUpdateExampleTests.Live app) : IClassFixture<SignedUpdateExampleTests.Live>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public sealed class Live : App
    {
        protected override bool IsLive => true;
    }

    [Theory]
    [InlineData("bash", "walk.sh")]
    [InlineData("python3", "walk.py")]
    [InlineData("dotnet", "run", "Walk.cs")]
    public async Task The_walk_ends_with_a_deletion_to_come(string program, params string[] arguments)
    {
        var found = ExternalProgram.OnPath(program);
        found.ShouldNotBeNull($"This test runs the examples as their readers do, and needs {program} on the PATH.");
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        using var made = await administrator.PostAsJsonAsync("/api/v1/api-keys", new { name = "walk", role = Roles.PartnerAdministrator }, Ct);
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("key").GetString()!;

        var lines = await RunAsync(found, arguments, new()
        {
            ["LICENSING_URL"] = app.Address.ToString().TrimEnd('/'),
            ["LICENSING_KEY"] = key,
            ["PARTNER_ID"] = branch.Partner.Id.Value.ToString(),
            ["RESELLER_ID"] = branch.Partner.ExternalId,
        });

        lines.Count.ShouldBe(4, string.Join('\n', lines));
        ((string)lines[0]["fingerprint"]!).ShouldMatch("^[0-9a-f]{40}$");
        ((int)lines[1]["changes"]!["professionalSeats"]!["newValue"]!).ShouldBe(5);
        ((int)lines[1]["changes"]!["aiMessaging"]!["standardBundles"]!["newValue"]!).ShouldBe(1);
        ((int)lines[2]["changes"]!["professionalSeats"]!["oldValue"]!).ShouldBe(5);
        lines[2]["changes"]!.AsObject().Select(c => c.Key).ShouldBe(["professionalSeats", "eliteSeats"]);
        ((string)lines[3]["status"]!).ShouldBe("scheduled_for_deletion");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Only what is printed to the output: a first run of the SDK greets its user elsewhere.
    private static async Task<List<JsonNode>> RunAsync(string program, string[] arguments, Dictionary<string, string> environment)
    {
        // Not in the checkout, whose build settings would hold for the example too.
        var folder = Directory.CreateTempSubdirectory("walk-").FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Folder, "docs", "examples", "signed-update")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
            await process.WaitForExitAsync(Ct).WaitAsync(Patience, Ct);
            process.ExitCode.ShouldBe(0, await output + await errors);
            return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith('{')).Select(l => JsonNode.Parse(l)!)];
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            Directory.Delete(folder, recursive: true);
        }
    }
}
