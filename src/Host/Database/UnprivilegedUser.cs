using System.Security.Cryptography;
using System.Text;

namespace Licensing.Host.Database;

/// <summary>PostgreSQL refuses to run as root, so root starts it as another user, in a folder which that user can reach.</summary>
internal sealed class UnprivilegedUser
{
    private static readonly string[] Candidates = ["postgres", "nobody"];

    private readonly string[] _prefix;

    private UnprivilegedUser(string name, string[] prefix) => (Name, _prefix) = (name, prefix);

    public string Name { get; }

    /// <summary>Null when this process is not root: then the server runs as whoever runs the host.</summary>
    public static async Task<UnprivilegedUser?> ForThisProcessAsync(CancellationToken ct)
    {
        // On Windows pg_ctl itself drops an administrator's rights.
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return null;

        foreach (var name in Candidates)
        {
            var uid = await ExternalProgram.RunAsync("id", ["-u", name], "/", ct);
            var gid = await ExternalProgram.RunAsync("id", ["-g", name], "/", ct);
            if (!uid.Succeeded || !gid.Succeeded)
                continue;

            string[][] ways =
            [
                ["setpriv", $"--reuid={uid.Output}", $"--regid={gid.Output}", "--clear-groups", "--"],
                ["runuser", "-u", name, "--"],
            ];
            foreach (var way in ways)
            {
                var user = new UnprivilegedUser(name, way);
                // BusyBox has a setpriv that cannot change the user, and a container may forbid it: only trying tells.
                if ((await user.RunAsync("true", [], "/", ct)).Succeeded)
                    return user;
            }
        }

        throw new EmbeddedPostgresException(
            "PostgreSQL does not run as root, and no way to start it as the user postgres or nobody was found (setpriv, runuser): " +
            "start the host as an ordinary user, or give it a server in LICENSING_POSTGRES.");
    }

    public Task<ExternalProgram.Outcome> RunAsync(
        string program, IReadOnlyList<string> arguments, string workingFolder, CancellationToken ct) =>
        ExternalProgram.RunAsync(_prefix[0], [.. _prefix[1..], program, .. arguments], workingFolder, ct);

    /// <summary>Whether this user can pass through every folder on the way to <paramref name="folder"/>.</summary>
    public async Task<bool> CanReachAsync(string folder, CancellationToken ct)
    {
        var existing = folder;
        while (!Directory.Exists(existing))
            existing = Path.GetDirectoryName(existing)!;
        return (await RunAsync("test", ["-x", existing], "/", ct)).Succeeded;
    }

    /// <summary>The folder itself, or the one that stands in for it where this user can go.</summary>
    public async Task<string> ReachableAsync(string folder, Action<string> say, CancellationToken ct)
    {
        // The parent counts: the folder itself is handed to the user below.
        if (await CanReachAsync(Path.GetDirectoryName(folder)!, ct))
            return folder;

        // The path is the key, so that each checkout keeps its own data.
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..12];
        foreach (var state in new[] { "/var/lib", Path.GetTempPath() })
        {
            var standIn = Path.Combine(state, $"licensing-{key}");
            if (!await CanReachAsync(state, ct) || !await TryMakeAsync(standIn, ct))
                continue;

            say($"The user {Name}, who runs PostgreSQL, cannot reach {folder}; the data is kept in {standIn} instead.");
            return standIn;
        }

        throw new EmbeddedPostgresException(
            $"The user {Name}, who runs PostgreSQL, can reach neither {folder} nor a folder under /var/lib: " +
            "set Database:Embedded:Folder to a folder it can reach.");
    }

    /// <summary>Gives a file or folder to this user, who alone may then read it.</summary>
    public async Task HandOverAsync(string path, CancellationToken ct)
    {
        var outcome = await ExternalProgram.RunAsync("chown", [$"{Name}:", path], "/", ct);
        if (!outcome.Succeeded)
            throw new EmbeddedPostgresException($"{path} cannot be given to the user {Name}, who runs PostgreSQL: {outcome.Output}");
    }

    private async Task<bool> TryMakeAsync(string folder, CancellationToken ct)
    {
        if (Path.Exists(folder))
        {
            // A stranger may have made it under the temporary folder first; what lies in it would then be run by us.
            return new DirectoryInfo(folder).LinkTarget is null
                && ((await RunAsync("test", ["-O", folder], "/", ct)).Succeeded
                    || (await ExternalProgram.RunAsync("test", ["-O", folder], "/", ct)).Succeeded);
        }

        try
        {
            Directory.CreateDirectory(folder);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
