using System.Diagnostics;

namespace Licensing.Kernel;

/// <summary>
/// Places where tests kill the process as a power cut would: <c>LICENSING_FAULT="message.handled:3"</c> dies at the third hit of
/// that point; <c>…:3:stop</c> stands still there until it is told to go on (SIGSTOP, SIGCONT). Without the variable a hit is two
/// comparisons with null.
/// </summary>
public static class FaultPoints
{
    private static readonly Action<string>? Armed = Fault.Parse(Environment.GetEnvironmentVariable("LICENSING_FAULT")) is { } set ? set.Hit : null;

    /// <summary>Within a process, and of the flow that sets it alone: what it throws ends the work there.</summary>
    public static AsyncLocal<Action<string>?> Passing { get; } = new();

    public static void Hit(string point) => (Passing.Value + Armed)?.Invoke(point);

    private sealed class Fault(string armed, int at, bool stop)
    {
        private int _hits;

        public static Fault? Parse(string? set) => set?.Split(':') is [var at, var hit, .. var how] ? new(at, int.Parse(hit), how is ["stop"]) : null;

        public void Hit(string point)
        {
            var here = point == armed && Interlocked.Increment(ref _hits) == at;
            if (here && stop)
                Process.Start("kill", ["-STOP", $"{Environment.ProcessId}"]).WaitForExit();
            else if (here)
                Process.GetCurrentProcess().Kill();
        }
    }
}
