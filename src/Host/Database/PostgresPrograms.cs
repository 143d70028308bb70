using System.Text.RegularExpressions;

namespace Licensing.Host.Database;

/// <summary>The folder with the server programs, and the major version they are of.</summary>
internal sealed partial record PostgresPrograms(string BinFolder, int Major)
{
    public const int OldestMajor = 15;
    public const string Variable = "LICENSING_PG_BIN";

    private static readonly string[] Needed = ["postgres", "initdb", "pg_ctl"];

    public string PathOf(string program) => Path.Combine(BinFolder, FileName(program));

    // A cluster opens only with the major version that made it, hence dataMajor.
    public static async Task<PostgresPrograms> FindAsync(string? setting, int? dataMajor, PlacesToLook look, CancellationToken ct)
    {
        var (named, by) = !string.IsNullOrWhiteSpace(setting)
            ? (setting, "The setting Database:Embedded:BinFolder")
            : (look.Variable, Variable);
        // A wrong one is an error, not a reason to look elsewhere.
        if (!string.IsNullOrWhiteSpace(named))
            return await NamedAsync(named, by, dataMajor, ct);

        var unfit = new List<string>();
        foreach (var folder in look.Folders)
        {
            if (await VersionAsync(folder, ct) is not { } major)
                continue;
            if (major >= OldestMajor && (dataMajor ?? major) == major)
                return new PostgresPrograms(folder, major);
            unfit.Add($"{major} in {folder}");
        }

        // The package is of one version only, so it cannot open a cluster of another.
        if ((dataMajor ?? PostgresFromNpm.Major) == PostgresFromNpm.Major
            && await look.Package(ct) is { } unpacked && await VersionAsync(unpacked, ct) is { } packaged)
        {
            return new PostgresPrograms(unpacked, packaged);
        }

        var wanted = dataMajor is { } existing ? $"PostgreSQL {existing}, which made the existing data," : $"PostgreSQL {OldestMajor} or newer";
        var found = unfit.Count == 0 ? "" : $" (only {string.Join(", ", unfit)})";
        throw new EmbeddedPostgresException(
            $"No programs of {wanted} were found{found}: install it (Debian: apt-get install postgresql; macOS: brew install postgresql), " +
            $"or name its bin folder in {Variable}, or give the connection string of any server in LICENSING_POSTGRES.");
    }

    private static async Task<PostgresPrograms> NamedAsync(string folder, string by, int? dataMajor, CancellationToken ct)
    {
        var major = await VersionAsync(folder, ct)
            ?? throw new EmbeddedPostgresException($"{by} names {folder}, which has no working {string.Join(", ", Needed)}.");
        if (major < OldestMajor)
        {
            throw new EmbeddedPostgresException(
                $"{by} names {folder}, which is PostgreSQL {major}; {OldestMajor} or newer is needed.");
        }

        if (dataMajor is { } existing && existing != major)
        {
            throw new EmbeddedPostgresException(
                $"{by} names {folder}, which is PostgreSQL {major}, but the existing data was made by PostgreSQL {existing}: " +
                "use that version, or move the data over with pg_dump.");
        }

        return new PostgresPrograms(folder, major);
    }

    private static async Task<int?> VersionAsync(string folder, CancellationToken ct)
    {
        if (!Needed.All(program => File.Exists(Path.Combine(folder, FileName(program)))))
            return null;

        var outcome = await ExternalProgram.RunAsync(Path.Combine(folder, FileName("postgres")), ["--version"], null, ct);
        return outcome.Succeeded && VersionNumber().Match(outcome.Output) is { Success: true } match
            ? int.Parse(match.Groups[1].ValueSpan)
            : null;
    }

    private static string FileName(string program) => OperatingSystem.IsWindows() ? program + ".exe" : program;

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionNumber();
}

/// <summary>Where the programs may be when nobody named their folder.</summary>
/// <param name="Variable">The value of <see cref="PostgresPrograms.Variable"/>.</param>
/// <param name="Folders">In order of preference; most do not exist.</param>
/// <param name="Package">Fetches the npm package and answers its bin folder, or null.</param>
internal sealed partial record PlacesToLook(string? Variable, IEnumerable<string> Folders, Func<CancellationToken, Task<string?>> Package)
{
    public static PlacesToLook OnThisMachine(UnprivilegedUser? runAs, Action<string> say) => new(
        Environment.GetEnvironmentVariable(PostgresPrograms.Variable),
        ExternalProgram.PathFolders().Concat(UsualFolders()),
        ct => PostgresFromNpm.FetchAsync(runAs, say, ct));

    private static IEnumerable<string> UsualFolders()
    {
        // Debian, Red Hat, Alpine; Homebrew on both processors, Postgres.app; Windows.
        (string Root, string Pattern, string Bin)[] usual = OperatingSystem.IsWindows()
            ? [(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*", "bin")]
            :
            [
                ("/usr/lib/postgresql", "*", "bin"),
                ("/usr", "pgsql-*", "bin"),
                ("/usr/libexec", "postgresql*", ""),
                ("/opt/homebrew/opt", "postgresql*", "bin"),
                ("/usr/local/opt", "postgresql*", "bin"),
                ("/Applications/Postgres.app/Contents/Versions", "*", "bin"),
                ("/usr/local/pgsql", "bin", ""),
            ];

        return usual
            .Where(place => Directory.Exists(place.Root))
            .SelectMany(place => Directory.EnumerateDirectories(place.Root, place.Pattern).Select(found => (Found: found, place.Bin)))
            .OrderByDescending(place => int.TryParse(FirstNumber().Match(Path.GetFileName(place.Found)).ValueSpan, out var number) ? number : 0)
            .Select(place => Path.Combine(place.Found, place.Bin));
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex FirstNumber();
}
