using System.Diagnostics;

namespace Licensing.Host.Database;

/// <summary>Runs one program to its end and keeps what it printed.</summary>
internal static class ExternalProgram
{
    public readonly record struct Outcome(int ExitCode, string Output)
    {
        public bool Succeeded => ExitCode == 0;
    }

    // The output is not kept where a server that outlives the program inherits the pipe (Windows): reading it would never end.
    public static async Task<Outcome> RunAsync(
        string program, IReadOnlyList<string> arguments, string? workingFolder, CancellationToken ct, bool keepOutput = true)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardOutput = keepOutput,
            RedirectStandardError = keepOutput,
            WorkingDirectory = workingFolder ?? "",
        };
        // What is printed is searched for known words, so it must not be translated.
        start.Environment["LC_ALL"] = "C";

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new Outcome(127, missing.Message);
        }

        try
        {
            if (!keepOutput)
            {
                await process.WaitForExitAsync(ct);
                return new Outcome(process.ExitCode, "");
            }

            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new Outcome(process.ExitCode, (await output + await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>The full path of a program on <c>PATH</c>, or null.</summary>
    public static string? OnPath(string name) => PathFolders()
        .SelectMany(folder => Endings.Select(ending => Path.Combine(folder, name + ending)))
        .FirstOrDefault(File.Exists);

    public static IEnumerable<string> PathFolders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static string[] Endings => OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
}
