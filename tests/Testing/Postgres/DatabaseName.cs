using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Licensing.Testing;

/// <summary>Names a database after the process that made it, so that a later run can tell whether that process is gone.</summary>
internal static partial class DatabaseName
{
    /// <summary>Begins every name made here, and no other.</summary>
    public const string Prefix = "test_";

    // A server may serve several machines, and process numbers say nothing across them.
    private static readonly string Machine = Hash(Environment.MachineName);
    private static readonly string Own = $"{Prefix}{Machine}_{Environment.ProcessId}_{StartOf(Environment.ProcessId)}_";
    private static int _made;

    public static string Next() => $"{Own}{Interlocked.Increment(ref _made)}";

    /// <summary>Whether the maker, a process of this machine, is gone. Of another machine's processes this one knows nothing.</summary>
    public static bool IsAbandoned(string name) =>
        Parts().Match(name) is { Success: true } parts
        && parts.Groups["machine"].Value == Machine
        && StartOf(int.Parse(parts.Groups["pid"].ValueSpan)) != parts.Groups["start"].Value;

    // The number alone is used again; with its moment of birth, in this boot of the machine, it is one process only.
    private static string? StartOf(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // The name of the program stands in brackets and may hold spaces; the 20th field after it is the start, in ticks since boot.
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                return Hash(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19] + File.ReadAllText("/proc/sys/kernel/random/boot_id"));
            }

            using var process = Process.GetProcessById(pid);
            return Hash($"{process.StartTime.ToUniversalTime().Ticks}");
        }
        catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];

    [GeneratedRegex("^test_(?<machine>[0-9a-f]{8})_(?<pid>[0-9]+)_(?<start>[0-9a-f]{8})_[0-9]+$")]
    private static partial Regex Parts();
}
