using Licensing.Host.Database;

namespace Licensing.Scenarios.Reference;

/// <summary>A client generated from the document compiles as it comes out of the generator.</summary>
public sealed class GeneratedClientTests(ReferenceApp app) : IClassFixture<ReferenceApp>
{
    [Fact]
    public async Task A_TypeScript_client_compiles()
    {
        var node = ExternalProgram.OnPath("node");
        node.ShouldNotBeNull("This test generates a client and needs Node.js 18 or newer with npm on the PATH.");
        var folder = await NpmFolder.InstalledAsync("Scenarios.Tests", "typescript");
        await File.WriteAllTextAsync(Path.Combine(folder, "swagger.json"), app.Document.ToJsonString(), Ct);
        await RunAsync(node, [Path.Combine("node_modules", "openapi-typescript", "bin", "cli.js"), "swagger.json", "-o", "api.ts"], folder);
        await RunAsync(node, [Path.Combine("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.json"], folder);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task RunAsync(string program, string[] arguments, string folder)
    {
        var outcome = await ExternalProgram.RunAsync(program, arguments, folder, Ct);
        outcome.Succeeded.ShouldBeTrue($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: {outcome.Output}");
    }
}
