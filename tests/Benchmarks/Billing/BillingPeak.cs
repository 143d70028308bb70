using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Licensing.Benchmarks;

/// <summary>
/// R15: the peak memory of a billing run, by the system's own high-water mark, of a process that has done nothing before it. It is this program
/// once more: on both sides the runtime, a whole host on the loaded database, the client that asks for the run and the check of what it billed;
/// nothing is taken off. The database's processes are not in it.
/// </summary>
internal static class BillingPeak
{
    /// <summary>By which the program is started again.</summary>
    public const string Argument = "--peak";

    private const string Status = "/proc/self/status";

    // Where the runtime's own program has started this one, it has to be told which.
    private static string[] Again => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [typeof(BillingPeak).Assembly.Location, Argument]
        : [Argument];

    /// <summary>In MB.</summary>
    public static async Task<Load> MeasureAsync(BillingStage stage, int customers, CancellationToken ct)
    {
        if (!File.Exists(Status))
            throw new InvalidOperationException("There is no /proc here, so nobody tells what a process had at its peak.");
        await stage.Data.LimitAsync(customers, ct);
        using var child = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, Again) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            await child.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new Asked(customers, stage.Secrets)).AsMemory(), ct);
            var told = await child.StandardOutput.ReadToEndAsync(ct);
            await child.WaitForExitAsync(ct);
            return child.ExitCode == 0 && double.TryParse(told, CultureInfo.InvariantCulture, out var peak)
                ? new Load(customers, peak, null)
                : throw new InvalidOperationException($"The process that bills ended with {child.ExitCode}: {told}");
        }
        finally
        {
            if (!child.HasExited)
                child.Kill();
        }
    }

    /// <summary>The child: bills what it is asked to, and tells its peak.</summary>
    public static async Task<int> RunAsync(TextReader input, TextWriter output, CancellationToken ct)
    {
        var (customers, secrets) = JsonSerializer.Deserialize<Asked>((await input.ReadLineAsync(ct))!)!;
        await using (var stage = await BillingStage.AttachAsync(secrets, ct))
            await stage.BillAsync(customers, ct);
        var peak = File.ReadLines(Status).First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        await output.WriteLineAsync((double.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024)
            .ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private sealed record Asked(int Customers, BenchSecrets Secrets);
}
