using System.Globalization;
using Licensing.Identity.Contracts;

namespace Licensing.Host;

/// <summary><c>serve</c>: migrates, listens until it is asked to stop, and then stops the server that it brought along.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(string[] args, CancellationToken ct)
    {
        if (Settings(args, out var rest, out var settings) is { } wrong)
        {
            await Console.Error.WriteLineAsync(wrong);
            return 2;
        }

        try
        {
            await using var host = await RunningHost.StartAsync(rest, settings, Console.WriteLine, ct);
            Console.WriteLine($"Licensing listens on {host.Address}; the reference is at {host.Address}/swagger and {host.Address}/scalar.");
            if (host.Services.GetRequiredService<FirstStart>() is { AdministratorPassword: { } password } first)
                Console.WriteLine(
                    $"First start: log in as {first.AdministratorEmail} with {password}; "
                    + "it is shown this once and must be changed (lost? ops users reset-password).");
            await host.WaitForShutdownAsync(ct);
            return 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception failure) when (StartUp.Explains(failure))
        {
            await Console.Error.WriteLineAsync($"Licensing cannot run: {StartUp.Sentence(failure)}");
            return 1;
        }
    }

    /// <summary><c>--port N</c> and <c>--data FOLDER</c> are short for settings; any other setting can be typed as <c>--Name value</c>.</summary>
    /// <returns>What is wrong, or null.</returns>
    internal static string? Settings(string[] args, out string[] rest, out Dictionary<string, string?> settings)
    {
        var others = new List<string>();
        settings = [];
        rest = [];
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var n, var v] ? (n, v) : (args[i], null);
            if (name is not ("--port" or "--data"))
            {
                if (!name.StartsWith('-') && (i == 0 || !args[i - 1].StartsWith('-')))
                    return $"'{args[i]}' is not expected here; see: help";
                others.Add(args[i]);
                continue;
            }

            value ??= ++i < args.Length ? args[i] : null;
            if (string.IsNullOrEmpty(value))
                return $"{name} needs a value.";
            if (name == "--data")
                settings["Data:Folder"] = value;
            else if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 0 and <= 65_535)
                settings["Urls"] = $"http://127.0.0.1:{port}";
            else
                return $"--port must be 0 to 65535, not '{value}'.";
        }

        rest = [.. others];
        return null;
    }
}
