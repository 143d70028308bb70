using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Licensing.Testing;

/// <summary>A host in a process of its own, mostly with the demonstration month, which can be killed like any other.</summary>
public sealed class HostProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly BlockingCollection<string> _lines = [];
    private readonly Task _ended;

    private HostProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ended = _process.WaitForExitAsync();
    }

    public static HostProcess Start(string data, string json, IReadOnlyDictionary<string, string>? environment = null) =>
        Run(["demo", "--exit", "--port", "0", "--data", data, "--json", json], environment);

    /// <summary>The host as it is served, until it is killed.</summary>
    public static HostProcess Serve(string data, IReadOnlyDictionary<string, string> environment) =>
        Run(["serve", "--port", "0", "--data", data], environment);

    /// <summary>A command of an operator.</summary>
    public static HostProcess Ops(IReadOnlyDictionary<string, string> environment, params string[] command) => Run(["ops", .. command], environment);

    private static HostProcess Run(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Licensing.Host.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new HostProcess(new Process { StartInfo = start });
    }

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Whether it is over, by itself or killed.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Bytes of memory that it has now.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The most bytes of memory that it had at any time.</summary>
    public long MostMemory => 1024 * long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ')[^2],
        CultureInfo.InvariantCulture);

    /// <summary>Lets it finish; the exit code.</summary>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        await _ended.WaitAsync(Patience, ct);
        return _process.ExitCode;
    }

    /// <summary>Kills it, and nothing else, as soon as it prints <paramref name="text"/>.</summary>
    public async Task KillAtAsync(string text, CancellationToken ct)
    {
        await LineAsync(text, ct);
        await KillAsync(ct);
    }

    /// <summary>Lets it go on after it stood still at a fault point that says so.</summary>
    public void GoOn()
    {
        using var kill = Process.Start("kill", ["-CONT", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Whether it stands still.</summary>
    public bool Stopped => File.ReadAllText($"/proc/{_process.Id}/stat").Split(") ")[^1][0] == 'T';

    public Task KillAsync(CancellationToken ct)
    {
        _process.Kill();
        return EndAsync(ct);
    }

    /// <summary>The first line with <paramref name="text"/> in it.</summary>
    public Task<string> LineAsync(string text, CancellationToken ct) => Task.Run(() =>
    {
        while (!_lines.IsCompleted && _lines.TryTake(out var line, (int)Patience.TotalMilliseconds, ct))
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        throw new InvalidOperationException($"It ended before it printed '{text}':\n{Output}");
    }, ct);

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.AppendLine(line);
        _lines.Add(line);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        _lines.Dispose();
    }
}
