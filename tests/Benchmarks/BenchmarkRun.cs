using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Licensing.Benchmarks;

/// <summary><c>build/bench [name…]</c>: runs the named benchmarks, or all, and writes the table and <c>artifacts/bench.json</c>.</summary>
internal static class BenchmarkRun
{
    private const string PairsVariable = "LICENSING_BENCH_PAIRS";

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>0 when every goal is met or nothing is registered, 1 when one is not or could not be measured, 2 for an unknown name.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<Benchmark> registered, IReadOnlyList<string> names, string file, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        var unknown = names.Where(n => !registered.Any(b => IsNamed(b, n))).ToList();
        if (unknown.Count > 0)
        {
            await errors.WriteLineAsync($"There is no benchmark {string.Join(", ", unknown)}. {Known(registered)}");
            return 2;
        }

        if (registered.Count == 0)
        {
            await output.WriteLineAsync(Known(registered));
            return 0;
        }

        var pairs = int.TryParse(Environment.GetEnvironmentVariable(PairsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var more)
            ? Math.Max(more, PairRunner.FewestPairs)
            : PairRunner.FewestPairs;
        var outcomes = new List<Outcome>();
        var failed = false;
        foreach (var benchmark in registered.Where(b => names.Count == 0 || names.Any(n => IsNamed(b, n))))
        {
            await errors.WriteLineAsync($"{benchmark.Name}: {benchmark.Summary}");
            try
            {
                outcomes.Add(await PairRunner.RunAsync(benchmark, pairs, errors.WriteLine, ct));
            }
            // One that breaks does not take the figures of the others along.
            catch (Exception failure) when (failure is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                failed = true;
                await errors.WriteLineAsync($"{benchmark.Name} failed: {failure}");
            }
        }

        WriteTable(outcomes, output);
        foreach (var line in outcomes.Select(o => registered.First(b => b.Name == o.Name).Others?.Invoke(o)).OfType<string>().Concat(Machine(pairs)))
            await output.WriteLineAsync(line);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(outcomes, Json) + "\n", ct);
        return !failed && outcomes.TrueForAll(o => o.Met) ? 0 : 1;
    }

    /// <summary>A folder under <c>artifacts/</c> of the checkout.</summary>
    public static string FolderOf(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Licensing.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? Environment.CurrentDirectory, "artifacts", name);
    }

    // "auth" runs auth-token and auth-key.
    private static bool IsNamed(Benchmark benchmark, string name) =>
        benchmark.Name == name || benchmark.Name.StartsWith(name + "-", StringComparison.Ordinal);

    internal static void WriteTable(IEnumerable<Outcome> outcomes, TextWriter output)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in new[] { "name", "ours", "limit", "ratio", "goal", "met", "CPU" })
            table.AddColumn(new TableColumn(new Text(column)).NoWrap());
        foreach (var o in outcomes)
            table.AddRow(new[]
            {
                o.Name, $"{Short(o.Ours)} {o.Unit}", $"{Short(o.Base)} {o.Unit}", $"{o.Ratio:0.000}", o.Goal, o.Met ? "yes" : "NO", o.Cost,
            }.Select(t => new Text(t)));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 160;
        console.Write(table);
    }

    private static IEnumerable<string> Machine(int pairs)
    {
        yield return $"{Processor()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, "
            + $"{RuntimeInformation.OSDescription}, .NET {Environment.Version}.";
        yield return $"{pairs} pairs, median of the pairs' ratios. CPU: of what the time is of (a request, a record, a customer or a run), host with "
            + "load client and all processes of PostgreSQL; exponent: how it grows; none: of a tail, a peak, a constant or beside noise no "
            + "operation has a share of its own.";
        foreach (var said in ServerSettings.Told)
            yield return said;
        yield return BenchSize.Told;
    }

    private static string Known(IReadOnlyList<Benchmark> registered) =>
        registered.Count == 0
            ? "No benchmark is registered yet."
            : $"There are: {string.Join(", ", registered.Select(b => b.Name).Order(StringComparer.Ordinal))}.";

    internal static string Short(double value) => value >= 1_000
        ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Processor() => OperatingSystem.IsLinux()
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1]
            ?? RuntimeInformation.ProcessArchitecture.ToString()
        : RuntimeInformation.ProcessArchitecture.ToString();
}
