using Licensing.Host.Database;
using Shouldly;
using Xunit;

namespace Licensing.Testing;

/// <summary>What tests run that comes from npm: a folder of a test project with a lock file.</summary>
public static class NpmFolder
{
    // Tests of one process may ask for the same folder.
    private static readonly SemaphoreSlim Installing = new(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Copies a test project's folder out of the sources and installs there what its lock file names, once per lock file.</summary>
    /// <param name="project">The project, such as <c>Identity.Tests</c>.</param>
    /// <param name="name">The folder in it; among the artifacts it is called the same.</param>
    /// <returns>Where it is.</returns>
    public static async Task<string> InstalledAsync(string project, string name)
    {
        var npm = ExternalProgram.OnPath("npm");
        npm.ShouldNotBeNull($"tests/{project}/{name} needs npm on the PATH.");
        await Installing.WaitAsync(Ct);
        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", name)).FullName;
            foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Folder, "tests", project, name)))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);

            var wanted = await File.ReadAllTextAsync(Path.Combine(folder, "package-lock.json"), Ct);
            var stamp = Path.Combine(folder, "installed-lock.json");
            if (!File.Exists(stamp) || await File.ReadAllTextAsync(stamp, Ct) != wanted)
            {
                var outcome = await ExternalProgram.RunAsync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, Ct);
                outcome.Succeeded.ShouldBeTrue($"npm ci in tests/{project}/{name} failed: {outcome.Output}");
                await File.WriteAllTextAsync(stamp, wanted, Ct);
            }

            return folder;
        }
        finally
        {
            Installing.Release();
        }
    }
}
