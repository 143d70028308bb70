using System.Diagnostics;
using System.Globalization;

namespace Licensing.Benchmarks;

/// <summary>
/// What the host (with its load client) and all processes of its PostgreSQL have used of the processors, from <c>/proc</c>: unlike the
/// rates it hardly depends on what else the machine does.
/// </summary>
internal sealed class ProcessorTime(int postmaster)
{
    private const double TicksPerSecond = 100;

    /// <summary>Since they began; null where there is no <c>/proc</c>.</summary>
    public TimeSpan? Used() => OperatingSystem.IsLinux()
        ? Process.GetCurrentProcess().TotalProcessorTime + TimeSpan.FromSeconds(Ticks() / TicksPerSecond)
        : null;

    // Of its children that have ended the server itself tells.
    private long Ticks() => Directory.EnumerateDirectories("/proc")
        .Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
        .Select(name => Stat(name!)).OfType<(int Id, int Parent, long Own, long Ended)>()
        .Where(p => p.Id == postmaster || p.Parent == postmaster)
        .Sum(p => p.Own + p.Ended);

    private static (int Id, int Parent, long Own, long Ended)? Stat(string id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The program's name is in brackets and may hold anything.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            long Field(int at) => long.Parse(fields[at], CultureInfo.InvariantCulture);
            return (int.Parse(id, CultureInfo.InvariantCulture), (int)Field(1), Field(11) + Field(12), Field(13) + Field(14));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
