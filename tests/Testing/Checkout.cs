namespace Licensing.Testing;

/// <summary>Where the tests were built from; for those that read source files and those that keep something beside them.</summary>
public static class Checkout
{
    public static string Folder { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Licensing.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No Licensing.sln above {AppContext.BaseDirectory}.");
    }
}
