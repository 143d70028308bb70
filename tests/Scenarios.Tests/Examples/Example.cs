using System.Diagnostics;

namespace Licensing.Scenarios.Examples;

/// <summary>A host that listens, for the programs of <c>docs/examples</c>.</summary>
public sealed class ExampleHost : App
{
    protected override bool IsLive => true;
}

/// <summary>Runs a program of <c>docs/examples</c> as its readers run it.</summary>
internal static class Example
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>What it printed, once it has ended well.</summary>
    /// <param name="folder">Under <c>docs/examples</c>.</param>
    /// <param name="program">Where the program is that runs it.</param>
    /// <param name="arguments">Of the program.</param>
    /// <param name="environment">Variables beside this process's own.</param>
    /// <param name="files">What the reader would have put beside it.</param>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string folder, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
        IReadOnlyDictionary<string, string>? files = null)
    {
        var ct = TestContext.Current.CancellationToken;
        // Not in the checkout, whose build settings would hold for the example too.
        var work = Directory.CreateTempSubdirectory("example-").FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Folder, "docs", "examples", folder)))
            File.Copy(file, Path.Combine(work, Path.GetFileName(file)));
        foreach (var (name, text) in files ?? new Dictionary<string, string>())
            await File.WriteAllTextAsync(Path.Combine(work, name), text, ct);
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = work, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
            return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            Directory.Delete(work, recursive: true);
        }
    }
}
