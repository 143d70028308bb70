using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Licensing.Host.Database;

/// <summary>The cluster in one folder: making it, starting and stopping its server. Only the owner of the folder may change it.</summary>
internal sealed class PostgresCluster(string folder, UnprivilegedUser? runAs, EmbeddedPostgresSettings settings)
{
    public const string Superuser = "licensing";

    private const string SettingsFile = "licensing.conf";
    private const long LogLimit = 20_000_000;

    private readonly string _data = Path.Combine(folder, "data");
    private readonly string _log = Path.Combine(folder, "server.log");
    private readonly string _passwordFile = Path.Combine(folder, "password");
    private readonly string _bootFile = Path.Combine(folder, "boot");

    /// <summary>The major version of the existing cluster; null before there is one.</summary>
    public int? Major => File.Exists(Path.Combine(_data, "PG_VERSION")) ? int.Parse(File.ReadAllText(Path.Combine(_data, "PG_VERSION"))) : null;

    public string? Password => File.Exists(_passwordFile) ? File.ReadAllText(_passwordFile) : null;

    /// <summary>The running server of this cluster, or null: what a killed server or a reboot left behind does not count.</summary>
    public RunningServer? Running()
    {
        string[] lines;
        try
        {
            // PID, data folder, start time, port, … as the server writes them.
            lines = File.ReadAllLines(Path.Combine(_data, "postmaster.pid"));
        }
        catch (IOException)
        {
            return null;
        }

        return lines.Length >= 4 && int.TryParse(lines[0], out var pid) && int.TryParse(lines[3], out var port) && Runs(pid, lines[1])
            ? new RunningServer(pid, port)
            : null;
    }

    /// <summary>Without fsync the files of a machine that went down cannot be trusted, however well they look.</summary>
    public void ForgetIfRebooted()
    {
        if (settings.Durable || Major is null || BootId() is not { } boot)
            return;
        if (!File.Exists(_bootFile) || File.ReadAllText(_bootFile) != boot)
            Directory.Delete(_data, recursive: true);
    }

    public async Task MakeIfMissingAsync(PostgresPrograms programs, Action<string> say, CancellationToken ct)
    {
        if (Major is not null)
            return;

        // Left by an owner that was killed in the middle. Its initdb may still be writing, hence a new name each time.
        foreach (var unfinished in Directory.EnumerateDirectories(folder, "data.new-*"))
            TryDelete(unfinished);

        say($"Making a PostgreSQL {programs.Major} cluster in {folder}.");
        await KeepPasswordAsync(ct);
        var made = Path.Combine(folder, $"data.new-{Path.GetRandomFileName()}");
        string[] arguments =
        [
            "-D", made, "-U", Superuser, $"--pwfile={_passwordFile}", "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8",
            .. Locale(programs.Major), .. settings.Durable ? Array.Empty<string>() : ["--no-sync"],
        ];
        var outcome = await RunAsync(programs.PathOf("initdb"), arguments, ct);
        if (!outcome.Succeeded)
            throw new EmbeddedPostgresException($"initdb failed in {folder}: {outcome.Output}");

        await File.AppendAllTextAsync(Path.Combine(made, "postgresql.conf"), $"\ninclude_if_exists = '{SettingsFile}'\n", ct);
        if (!settings.Durable && BootId() is { } boot)
            await File.WriteAllTextAsync(_bootFile, boot, ct);
        Directory.Move(made, _data);
    }

    /// <summary>Writes the settings, and answers whether a server that runs already has others.</summary>
    public async Task<bool> WriteSettingsAsync(CancellationToken ct)
    {
        var values = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            // Loopback with a password is the one way in: the default folder of sockets belongs to the installed server.
            ["unix_socket_directories"] = "",
            ["max_connections"] = "200",
            ["password_encryption"] = "scram-sha-256",
            ["shared_buffers"] = "256MB",
            ["work_mem"] = "16MB",
            ["maintenance_work_mem"] = "128MB",
            ["random_page_cost"] = "1.1",
            // Compiling a short statement costs more than running it.
            ["jit"] = "off",
            ["wal_compression"] = "on",
            ["checkpoint_timeout"] = "15min",
            ["checkpoint_completion_target"] = "0.9",
            ["max_wal_size"] = "4GB",
            // So much of the log is used again after a quiet time: to make a file of it stops every commit meanwhile.
            ["min_wal_size"] = "1GB",
            ["fsync"] = settings.Durable ? "on" : "off",
            ["synchronous_commit"] = settings.Durable ? "on" : "off",
            ["full_page_writes"] = settings.Durable ? "on" : "off",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["log_line_prefix"] = "%m [%p] ",
        };
        foreach (var (name, value) in settings.ServerSettings ?? new Dictionary<string, string>())
            values[name] = value;

        var text = "# Written at each start of the host; the setting Database:Embedded:ServerSettings wins over these.\n" +
            string.Concat(values.Select(pair => $"{pair.Key} = '{pair.Value.Replace("'", "''", StringComparison.Ordinal)}'\n"));
        var path = Path.Combine(_data, SettingsFile);
        if (File.Exists(path) && await File.ReadAllTextAsync(path, ct) == text)
            return false;

        await File.WriteAllTextAsync(path, text, ct);
        if (runAs is not null)
            await runAs.HandOverAsync(path, ct);
        return true;
    }

    /// <summary>Starts the server and answers null, or why it did not start.</summary>
    public async Task<string?> StartAsync(PostgresPrograms programs, CancellationToken ct)
    {
        ForgetStranger();
        if (new FileInfo(_log) is { Exists: true, Length: > LogLimit })
            File.Move(_log, _log + ".1", overwrite: true);
        var before = new FileInfo(_log) is { Exists: true } log ? log.Length : 0;

        // pg_ctl puts the server into its own session, so a Ctrl-C in the terminal reaches the host alone.
        // The wait covers crash recovery, which reads up to max_wal_size.
        var outcome = await RunAsync(
            programs.PathOf("pg_ctl"),
            ["start", "-s", "-w", "-t", "300", "-D", _data, "-l", _log, "-o", $"-p {FreePort()}"], ct, keepOutput: !OperatingSystem.IsWindows());
        return outcome.Succeeded ? null : $"{outcome.Output}\n{LastLines(before)}".Trim();
    }

    public async Task StopAsync(PostgresPrograms programs, CancellationToken ct)
    {
        if (Running() is null)
            return;
        var outcome = await RunAsync(programs.PathOf("pg_ctl"), ["stop", "-s", "-w", "-t", "60", "-m", "fast", "-D", _data], ct);
        // The write-ahead log brings back what an immediate stop left out.
        if (!outcome.Succeeded && Running() is not null)
            await RunAsync(programs.PathOf("pg_ctl"), ["stop", "-s", "-w", "-t", "30", "-m", "immediate", "-D", _data], ct);
    }

    // The server would take a stranger that has its predecessor's number for the predecessor, and refuse to start.
    private void ForgetStranger()
    {
        var file = Path.Combine(_data, "postmaster.pid");
        if (File.Exists(file) && Running() is null)
            File.Delete(file);
    }

    private Task<ExternalProgram.Outcome> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken ct, bool keepOutput = true) =>
        runAs is null
            ? ExternalProgram.RunAsync(program, arguments, folder, ct, keepOutput)
            : runAs.RunAsync(program, arguments, folder, ct);

    private async Task KeepPasswordAsync(CancellationToken ct)
    {
        if (Password is not null)
            return;

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var partial = _passwordFile + ".new";
        File.Delete(partial);
        await using (var file = new StreamWriter(partial, options))
            await file.WriteAsync(RandomNumberGenerator.GetHexString(48, lowercase: true).AsMemory(), ct);
        if (runAs is not null)
            await runAs.HandOverAsync(partial, ct);
        File.Move(partial, _passwordFile);
    }

    // Byte order for sorting, which is fast and never changes under an index, and Unicode for upper and lower case.
    private static string[] Locale(int major) =>
        major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        : OperatingSystem.IsLinux() ? ["--locale=C", "--lc-ctype=C.UTF-8"]
        : OperatingSystem.IsMacOS() ? ["--locale=C", "--lc-ctype=en_US.UTF-8"]
        : ["--locale=C"];

    // A process number is soon used again, in a container at once, so the command line has to name the folder too:
    // as the server wrote it down, for this process may know the folder under another path.
    private static bool Runs(int pid, string dataFolder)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            if (!OperatingSystem.IsLinux())
                return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal);
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(dataFolder);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or IOException)
        {
            return false;
        }
    }

    private string LastLines(long from)
    {
        if (!File.Exists(_log))
            return "";
        using var log = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        log.Seek(Math.Min(from, log.Length), SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        return string.Join('\n', reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(12));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static string? BootId() =>
        File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : null;

    private static void TryDelete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // Still being written by an initdb that outlived its owner; the next start deletes it.
        }
    }
}

internal readonly record struct RunningServer(int Pid, int Port);
