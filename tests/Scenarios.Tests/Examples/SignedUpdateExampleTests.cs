using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Examples;

/// <summary>The programs under <c>docs/examples/signed-update</c>, run as a reader runs them, against a host that listens.</summary>
public sealed class SignedUpdateExampleTests(ExampleHost app) : IClassFixture<ExampleHost>
{
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

        var (exitCode, output) = await Example.RunAsync("signed-update", found, arguments, new Dictionary<string, string>
        {
            ["LICENSING_URL"] = app.Address.ToString().TrimEnd('/'),
            ["LICENSING_KEY"] = key,
            ["PARTNER_ID"] = branch.Partner.Id.Value.ToString(),
            ["RESELLER_ID"] = branch.Partner.ExternalId,
        });

        exitCode.ShouldBe(0, output);
        // A first run of the SDK greets its user before.
        var lines = output.Split('\n').Where(l => l.StartsWith('{')).Select(l => JsonNode.Parse(l)!).ToList();
        lines.Count.ShouldBe(4, string.Join('\n', lines));
        ((string)lines[0]["fingerprint"]!).ShouldMatch("^[0-9a-f]{40}$");
        ((int)lines[1]["changes"]!["professionalSeats"]!["newValue"]!).ShouldBe(5);
        ((int)lines[1]["changes"]!["aiMessaging"]!["standardBundles"]!["newValue"]!).ShouldBe(1);
        ((int)lines[2]["changes"]!["professionalSeats"]!["oldValue"]!).ShouldBe(5);
        lines[2]["changes"]!.AsObject().Select(c => c.Key).ShouldBe(["professionalSeats", "eliteSeats"]);
        ((string)lines[3]["status"]!).ShouldBe("scheduled_for_deletion");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
