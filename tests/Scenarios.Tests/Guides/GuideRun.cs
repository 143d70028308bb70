using System.Diagnostics;

namespace Licensing.Scenarios.Tests.Guides;

/// <summary>
/// A reader with a guide before him: one folder, one shell, block after block. What a block sets is there for all after it, what it exports for
/// programs too.
/// </summary>
/// <param name="guide">What he reads.</param>
/// <param name="given">The values that stand where the guide has examples of them: what it exports under these names it does not.</param>
/// <param name="programs">The guides' C#.</param>
internal sealed class GuideRun(Guide guide, IReadOnlyDictionary<string, string> given, string programs) : IDisposable
{
    private const string State = ".shell";

    // The reader's own stands where the reseller's guide has this one; the password is the same.
    private const string ExampleUser = "api@partner.example";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory($"guide-{guide.Name}-").FullName;
    private int _csharp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task RunAsync()
    {
        // What the guides send their readers for: the client that all jobs share, and what goes with one page.
        var examples = Path.Combine(Checkout.Folder, "docs", "examples");
        foreach (var beside in new[] { "automation", guide.Name }.Select(f => Path.Combine(examples, f)).Where(Directory.Exists))
            foreach (var file in Directory.GetFiles(beside))
                File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        foreach (var block in guide.Blocks.Where(b => b.IsRun))
        {
            var at = $"{guide.Name}.md, line {block.Line}";
            var (exitCode, output, errors) = await ShellAsync(await CommandAsync(block));
            exitCode.ShouldBe(0, $"{at}:\n{block.Text}\n{output}{errors}");
            if (block.Prints is { } said)
                Guide.IsLike(output, said).ShouldBeTrue($"{at} says that it prints\n{said}\nand it printed\n{output}{errors}");
        }
    }

    private async Task<string> CommandAsync(GuideBlock block)
    {
        switch (block.Language)
        {
            case "csharp":
                return $"exec dotnet {programs} {CsharpPrograms.NameOf(guide.Name, ++_csharp)}";
            case "python":
                var file = block.File.Length > 0 ? block.File : "block.py";
                await File.WriteAllTextAsync(Path.Combine(_folder, file), block.Text, Ct);
                // A job is kept, and run where the guide says so; what is not named there is run at once.
                return guide.Blocks.Any(b => b.IsRun && b.Line > block.Line && b.Text.Contains($"python3 {file}", StringComparison.Ordinal))
                    ? ""
                    : $"exec python3 {file}";
            default:
                var lines = block.Text.Split('\n').Where(l => !given.Keys.Any(k => l.StartsWith($"export {k}=", StringComparison.Ordinal)));
                return string.Join('\n', lines).Replace(ExampleUser, given["EMAIL"], StringComparison.Ordinal)
                    + $"\n{{ declare -p | grep -v '^declare -[a-zA-Z]*r'; declare -f; }} > {State}\n";
        }
    }

    private async Task<(int ExitCode, string Output, string Errors)> ShellAsync(string command)
    {
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", $"if [ -f {State} ]; then . ./{State}; fi\n{command}"])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in given)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
            await process.WaitForExitAsync(Ct).WaitAsync(Patience, Ct);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
