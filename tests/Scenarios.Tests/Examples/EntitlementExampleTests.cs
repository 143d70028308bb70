using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Examples;

/// <summary>The verifiers under <c>docs/examples/entitlements</c>: a document that a host signed holds without it, and no other does.</summary>
public sealed class EntitlementExampleTests(ExampleHost app) : IClassFixture<ExampleHost>
{
    [Theory]
    [InlineData("node", "verify.mjs")]
    [InlineData("dotnet", "run", "Verify.cs")]
    public async Task A_document_is_verified_offline_and_a_changed_one_is_not(string program, params string[] arguments)
    {
        var found = ExternalProgram.OnPath(program);
        found.ShouldNotBeNull($"This test runs the examples as their readers do, and needs {program} on the PATH.");
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using (var updated = await caller.SendAsync(
            $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{branch.Tenant.ExternalId}}"},"eliteSeats":5}"""))
            updated.EnsureSuccessStatusCode();
        using var client = branch.As(Roles.TenantUser);
        using var answer = await client.PostAsJsonAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/documents", new { days = 1 }, Ct);
        var document = (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("document").GetString()!;
        var keys = await client.GetStringAsync("/.well-known/jwks.json", Ct);
        var parts = document.Split('.');
        var middle = parts[1].Length / 2;
        var forged = $"{parts[0]}.{parts[1][..middle]}{(parts[1][middle] == 'A' ? 'B' : 'A')}{parts[1][(middle + 1)..]}.{parts[2]}";

        var (exitCode, output) = await VerifyAsync(document);
        exitCode.ShouldBe(0, output);
        var claims = JsonNode.Parse(output.Split('\n').Single(l => l.StartsWith('{')))!;
        ((string)claims["sub"]!).ShouldBe(branch.Tenant.Id.Value.ToString());
        claims["entitlements"]!.ToJsonString().ShouldBe("""{"aiMessages":5000,"eliteSeats":5,"knowledgeBases":2,"transcriptionHours":240}""");
        (await VerifyAsync(forged)).ExitCode.ShouldNotBe(0);

        Task<(int ExitCode, string Output)> VerifyAsync(string text) => Example.RunAsync(
            "entitlements", found, [.. arguments, "document.txt", "jwks.json"],
            files: new Dictionary<string, string> { ["document.txt"] = text, ["jwks.json"] = keys });
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
}
